import { hash } from 'node:crypto';
import { toMilliseconds } from './clock.ts';

/** Weakest first: each permission implies those before it, as documented. */
export const PERMISSIONS = ['read', 'write', 'delete', 'admin'] as const;
export type Permission = (typeof PERMISSIONS)[number];

export const KEY_STATUSES = ['active', 'revoked', 'expired'] as const;
export type KeyStatus = (typeof KEY_STATUSES)[number];

/** An API key as it is stored: without the key itself. */
export interface ApiKey {
  api_key_id: string;
  organization_id: string;
  /** SHA-256 of the key, 64 hex digits. */
  key_hash: string;
  key_prefix: string;
  name: string | null;
  permissions: Permission[];
  status: KeyStatus;
  /** RFC 3339, or null for a key that does not expire. */
  expires_at: string | null;
}

export function hashApiKey(key: string): string {
  return hash('sha256', key);
}

/** The id of a key, the same in every database. */
export function toApiKeyId(keyHash: string): string {
  return `key_${hash('sha256', keyHash).slice(0, 24)}`;
}

export function isAllowed(granted: readonly Permission[], required: Permission): boolean {
  const rank = PERMISSIONS.indexOf(required);
  return granted.some((permission) => PERMISSIONS.indexOf(permission) >= rank);
}

/** Whether its time is over. @param now milliseconds since 1970 */
export const isExpired = ({ expires_at }: ApiKey, now: number): boolean =>
  expires_at !== null && toMilliseconds(expires_at) <= now;
