import { describe, expect, it } from 'vitest';
import { hashApiKey, toApiKeyId } from '../../src/domain/api-key.ts';
import { invalid, startControl } from '../support/control.ts';
import { FULL_ANSWER, FULL_KEY, FULL_SEED } from '../support/full.ts';
import { ACME, ADMIN, errorBody } from '../support/harness.ts';

const KEY = expect.stringMatching(/^sk_test_[A-Za-z0-9_-]{32}$/);
const LIVE_KEY = expect.stringMatching(/^sk_live_[A-Za-z0-9_-]{32}$/);
/** What an object would lose is written as text. */
const FULL_JSON = `{
  "version": 1,
  "tiers": {"team": {"monthly_credits": 2000000, "metadata": 210, "data": 110, "search": 105, "upload": 55, "compute": 51}},
  "organizations": [{
    "organization_id": "org_full", "organization_name": "Full & Filled", "logo_url": "https://example.com/full.png",
    "account_type": "team", "credit_count": 123456,
    "metadata": {"id": 12345678901234567890, "10": 1.10, "2": [null, {"__proto__": "x"}]},
    "billing_email": "Billing.Desk@example.com", "rate_limits_override": {"compute": 9, "search": 77},
    "auto_billing_enabled": true, "billing_cycle_start": 17, "current_month_usage": 4321,
    "created_at": "2024-02-29T12:34:56.789012Z", "updated_at": "2025-03-01T01:02:03Z",
    "users": [{"user_id": "usr_1", "seats": 98765432109876543210}, {}],
    "notifications_email": "Alerts@example.com",
    "default_llm_credentials": {"openai": "secret 1", "10": "b", "2": "a", "__proto__": "x"},
    "nsfw_check_enabled": true, "nsfw_fail_closed": true, "auth_provider_org_id": "auth_1",
    "api_url": "https://api.example.com",
    "api_keys": [{"key": "${FULL_KEY}", "permissions": ["admin"], "name": "ci", "expires_at": "2040-01-01T00:00:00Z"}]
  }]
}`;

describe('the seed of a new sandbox', () => {
  it.each([
    ['JSON', FULL_JSON],
    ['text in YAML', JSON.stringify(FULL_SEED)],
    ['text in JSON', JSON.stringify(FULL_JSON)],
    ['text with a byte order mark', JSON.stringify(`\ufeff${FULL_JSON}`)],
  ])('as %s gives every member as it was, digits and names of metadata included', async (_name, seed) => {
    for (const api_version of ['0.81', '0.82'] as const) {
      const app = await startControl();
      const answer = await app.ask('POST', '/sandboxes', `{"api_version":"${api_version}","seed":${seed}}`);
      const [{ api_keys }] = answer.json.sandboxes;
      expect((await app.show(api_keys.read)).text).toBe(FULL_ANSWER[api_version]);
    }
  });

  const SEED = {
    version: 1,
    organizations: [
      {
        organization_id: 'org_a',
        organization_name: 'A',
        account_type: 'team',
        api_keys: [
          { key: ADMIN, permissions: ['write', 'read'], name: 'ci', api_key_id: 'key_ci' },
          { key: 'sk_live_revoked', status: 'revoked', expires_at: '2030-01-01' },
        ],
      },
      {
        organization_id: 'org_b',
        api_keys: [{ key_hash: hashApiKey('sk_test_b'), key_prefix: 'sk_test_', name: 'b' }],
      },
    ],
  };
  const OWN = { admin: KEY, delete: KEY, write: KEY, read: KEY };
  const ACTIVE = { permissions: ['admin'], status: 'active', name: null, expires_at: null };

  it('has each key issued anew, as it is but for the key, and answers all of them', async () => {
    const app = await startControl();
    const { json } = await app.ask('POST', '/sandboxes', { count: 2, seed: SEED });
    const id = expect.stringMatching(/^key_[0-9a-f]{24}$/);
    const made = {
      sandbox_id: expect.any(String),
      name: null,
      base_url: 'http://localhost:4030',
      organization_id: 'org_a',
      organizations: [
        {
          organization_id: 'org_a',
          organization_name: 'A',
          account_type: 'team',
          api_keys: [
            {
              ...ACTIVE,
              api_key_id: 'key_ci',
              key: KEY,
              key_prefix: expect.any(String),
              permissions: ['write', 'read'],
              name: 'ci',
            },
            {
              ...ACTIVE,
              api_key_id: id,
              key: LIVE_KEY,
              key_prefix: expect.any(String),
              status: 'revoked',
              expires_at: '2030-01-01T00:00:00Z',
            },
          ],
        },
        {
          organization_id: 'org_b',
          organization_name: 'org_b',
          account_type: 'free',
          api_keys: [{ ...ACTIVE, api_key_id: id, key: KEY, key_prefix: expect.any(String), name: 'b' }],
        },
      ],
      api_keys: OWN,
      expires_at: null,
    };
    expect(json).toEqual({ sandboxes: [made, made] });
    const keys = json.sandboxes.flatMap(({ organizations, api_keys }: typeof made) => [
      ...organizations.flatMap((one) => one.api_keys.map(({ key }) => key)),
      ...Object.values(api_keys),
    ]);
    expect(new Set(keys).size).toBe(14);
    const [{ organizations }] = json.sandboxes;
    const [ofA, revoked, ofB] = organizations.flatMap((one: { api_keys: object[] }) => one.api_keys);
    expect(ofA.key.startsWith(ofA.key_prefix)).toBe(true);
    expect((await app.show(ofA.key)).json.organization_name).toBe('A');
    expect((await app.show(revoked.key)).json).toEqual(errorBody(401, 'UnauthorizedError', 'Invalid API key'));
    expect((await app.show(ofB.key)).json.organization_id).toBe('org_b');
    // The keys of the seed itself are whose they were.
    expect((await app.show(ADMIN)).json).toEqual(ACME);
    expect((await app.show('sk_test_b')).status).toBe(401);
  });

  it('keeps its keys where they are wanted as given, beside the new ones', async () => {
    const app = await startControl();
    const [first, second] = SEED.organizations;
    const own = { ...first, api_keys: [{ key: 'sk_live_of_a', permissions: ['read'] }] };
    const seed = { version: 1, organizations: [own, second] };
    const { json } = await app.ask('POST', '/sandboxes', { seed, keys: 'as_given' });
    const toId = (key: string) => toApiKeyId(hashApiKey(key));
    expect(json.sandboxes).toEqual([
      {
        sandbox_id: expect.any(String),
        name: null,
        base_url: 'http://localhost:4030',
        organization_id: 'org_a',
        organizations: [
          {
            organization_id: 'org_a',
            organization_name: 'A',
            account_type: 'team',
            api_keys: [
              {
                ...ACTIVE,
                api_key_id: toId('sk_live_of_a'),
                key: null,
                key_prefix: 'sk_live_of',
                permissions: ['read'],
              },
            ],
          },
          {
            organization_id: 'org_b',
            organization_name: 'org_b',
            account_type: 'free',
            api_keys: [{ ...ACTIVE, api_key_id: toId('sk_test_b'), key: null, key_prefix: 'sk_test_', name: 'b' }],
          },
        ],
        api_keys: OWN,
        expires_at: null,
      },
    ]);
    const [{ api_keys }] = json.sandboxes;
    for (const key of ['sk_live_of_a', api_keys.admin])
      expect((await app.show(key)).json.organization_id).toBe('org_a');
    expect((await app.show('sk_test_b')).json.organization_id).toBe('org_b');
  });

  it('with a key that another sandbox has is a 409 that names both, and nothing is made', async () => {
    const app = await startControl();
    const { status, json, headers } = await app.ask('POST', '/sandboxes', { seed: SEED, keys: 'as_given' });
    const message = 'The key sk_test_xy… belongs to the sandbox default';
    const details = { sandbox_id: 'default', key_prefix: 'sk_test_xy' };
    expect([status, json]).toEqual([409, errorBody(409, 'ConflictError', message, details)]);
    expect(headers['x-mixpeek-mock-hint']).toMatch(/^a key belongs to one sandbox, its snapshots included/);
    expect((await app.ask('GET', '/sandboxes')).json.sandboxes).toHaveLength(1);
    expect((await app.show('sk_test_b')).status).toBe(401);
  });

  it.each<[string, object, object]>([
    ['its settings', {}, { clock: { frozen_at: '2031-01-01T00:00:00Z' }, limits: 'off', api_version: '0.82' }],
    [
      'those of the body rather',
      { clock: { offset_ms: 5 }, limits: 'enforce' },
      { clock: { offset_ms: 5 }, limits: 'enforce', api_version: '0.82' },
    ],
  ])('gives %s', async (_name, body, settings) => {
    const app = await startControl();
    const seed = { ...SEED, clock: '2031-01-01T00:00:00Z', limits: 'off', api_version: '0.82' };
    const [{ sandbox_id }] = (await app.ask('POST', '/sandboxes', { seed, ...body })).json.sandboxes;
    const { json } = await app.ask('GET', `/sandboxes/${sandbox_id}/state`);
    expect(json).toEqual({ ...json, ...settings, unknown_fields: 'ignore' });
  });

  it.each([
    [99, 201],
    [100, 400],
  ])('may have metadata of %i levels: %i', async (levels, status) => {
    const app = await startControl();
    const metadata = `${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`;
    const seed = `{"version":1,"organizations":[{"organization_id":"org_a","metadata":${metadata}}]}`;
    const answer = await app.ask('POST', '/sandboxes', `{"seed":${seed}}`);
    expect(answer.status).toBe(status);
    if (status === 400) {
      expect(answer.json).toEqual(errorBody(400, 'BadRequestError', 'The body is not a JSON object'));
      expect(answer.headers['x-mixpeek-mock-hint']).toMatch(/: is nested deeper than the API accepts: 100 levels/);
      expect((await app.ask('POST', '/sandboxes', { seed })).json).toEqual(
        invalid([['seed'], expect.stringMatching(/^line 1, column \d+: is nested deeper than the API accepts/)]),
      );
    } else {
      expect((await app.show(answer.json.sandboxes[0].api_keys.read)).text).toContain(`"metadata":${metadata},`);
    }
  });

  it('may be of more than a MiB', async () => {
    const app = await startControl();
    const organizations = Array.from({ length: 30_000 }, (_, index) => ({
      organization_id: `org_${index}`,
      organization_name: 'x'.repeat(60),
    }));
    const { status, json } = await app.ask('POST', '/sandboxes', { seed: { version: 1, organizations } });
    expect([status, json.sandboxes[0].organizations.length]).toEqual([201, 30_000]);
  });
});
