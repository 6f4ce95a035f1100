import * as z from 'zod';
import type { ApiKey } from '../domain/api-key.ts';
import { LATEST, toTimestamp } from '../domain/clock.ts';
import type { Organization } from '../domain/organization.ts';
import { type BucketState, LIMITS_MODES, readBucket } from '../domain/rate-limiter.ts';
import {
  ACCOUNT_TYPES,
  limitOf,
  RATE_LIMIT_CATEGORIES,
  type RateLimitCategory,
  type Tiers,
} from '../domain/rate-limits.ts';
import { integer } from '../http/openapi.ts';
import type { LiveSandbox } from '../sandbox/sandboxes.ts';
import { category, time } from './routes.ts';

/** Keys whose buckets are shown. */
export const MAX_KEYS = 100;

export const Bucket = z.strictObject({
  api_key_id: z.string(),
  key_prefix: z.string().describe('The first characters of the key'),
  organization_id: z.string(),
  organization_name: z.string(),
  account_type: z.enum(ACCOUNT_TYPES),
  category,
  limit: integer().describe('Requests per minute, as the organization has it now'),
  overridden: z.boolean().describe('Whether the organization has a limit of its own'),
  tier_limit: integer().describe('Requests per minute of its tier'),
  remaining: integer().describe('Requests that would pass at once'),
  full_at: time().nullable().describe('Null where it is full'),
});
export const BUCKET = {
  api_key_id: 'key_00790b23ef8911f35db0a3b5',
  key_prefix: 'sk_live_ab',
  organization_id: 'org_demo123',
  organization_name: 'Acme Corporation',
  account_type: 'pro',
  category: 'search',
  limit: 60,
  overridden: false,
  tier_limit: 60,
  remaining: 50,
  full_at: '2026-01-01T00:00:10Z',
} as const;
export const Limits = z
  .strictObject({
    mode: z.enum(LIMITS_MODES),
    buckets: z.array(Bucket).describe('Those of the key that was used last first'),
    more: integer().describe('Keys that were used before those'),
  })
  .meta({ id: 'Limits' });
/** What `GET …/limits` answers. */
export type LimitsView = z.output<typeof Limits>;
/** The buckets of the keys that were used last. */
export async function toLimitsView({ sandbox, settings, now }: LiveSandbox): Promise<LimitsView> {
  const { limits: mode, tiers } = settings;
  const used = (await sandbox.buckets.list()).sort((a, b) => b.used - a.used);
  const buckets: z.output<typeof Bucket>[] = [];
  for (const { apiKey, byCategory } of used.slice(0, MAX_KEYS)) {
    const organization = await sandbox.findOrganization(apiKey.organization_id);
    // It may have gone since.
    if (organization === undefined) continue;
    for (const category of RATE_LIMIT_CATEGORIES) {
      const state = readBucket(byCategory[category], limitOf(tiers, organization, category), now);
      buckets.push(toBucketView(apiKey, organization, tiers, category, state, now));
    }
  }
  return { mode, buckets, more: Math.max(0, used.length - MAX_KEYS) };
}

/** A bucket as it is now. */
export function toBucketView(
  { api_key_id, key_prefix, organization_id }: ApiKey,
  { organization_name, account_type, rate_limits_override }: Organization,
  tiers: Tiers,
  category: RateLimitCategory,
  { limit, remaining, full_at }: BucketState,
  now: number,
): z.output<typeof Bucket> {
  return {
    api_key_id,
    key_prefix,
    organization_id,
    organization_name,
    account_type,
    category,
    limit,
    overridden: rate_limits_override[category] !== undefined,
    tier_limit: tiers[account_type][category],
    remaining,
    full_at: full_at > now ? toTimestamp(Math.min(full_at, LATEST)) : null,
  };
}
