import * as z from 'zod';
import { type ApiKey, KEY_STATUSES, PERMISSIONS } from '../domain/api-key.ts';
import { toTimestamp } from '../domain/clock.ts';
import { ACCOUNT_TYPES } from '../domain/rate-limits.ts';
import { RealDate } from '../domain/real-time.ts';
import { DEFAULT_SANDBOX } from '../domain/state.ts';
import { integer } from '../http/openapi.ts';
import type { ListedSandbox, Sandboxes } from '../sandbox/sandboxes.ts';
import type { MadeSandbox } from './new-sandboxes.ts';
import { time } from './routes.ts';

const NewKey = z.strictObject({
  api_key_id: z.string(),
  key: z.string().nullable().describe('Shown here only; null for one that was kept as it was given'),
  key_prefix: z.string(),
  name: z.string().nullable(),
  permissions: z.array(z.enum(PERMISSIONS)),
  status: z.enum(KEY_STATUSES),
  expires_at: time().nullable(),
});

export const MadeSandboxView = z
  .strictObject({
    sandbox_id: z.string(),
    name: z.string().nullable(),
    base_url: z.string().describe('The origin, without /v1'),
    organization_id: z.string().describe('The first one'),
    organizations: z.array(
      z.strictObject({
        organization_id: z.string(),
        organization_name: z.string(),
        account_type: z.enum(ACCOUNT_TYPES),
        api_keys: z.array(NewKey).describe('Those of the seed'),
      }),
    ),
    api_keys: z
      .strictObject({ admin: z.string(), delete: z.string(), write: z.string(), read: z.string() })
      .describe('New keys of the first organization, shown here only'),
    expires_at: time().nullable().describe('Real time; a use moves it on'),
  })
  .meta({ id: 'MadeSandbox' });
export type MadeSandboxView = z.output<typeof MadeSandboxView>;

export const SandboxView = z
  .strictObject({
    sandbox_id: z.string(),
    name: z.string().nullable(),
    base_url: z.string(),
    age_seconds: integer(),
    ttl_left_seconds: integer().nullable().describe('Null for one that stays'),
    expires_at: time().nullable().describe('Real time; a use moves it on'),
    organizations: integer(),
    api_keys: integer(),
    requests: integer().describe('In its journal'),
  })
  .meta({ id: 'Sandbox' });
export type SandboxView = z.output<typeof SandboxView>;

const BASE_URL = 'http://localhost:4030';
export const MADE: z.output<typeof MadeSandboxView> = {
  sandbox_id: 'sbx_0123456789abcdef01234567',
  name: null,
  base_url: BASE_URL,
  organization_id: 'org_0123456789abcdef01234567',
  organizations: [
    {
      organization_id: 'org_0123456789abcdef01234567',
      organization_name: 'org_0123456789abcdef01234567',
      account_type: 'pro',
      api_keys: [],
    },
  ],
  api_keys: { admin: 'sk_test_…', delete: 'sk_test_…', write: 'sk_test_…', read: 'sk_test_…' },
  expires_at: null,
};
export const SANDBOX: SandboxView = {
  sandbox_id: DEFAULT_SANDBOX,
  name: null,
  base_url: BASE_URL,
  age_seconds: 60,
  ttl_left_seconds: null,
  expires_at: null,
  organizations: 4,
  api_keys: 10,
  requests: 12,
};
/** The origin, as the client names it. */
export const toBaseUrl = (host = 'localhost') => `http://${host}`;

export function toMadeView({ sandbox_id, name, ttl_ms, state, ownKeys, newKeys }: MadeSandbox, base_url: string) {
  const { organizations, api_keys } = state;
  const toKeyView = ({ organization_id: _id, key_hash: _hash, ...apiKey }: ApiKey) => ({
    ...apiKey,
    key: newKeys.get(apiKey.api_key_id) ?? null,
  });
  const seeded = new Map(
    organizations.map(({ organization_id }) => [organization_id, [] as ReturnType<typeof toKeyView>[]]),
  );
  // The sandbox's own keys are the last ones.
  for (const apiKey of api_keys.slice(0, -PERMISSIONS.length)) {
    seeded.get(apiKey.organization_id)?.push(toKeyView(apiKey));
  }
  return {
    sandbox_id,
    name,
    base_url,
    organization_id: organizations[0]?.organization_id ?? '',
    organizations: organizations.map(({ organization_id, organization_name, account_type }) => ({
      organization_id,
      organization_name,
      account_type,
      api_keys: seeded.get(organization_id) ?? [],
    })),
    api_keys: ownKeys,
    expires_at: ttl_ms === null ? null : toTimestamp(RealDate.now() + ttl_ms),
  };
}

export function toSandboxView(sandboxes: Sandboxes, listed: ListedSandbox, base_url: string): SandboxView {
  const { sandbox_id, name, created_at, organizations, api_keys } = listed;
  const now = RealDate.now();
  const expires_at = sandboxes.expiryOf(listed);
  return {
    sandbox_id,
    name,
    base_url,
    age_seconds: Math.max(0, Math.floor((now - created_at) / 1000)),
    ttl_left_seconds: expires_at === null ? null : Math.max(0, Math.ceil((expires_at - now) / 1000)),
    expires_at: expires_at === null ? null : toTimestamp(expires_at),
    organizations,
    api_keys,
    requests: sandboxes.findJournal(sandbox_id)?.length ?? 0,
  };
}
