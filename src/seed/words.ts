import type * as z from 'zod';
import { findNearestName } from '../domain/nearest-name.ts';
import { JsonText } from './source.ts';

/** Names that people write by mistake, by the name that they mean. */
const MEANT: Record<string, readonly string[]> = {
  organizations: ['organization', 'orgs', 'org'],
  organization_id: ['id', 'org_id', 'org'],
  organization_name: ['name', 'org_name', 'display_name', 'title'],
  logo_url: ['logo'],
  account_type: ['tier', 'plan', 'account_tier', 'type'],
  credit_count: ['credits'],
  billing_email: ['email', 'mail', 'contact'],
  rate_limits_override: ['rate_limits', 'rate_limit', 'rate_limit_overrides', 'limits', 'overrides', 'override'],
  api_keys: ['api_key', 'apiKey', 'keys', 'key', 'tokens', 'token'],
  key: ['api_key', 'token', 'secret', 'value'],
  key_hash: ['hash', 'sha256'],
  key_prefix: ['prefix'],
  api_key_id: ['id', 'key_id'],
  permissions: ['permission', 'role', 'roles', 'scopes', 'scope'],
  expires_at: ['expires', 'expiry', 'expires_in', 'expiration'],
  monthly_credits: ['credits', 'credit_count'],
};

/** Suggests the name that was probably meant, or lists the known ones. */
export function didYouMean(given: string, known: readonly string[]): string {
  const nearest = known.find((name) => MEANT[name]?.includes(given)) ?? findNearestName(given, known);
  return nearest === undefined ? `expected one of ${known.join(', ')}` : `did you mean ${nearest}?`;
}

const WANTED: Record<string, string> = {
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
};

/** Our message for an issue for which the schema has none. */
export function toMessage(issue: z.core.$ZodRawIssue): string {
  const { input } = issue;
  if (issue.code === 'unrecognized_keys') return 'unknown member';
  if (input === undefined) return 'is missing';
  if (issue.code !== 'invalid_type') return 'is not allowed here';
  const wanted = WANTED[String(issue.expected)] ?? String(issue.expected);
  if (issue.expected === 'string' && isScalar(input)) return `expected text: put quotes around ${toFound(input)}`;
  const advice = input === null ? ': write one, or leave the member out' : '';
  return `expected ${wanted}, found ${toFound(input)}${advice}`;
}

const isScalar = (input: unknown) => typeof input === 'number' || typeof input === 'boolean';

/** The kind of a value that was found in place of another. Never the value itself: it may be a secret. */
export function toFound(input: unknown): string {
  if (input === null) return 'nothing (null)';
  if (input instanceof JsonText) return input.text.startsWith('[') ? 'a list' : 'an object';
  if (Array.isArray(input)) return 'a list';
  if (typeof input === 'number') return 'a number';
  if (typeof input === 'boolean') return String(input);
  return typeof input === 'string' ? 'text' : 'an object';
}
