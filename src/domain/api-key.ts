import { hash } from 'node:crypto';

/** Weakest first: each permission implies those before it, as documented. */
export const PERMISSIONS = ['read', 'write', 'delete', 'admin'] as const;
export type Permission = (typeof PERMISSIONS)[number];

export const KEY_STATUSES = ['active', 'revoked', 'expired'] as const;
export type KeyStatus = (typeof KEY_STATUSES)[number];

/** An API key as it is kept: never the key itself. */
export interface ApiKey {
  api_key_id: string;
  organization_id: string;
  /** SHA-256 of the key, 64 hex digits. */
  key_hash: string;
  key_prefix: string;
  name: string | null;
  permissions: Permission[];
  status: KeyStatus;
  /** RFC 3339, or null for a key that does not expire by itself. */
  expires_at: string | null;
}

const KEY_SHAPE = /^sk_(?:live|test)_[A-Za-z0-9]+$/;
const SCHEME_LENGTH = 'sk_live_'.length;
const MAX_KEY_LENGTH = 128;
const MAX_SHOWN_LENGTH = 10;

/** Whether the text has the shape of a key: `sk_live_` or `sk_test_`, then letters and digits, 128 characters at most. */
export function isApiKey(text: string): boolean {
  return text.length <= MAX_KEY_LENGTH && KEY_SHAPE.test(text);
}

export function hashApiKey(key: string): string {
  return hash('sha256', key);
}

/** What people may see of a key: its first 10 characters, but never more than half of what follows `sk_live_`. */
export function toKeyPrefix(key: string): string {
  const half = Math.floor((key.length - SCHEME_LENGTH) / 2);
  return key.slice(0, Math.min(MAX_SHOWN_LENGTH, SCHEME_LENGTH + half));
}

/** The name of a key, the same in every database that has the key. */
export function toApiKeyId(keyHash: string): string {
  return `key_${hash('sha256', keyHash).slice(0, 24)}`;
}

export function isAllowed(granted: readonly Permission[], required: Permission): boolean {
  const rank = PERMISSIONS.indexOf(required);
  return granted.some((permission) => PERMISSIONS.indexOf(permission) >= rank);
}

// Each character of a key may stand as itself, percent-encoded (in a URL) or as a JSON escape, also more than once. An
// escape begins where its backslashes do: tried at each of them, a long run would take time by its square.
const asEscaped = (hex: string) => `%(?:25)*${hex}|(?<!\\\\)\\\\+u00${hex}`;
const asSent = (char: string) => {
  const hex = char.charCodeAt(0).toString(16).padStart(2, '0');
  return `(?:${char}|${asEscaped(hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`))})`;
};
// In a body of UTF-16 or UTF-32 that could not be decoded, NULs stand between.
const NULS = '(?:\\\\+u0000)*';
const word = (text: string) => [...text].map((char) => asSent(char) + NULS).join('');
const ALPHANUMERIC_IN_HEX = '(?:3[0-9]|[46][1-9a-fA-F]|[57][0-9aA])';
// With the underscores behind it: what a prefix is put before twice is still a key.
const KEYS_IN_TEXT = new RegExp(
  `${word('sk_')}(?:${word('live')}|${word('test')})${word('_')}` +
    `(?:(?:[A-Za-z0-9]|${asEscaped(ALPHANUMERIC_IN_HEX)}|${asSent('_')})${NULS})+`,
  'g',
);

/** The text with everything in it that looks like a key, percent-encoded and escaped ones included, cut to its prefix. */
export function redactKeys(text: string): string {
  return text.replace(KEYS_IN_TEXT, (key) => (isApiKey(key) ? `${toKeyPrefix(key)}…` : 'sk_…'));
}
