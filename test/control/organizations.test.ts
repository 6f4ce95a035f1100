import { describe, expect, it } from 'vitest';
import { ACCOUNT_TYPES, DEFAULT_TIERS } from '../../src/domain/rate-limits.ts';
import { readSeedText } from '../../src/seed/file.ts';
import { type ControlApp, DEFAULT, startControl } from '../support/control.ts';
import { FULL_KEY, FULL_SEED } from '../support/full.ts';
import { ACME, ADMIN, errorBody } from '../support/harness.ts';

const ORGANIZATIONS = `${DEFAULT}/organizations`;
const START = '2026-01-01T00:00:00Z';
const NOT_FOUND = errorBody(404, 'NotFoundError', 'Not Found');
const LIMITS = Object.fromEntries(
  ACCOUNT_TYPES.map((tier) => {
    const { monthly_credits: _, ...limits } = DEFAULT_TIERS[tier];
    return [tier, limits];
  }),
) as Record<(typeof ACCOUNT_TYPES)[number], object>;

/** An organization of which nothing is said, as it is shown. */
const PLAIN = {
  organization_id: 'org_a',
  organization_name: 'org_a',
  logo_url: null,
  account_type: 'free',
  credit_count: 1000,
  metadata: {},
  billing_email: null,
  rate_limits_override: {},
  auto_billing_enabled: false,
  billing_cycle_start: 1,
  current_month_usage: 0,
  created_at: START,
  updated_at: START,
  users: null,
  notifications_email: null,
  default_llm_credentials: {},
  nsfw_check_enabled: false,
  nsfw_fail_closed: false,
  auth_provider_org_id: null,
  api_url: null,
  tier_limits: LIMITS.free,
  rate_limits: LIMITS.free,
};
const DEMO = {
  ...PLAIN,
  organization_id: 'org_demo123',
  organization_name: 'Acme Corporation',
  account_type: 'pro',
  credit_count: 250_000,
  created_at: '2025-01-01T00:00:00Z',
  updated_at: '2025-01-01T00:00:00Z',
  tier_limits: LIMITS.pro,
  rate_limits: LIMITS.pro,
};
/** Every member that there is, none at its default, with what an object would lose. */
const FULL_MEMBERS =
  '"organization_name":"Full","logo_url":"https://a.example","account_type":"team","credit_count":5,' +
  '"metadata":{"id":12345678901234567890,"10":1.10,"2":[null,{"__proto__":"x"}]},"billing_email":"A@example.com",' +
  '"rate_limits_override":{"search":7},"auto_billing_enabled":true,"billing_cycle_start":31,"current_month_usage":9,' +
  '"created_at":"2024-02-29T12:34:56.789012Z","updated_at":"2025-03-01T01:02:03Z",' +
  '"users":[{"seats":98765432109876543210},{}],"notifications_email":"b@example.com",' +
  '"default_llm_credentials":{"openai":"s","10":"b","2":"a","__proto__":"x"},"nsfw_check_enabled":true,' +
  '"nsfw_fail_closed":true,"auth_provider_org_id":"auth_1","api_url":"https://api.example.com"';
const FULL_LIMITS =
  ',"tier_limits":{"metadata":200,"data":100,"search":100,"upload":50,"compute":50},' +
  '"rate_limits":{"metadata":200,"data":100,"search":7,"upload":50,"compute":50}';

const readOrganization = async ({ ask }: ControlApp, id = 'org_demo123') =>
  (await ask('GET', `${ORGANIZATIONS}/${id}`)).json;

describe('GET …/organizations', () => {
  it('lists every organization, oldest first, with limits of the tier and override apart', async () => {
    const app = await startControl();
    await app.patch({ rate_limits: { data: 7 } });
    const { json } = await app.ask('GET', ORGANIZATIONS);
    expect([json.organizations.length, json.next]).toEqual([4, null]);
    expect(json.organizations[0]).toEqual({
      ...DEMO,
      rate_limits_override: { data: 7 },
      rate_limits: { ...LIMITS.pro, data: 7 },
      updated_at: START,
    });
    expect(json.organizations[0]).toEqual(await readOrganization(app));
  });

  it('pages', async () => {
    const { ask } = await startControl();
    const first = (await ask('GET', `${ORGANIZATIONS}?limit=3`)).json;
    const second = (await ask('GET', `${ORGANIZATIONS}?limit=3&cursor=${first.next}`)).json;
    const ids = [first, second].map(({ organizations }) =>
      organizations.map((one: typeof PLAIN) => one.organization_id),
    );
    expect([ids, second.next]).toEqual([[['org_demo123', 'org_free', 'org_team'], ['org_enterprise']], null]);
  });
});

describe('POST …/organizations', () => {
  it('makes one of which nothing is said, with an id of its own', async () => {
    const app = await startControl();
    const { status, json } = await app.ask('POST', ORGANIZATIONS);
    const { organization_id } = json;
    expect(organization_id).toMatch(/^org_[0-9a-f]{24}$/);
    expect([status, json]).toEqual([201, { ...PLAIN, organization_id, organization_name: organization_id }]);
    expect(await readOrganization(app, organization_id)).toEqual(json);
  });

  it('takes every member as it is sent', async () => {
    const app = await startControl();
    const text = `{"organization_id":"org_f",${FULL_MEMBERS}`;
    const answer = await app.ask('POST', ORGANIZATIONS, `${text}}`);
    const shown = `${text}${FULL_LIMITS}}`.replace('A@example.com', 'A@example.com');
    expect([answer.status, answer.text]).toEqual([201, shown]);
    expect((await app.ask('GET', `${ORGANIZATIONS}/org_f`)).text).toBe(shown);
  });

  it('gives the credits of the tier, and the time of the sandbox', async () => {
    const app = await startControl();
    await app.ask('PUT', `${DEFAULT}/clock`, { frozen_at: '2030-01-01T00:00:00Z' });
    const { json } = await app.ask('POST', ORGANIZATIONS, { account_type: 'team' });
    expect([json.credit_count, json.created_at, json.updated_at]).toEqual([
      1_000_000,
      '2030-01-01T00:00:00Z',
      '2030-01-01T00:00:00Z',
    ]);
  });

  it('refuses an id that there is', async () => {
    const app = await startControl();
    const { status, json } = await app.ask('POST', ORGANIZATIONS, { organization_id: 'org_demo123' });
    expect([status, json]).toEqual([409, errorBody(409, 'ConflictError', 'There is an organization org_demo123')]);
    expect((await app.get()).json).toEqual(ACME);
  });
});

describe('PATCH …/organizations/ID', () => {
  it('changes every member, as it is sent', async () => {
    const app = await startControl();
    const { text } = await app.ask('PATCH', `${ORGANIZATIONS}/org_demo123`, `{${FULL_MEMBERS}}`);
    expect(text).toBe(`{"organization_id":"org_demo123",${FULL_MEMBERS}${FULL_LIMITS}}`);
    expect((await app.ask('GET', `${ORGANIZATIONS}/org_demo123`)).text).toBe(text);
    expect((await app.get()).json).toMatchObject({ account_type: 'team', credit_count: 5, current_month_usage: 9 });
  });

  it.each(Object.keys(JSON.parse(`{${FULL_MEMBERS}}`)))('changes %s alone', async (member) => {
    const app = await startControl();
    const { [member]: value } = JSON.parse(`{${FULL_MEMBERS}}`);
    const { tier_limits, rate_limits, ...json } = (
      await app.ask('PATCH', `${ORGANIZATIONS}/org_demo123`, { [member]: value })
    ).json;
    const { tier_limits: _, rate_limits: __, ...before } = DEMO;
    expect(json).toEqual({ ...before, updated_at: START, [member]: value });
    const tier = member === 'account_type' ? LIMITS.team : LIMITS.pro;
    expect([tier_limits, rate_limits]).toEqual([tier, { ...tier, ...(member === 'rate_limits_override' && value) }]);
  });

  it('moves updated_at on a change only, whatever the order of the limits', async () => {
    const app = await startControl({ seed: await readSeedText(FULL_SEED, false, (content) => content) });
    const path = `${ORGANIZATIONS}/org_full`;
    const before = await app.ask('GET', path);
    const { rate_limits_override, billing_email, organization_name, credit_count, updated_at } = before.json;
    const same = { rate_limits_override, billing_email, organization_name, credit_count };
    const bodies = [
      {},
      same,
      { rate_limits_override: { compute: 9, search: 77 }, updated_at },
      '{"metadata": {"id": 12345678901234567890, "10": 1.10, "2": [null, {"__proto__": "x"}]}}',
      '{"users": [{"user_id": "usr_1", "seats": 98765432109876543210}, {}]}',
    ];
    for (const body of bodies) expect((await app.ask('PATCH', path, body)).text).toBe(before.text);
    const changed = (await app.ask('PATCH', path, '{"metadata": {"id": 12345678901234567891}}')).json;
    expect(changed.updated_at).toBe(START);
    expect((await app.ask('PATCH', path, { updated_at: '2020-01-01' })).json.updated_at).toBe('2020-01-01T00:00:00Z');
    expect((await app.show(FULL_KEY)).json.updated_at).toBe('2020-01-01T00:00:00Z');
  });

  it('of the tier changes the limits at once, keeps the override, and the buckets go on', async () => {
    const app = await startControl({ limits: 'enforce' });
    await app.patch({ rate_limits: { search: 66 } });
    await app.ask('POST', `${DEFAULT}/limits/spend`, { api_key: ADMIN, category: 'metadata', count: 'all' });
    expect((await app.get()).status).toBe(429);
    const { json } = await app.ask('PATCH', `${ORGANIZATIONS}/org_demo123`, { account_type: 'enterprise' });
    const rate_limits = { ...LIMITS.enterprise, search: 66 };
    expect([json.rate_limits_override, json.tier_limits, json.rate_limits]).toEqual([
      { search: 66 },
      LIMITS.enterprise,
      rate_limits,
    ]);
    const answer = await app.get();
    expect([answer.status, answer.json.rate_limits]).toEqual([200, rate_limits]);
    expect([answer.headers['x-ratelimit-limit'], answer.headers['x-ratelimit-remaining']]).toEqual(['1000', '899']);
    const { buckets } = (await app.ask('GET', `${DEFAULT}/limits`)).json;
    expect(buckets.map(({ limit }: { limit: number }) => limit)).toEqual(Object.values(rate_limits));
    await app.ask('PATCH', `${ORGANIZATIONS}/org_demo123`, { account_type: 'free' });
    const less = await app.get();
    expect([less.status, less.headers['x-ratelimit-limit'], less.headers['x-ratelimit-remaining']]).toEqual([
      200,
      '20',
      '19',
    ]);
  });

  it('of the override replaces it as a whole', async () => {
    const app = await startControl();
    await app.patch({ rate_limits: { search: 66, data: 67 } });
    const replace = async (rate_limits_override: object) =>
      (await app.ask('PATCH', `${ORGANIZATIONS}/org_demo123`, { rate_limits_override })).json.rate_limits;
    expect(await replace({ compute: 3 })).toEqual({ ...LIMITS.pro, compute: 3 });
    expect(await replace({})).toEqual(LIMITS.pro);
    expect((await app.get()).json.rate_limits).toEqual(LIMITS.pro);
  });
});

describe('DELETE …/organizations/ID', () => {
  it('removes it, its keys and their buckets', async () => {
    const app = await startControl();
    await app.get();
    await app.show('sk_test_team');
    const { status, text } = await app.ask('DELETE', `${ORGANIZATIONS}/org_demo123`);
    expect([status, text]).toEqual([204, '']);
    expect((await app.get()).json).toEqual(errorBody(401, 'UnauthorizedError', 'Invalid API key'));
    const ids = ({ organization_id }: { organization_id: string }) => organization_id;
    const { buckets } = (await app.ask('GET', `${DEFAULT}/limits`)).json;
    expect([...new Set(buckets.map(ids))]).toEqual(['org_team']);
    const { api_keys } = (await app.ask('GET', `${DEFAULT}/api-keys`)).json;
    expect(api_keys.map(ids)).toEqual(['org_free', 'org_team', 'org_enterprise']);
    expect((await app.ask('GET', `${ORGANIZATIONS}/org_demo123`)).json).toEqual(NOT_FOUND);
  });

  it('refuses the last one', async () => {
    const app = await startControl();
    for (const id of ['org_free', 'org_team', 'org_enterprise']) {
      expect((await app.ask('DELETE', `${ORGANIZATIONS}/${id}`)).status).toBe(204);
    }
    const { status, json } = await app.ask('DELETE', `${ORGANIZATIONS}/org_demo123`);
    expect([status, json]).toEqual([409, errorBody(409, 'ConflictError', 'The last organization of a sandbox stays')]);
    expect((await app.get()).json).toEqual(ACME);
    await app.ask('POST', ORGANIZATIONS, {});
    expect((await app.ask('DELETE', `${ORGANIZATIONS}/org_demo123`)).status).toBe(204);
  });

  it.each([
    ['GET', undefined],
    ['PATCH', {}],
    ['DELETE', undefined],
  ])('%s of one that there is not is a 404', async (method, body) => {
    const app = await startControl();
    const [{ sandbox_id, organization_id }] = (await app.ask('POST', '/sandboxes', {})).json.sandboxes;
    for (const [sandbox, id] of [
      ['default', 'org_nope'],
      ['default', organization_id],
      [sandbox_id, 'org_demo123'],
    ]) {
      const { json, headers } = await app.ask(method, `/sandboxes/${sandbox}/organizations/${id}`, body);
      expect(json).toEqual(NOT_FOUND);
      expect(headers['x-mixpeek-mock-hint']).toBe(`GET /_mock/sandboxes/${sandbox}/organizations lists what there is`);
    }
  });
});
