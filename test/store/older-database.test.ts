import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Sqlite from 'better-sqlite3';
import { expect, it, onTestFinished } from 'vitest';
import { hashApiKey } from '../../src/domain/api-key.ts';
import { DEFAULT_TIERS } from '../../src/domain/rate-limits.ts';
import { INITIAL_SNAPSHOT, type State } from '../../src/domain/state.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { makeFolder } from '../support/folder.ts';
import { MIGRATIONS } from '../support/harness.ts';

const DUMP = readFileSync(fileURLToPath(new URL('../fixtures/database-version-3.sql', import.meta.url)), 'utf8');

const TIERS = {
  ...DEFAULT_TIERS,
  team: { monthly_credits: 2_000_000, metadata: 210, data: 110, search: 105, upload: 55, compute: 51 },
};
/** What later versions have besides. */
const LATER = {
  notifications_email: null,
  default_llm_credentials: '{}',
  nsfw_check_enabled: false,
  nsfw_fail_closed: false,
  auth_provider_org_id: null,
  api_url: null,
};
const FIRST = {
  ...LATER,
  organization_id: 'org_full',
  organization_name: 'Full & Filled',
  logo_url: 'https://example.com/full.png',
  account_type: 'team' as const,
  credit_count: 123_456,
  metadata: '{"id":12345678901234567890,"10":1.10,"2":[null,{"__proto__":"x"}]}',
  billing_email: 'Billing.Desk@example.com',
  rate_limits_override: { search: 77, compute: 9 },
  auto_billing_enabled: true,
  billing_cycle_start: 17,
  current_month_usage: 4321,
  created_at: '2024-02-29T12:34:56.789012Z',
  updated_at: '2025-03-01T01:02:03Z',
  users: '[{"user_id":"usr_1","seats":98765432109876543210},{}]',
};
const CHANGED = {
  ...FIRST,
  organization_name: 'Renamed',
  logo_url: null,
  metadata: '{"new":12345678901234567890,"é":"ü"}',
  billing_email: 'other@example.com',
  rate_limits_override: { data: 5, search: 77, compute: 9 },
  updated_at: '2026-11-25T18:43:05.225000Z',
};
const OTHER = {
  ...LATER,
  organization_id: 'org_other',
  organization_name: 'org_other',
  logo_url: null,
  account_type: 'free' as const,
  credit_count: 1000,
  metadata: '{}',
  billing_email: null,
  rate_limits_override: {},
  auto_billing_enabled: false,
  billing_cycle_start: 1,
  current_month_usage: 0,
  created_at: '2026-11-25T18:43:04.316000Z',
  updated_at: '2026-11-25T18:43:04.316000Z',
  users: null,
};
const KEYS = [
  {
    api_key_id: 'key_4fcb3fc53abe75fee3377708',
    organization_id: 'org_full',
    key_hash: hashApiKey('sk_test_full'),
    key_prefix: 'sk_test_fu',
    name: 'ci',
    permissions: ['admin' as const],
    status: 'active' as const,
    expires_at: '2040-01-01T00:00:00Z',
  },
  {
    api_key_id: 'key_089f59bc132180ed6fbe758d',
    organization_id: 'org_full',
    key_hash: hashApiKey('sk_test_revoked'),
    key_prefix: 'sk_test_re',
    name: null,
    permissions: ['read' as const, 'write' as const],
    status: 'revoked' as const,
    expires_at: null,
  },
];
const GRANTED = {
  api_key_id: 'key_7a1ad9cb94ba6e2ea537f88d',
  organization_id: 'org_full',
  key_hash: hashApiKey('sk_live_granted'),
  key_prefix: 'sk_live_gr',
  name: '--api-key',
  permissions: ['write' as const],
  status: 'active' as const,
  expires_at: null,
};
const NOW: State = {
  settings: {
    tiers: TIERS,
    clock: { frozen_at: 1_767_225_600_000, offset_ms: -28_406_585_238 },
    limits: 'headers',
    api_version: '0.81',
    unknown_fields: 'ignore' as const,
    faults: [],
  },
  organizations: [CHANGED, OTHER],
  api_keys: [...KEYS, GRANTED],
};
const INITIAL: State = {
  settings: {
    tiers: TIERS,
    clock: { frozen_at: null, offset_ms: 0 },
    limits: 'headers',
    api_version: '0.81',
    unknown_fields: 'ignore' as const,
    faults: [],
  },
  organizations: [FIRST, OTHER],
  api_keys: KEYS,
};

function openOlder(change = '') {
  const file = join(makeFolder(), 'mock.db');
  new Sqlite(file).exec(DUMP).exec(change).close();
  const reports: string[] = [];
  const store = openSqliteStore({
    file,
    migrations: MIGRATIONS,
    pid: 1,
    since: '2026-01-01T00:00:00Z',
    report: (_level, text) => reports.push(text),
  });
  onTestFinished(() => store.close());
  const read = async () => ({
    settings: (await store.findSandbox('default'))?.settings,
    organizations: await store.listOrganizations('default', {}),
    api_keys: await store.listApiKeys('default', {}),
  });
  return { file, store, read };
}

it('a database of version 3 keeps all that it has, what a reset goes back to, and where it came from', async () => {
  const { file, store, read } = openOlder();
  expect(await read()).toEqual(NOW);
  expect(await store.readState('default', INITIAL_SNAPSHOT)).toEqual(INITIAL);
  expect(await store.findSandbox('default')).toMatchObject({
    generation: 1,
    seed: { name: 'seed.yaml', sha256: 'd157e33784686eda082f28f7fd3f116e504bcd94518205604f08a7fba7f0da98' },
  });
  expect(existsSync(`${file}.version-3`)).toBe(true);
});

it('a database of version 3 is reset to its seed, and keeps the keys that flags named', async () => {
  const { store, read } = openOlder();
  await store.put('default', INITIAL);
  expect(await read()).toEqual({ ...INITIAL, api_keys: [...KEYS, GRANTED] });
});

it('a database that is older than resets is reset to what it was when it was migrated', async () => {
  const { store, read } = openOlder('UPDATE sandboxes SET first_state = NULL');
  expect(await read()).toEqual(NOW);
  const initial = await store.readState('default', INITIAL_SNAPSHOT);
  expect(initial).toEqual({ ...NOW, settings: INITIAL.settings });
});

it('a database of version 3 with thousands of keys is migrated in a moment, however long its first state is', async () => {
  const started = performance.now();
  const { store } = openOlder(`
    WITH RECURSIVE counted(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM counted WHERE number < 6000)
    INSERT INTO api_keys (api_key_id, sandbox_id, organization_id, key_hash, key_prefix, name, permissions, status)
    SELECT 'key_' || number, 'default', 'org_other', printf('%064x', number), 'sk_test_xx', NULL, '["read"]', 'active' FROM counted;
    UPDATE sandboxes SET first_state = json_set(first_state, '$.api_keys', (
      SELECT json_group_array(json_object(
        'api_key_id', api_key_id, 'organization_id', organization_id, 'key_hash', key_hash, 'key_prefix', key_prefix,
        'name', name, 'permissions', json(permissions), 'status', status, 'expires_at', expires_at
      )) FROM api_keys WHERE name IS NOT '--api-key'
    ));
  `);
  // Half a minute where each key has the whole state read.
  expect(performance.now() - started).toBeLessThan(5000);
  const initial = await store.readState('default', INITIAL_SNAPSHOT);
  expect(initial?.api_keys).toHaveLength(6000 + KEYS.length);
  if (initial !== undefined) await store.put('default', initial);
  expect(await store.listApiKeys('default', { api_key_id: GRANTED.api_key_id })).toEqual([GRANTED]);
  expect(await store.listApiKeys('default', {})).toHaveLength(6000 + KEYS.length + 1);
});
