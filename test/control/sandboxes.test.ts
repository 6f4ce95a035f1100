import { describe, expect, it } from 'vitest';
import { ACCOUNT_TYPES, DEFAULT_TIERS } from '../../src/domain/rate-limits.ts';
import { DEFAULT_SEED } from '../../src/seed/default.ts';
import { type ControlApp, DEFAULT, startControl } from '../support/control.ts';
import { ACME, ADMIN, errorBody } from '../support/harness.ts';

const KEY = expect.stringMatching(/^sk_test_[A-Za-z0-9_-]{32}$/);
const ID = expect.stringMatching(/^org_[0-9a-f]{24}$/);
const START = '2026-01-01T00:00:00Z';
/** What a sandbox has that nobody said anything of. */
const SETTINGS = {
  clock: { frozen_at: START },
  limits: 'headers',
  tiers: DEFAULT_TIERS,
  api_version: '0.81',
  unknown_fields: 'ignore',
  faults: [],
};

async function make(app: ControlApp, body: object = {}) {
  const { status, json, text } = await app.ask('POST', '/sandboxes', body);
  if (status !== 201) throw new Error(text);
  return json.sandboxes[0];
}

const readSettings = async ({ ask }: ControlApp, sandboxId: string) => {
  const { version: _, organizations: __, ...settings } = (await ask('GET', `/sandboxes/${sandboxId}/state`)).json;
  return settings;
};

const listIds = async ({ ask }: ControlApp) =>
  (await ask('GET', '/sandboxes')).json.sandboxes.map(({ sandbox_id }: { sandbox_id: string }) => sandbox_id);

describe('POST /_mock/sandboxes', () => {
  it('makes one with an organization of the tier pro, and a key for each permission', async () => {
    const app = await startControl();
    const answer = await app.ask('POST', '/sandboxes', {});
    expect([answer.status, answer.headers['cache-control']]).toEqual([201, 'no-store']);
    expect(answer.json).toEqual({
      sandboxes: [
        {
          sandbox_id: expect.stringMatching(/^sbx_[0-9a-f]{24}$/),
          name: null,
          base_url: 'http://localhost:4030',
          organization_id: ID,
          organizations: [{ organization_id: ID, organization_name: ID, account_type: 'pro', api_keys: [] }],
          api_keys: { admin: KEY, delete: KEY, write: KEY, read: KEY },
          expires_at: null,
        },
      ],
    });
    const [{ organization_id, api_keys, sandbox_id }] = answer.json.sandboxes;
    expect(new Set(Object.values(api_keys)).size).toBe(4);
    expect((await app.show(api_keys.read)).json).toEqual({
      ...ACME,
      organization_id,
      organization_name: organization_id,
      credit_count: 100_000,
      created_at: START,
      updated_at: START,
    });
    expect(await readSettings(app, sandbox_id)).toEqual(SETTINGS);
  });

  it('gives each of its keys exactly its permission', async () => {
    const app = await startControl();
    const { sandbox_id, api_keys, organization_id } = await make(app);
    for (const permission of ['read', 'write', 'delete', 'admin']) {
      expect((await app.show(api_keys[permission])).status).toBe(200);
      const { status, json } = await app.patch({}, { authorization: `Bearer ${api_keys[permission]}` });
      const details = { required: 'admin', granted: [permission] };
      if (permission === 'admin') expect(status).toBe(200);
      else expect(json).toEqual(errorBody(403, 'ForbiddenError', 'Insufficient permissions', details));
    }
    const { api_keys: listed } = (await app.ask('GET', `/sandboxes/${sandbox_id}/api-keys`)).json;
    expect(listed).toEqual(
      ['read', 'write', 'delete', 'admin'].map((permission) => ({
        api_key_id: expect.stringMatching(/^key_[0-9a-f]{24}$/),
        organization_id,
        key_prefix: api_keys[permission].slice(0, 10),
        name: permission,
        permissions: [permission],
        status: 'active',
        expires_at: null,
      })),
    );
  });

  it.each([2, 100])('makes %i, each with an id, an organization and keys of its own', async (count) => {
    const app = await startControl();
    const { sandboxes } = (await app.ask('POST', '/sandboxes', { count, name: 'ci' })).json;
    const own = sandboxes.flatMap((one: { sandbox_id: string; organization_id: string; api_keys: object }) => [
      one.sandbox_id,
      one.organization_id,
      ...Object.values(one.api_keys),
    ]);
    expect([sandboxes.length, new Set(own).size]).toEqual([count, count * 6]);
    expect(sandboxes.every(({ name }: { name: string }) => name === 'ci')).toBe(true);
    expect(await listIds(app)).toHaveLength(Math.min(100, count + 1));
  });

  it.each(ACCOUNT_TYPES)('makes an organization of the tier %s, with its credits and limits', async (account_type) => {
    const app = await startControl();
    const { organizations, api_keys } = await make(app, { account_type });
    expect(organizations).toEqual([{ organization_id: ID, organization_name: ID, account_type, api_keys: [] }]);
    const { monthly_credits: credit_count, ...rate_limits } = DEFAULT_TIERS[account_type];
    expect((await app.show(api_keys.admin)).json).toMatchObject({ account_type, credit_count, rate_limits });
  });

  it.each<[string, object, object]>([
    ['a clock, as a time', { clock: '2030-05-06T07:08:09Z' }, { clock: { frozen_at: '2030-05-06T07:08:09Z' } }],
    ['a clock, as a day', { clock: '2030-05-06' }, { clock: { frozen_at: '2030-05-06T00:00:00Z' } }],
    [
      'a frozen clock',
      { clock: { frozen_at: '2030-01-01T01:00:00+01:00' } },
      { clock: { frozen_at: '2030-01-01T00:00:00Z' } },
    ],
    ['a clock that runs', { clock: { offset_ms: -60_000 } }, { clock: { offset_ms: -60_000 } }],
    ['a clock that runs on real time', { clock: { offset_ms: 0 } }, { clock: { offset_ms: 0 } }],
    ['a mode of the limits', { limits: 'enforce' }, { limits: 'enforce' }],
    ['a version of the API', { api_version: '0.82' }, { api_version: '0.82' }],
    ['what becomes of unknown members', { unknown_fields: 'reject' }, { unknown_fields: 'reject' }],
    [
      'limits of a tier, and keeps the others',
      { tiers: { pro: { metadata: 150, monthly_credits: 7 } } },
      { tiers: { ...DEFAULT_TIERS, pro: { ...DEFAULT_TIERS.pro, metadata: 150, monthly_credits: 7 } } },
    ],
  ])('takes %s', async (_name, body, settings) => {
    const app = await startControl();
    const { sandbox_id, api_keys } = await make(app, body);
    expect(await readSettings(app, sandbox_id)).toEqual({ ...SETTINGS, ...settings });
    await app.ask('PUT', `/sandboxes/${sandbox_id}/limits`, { mode: 'off' });
    await app.ask('POST', `/sandboxes/${sandbox_id}/reset`);
    expect(await readSettings(app, sandbox_id)).toEqual({ ...SETTINGS, ...settings });
    // What is set there holds there, for whoever has a key of it.
    expect(await readSettings(app, 'default')).toEqual(SETTINGS);
    expect((await app.show(api_keys.admin)).status).toBe(200);
  });

  it('lets what is set be seen in the answers', async () => {
    const app = await startControl();
    const clock = '2030-05-06T07:08:09Z';
    const tiers = { pro: { metadata: 101 }, enterprise: { metadata: 2000 } };
    const body = { clock, tiers, limits: 'enforce', unknown_fields: 'reject' };
    const { api_keys, organization_id } = await make(app, body);
    const { headers, json } = await app.show(api_keys.admin);
    expect([headers.date, headers['x-ratelimit-limit']]).toEqual(['Mon, 06 May 2030 07:08:09 GMT', '101']);
    expect(json).toMatchObject({ organization_id, created_at: clock, updated_at: clock });
    const refused = await app.patch({ logo: 'x' }, { authorization: `Bearer ${api_keys.admin}` });
    expect([refused.status, refused.json.detail[0].type]).toEqual([422, 'extra_forbidden']);
  });

  it.each([
    ['as default was made, with the flags of this start', {}],
    ['whatever default is now', { changed: true }],
  ])('leaves what nobody says %s', async (_name, { changed }: { changed?: boolean }) => {
    const tiers = { pro: { monthly_credits: 5 } };
    const seed = { ...DEFAULT_SEED, tiers, limits: 'off' as const, api_version: '0.82' as const };
    const app = await startControl({ seed, limits: 'enforce' });
    if (changed) {
      await app.ask('PUT', `${DEFAULT}/clock`, { frozen_at: '2040-01-01T00:00:00Z' });
      await app.ask('PUT', `${DEFAULT}/state`, { version: 1, organizations: [{ organization_id: 'org_other' }] });
    }
    const { sandbox_id, api_keys } = await make(app);
    expect(await readSettings(app, sandbox_id)).toEqual({
      ...SETTINGS,
      limits: 'enforce',
      tiers: { ...DEFAULT_TIERS, pro: { ...DEFAULT_TIERS.pro, monthly_credits: 5 } },
    });
    expect((await app.show(api_keys.admin)).json.credit_count).toBe(5);
  });

  it('tells when a sandbox with a ttl goes, in real time', async () => {
    const app = await startControl();
    const before = Date.now();
    const { expires_at, sandbox_id } = await make(app, { ttl_seconds: 600, clock: '2030-01-01T00:00:00Z' });
    const ttl = Date.parse(expires_at) - before;
    expect(ttl >= 600_000 && ttl < 630_000).toBe(true);
    expect((await app.ask('GET', `/sandboxes/${sandbox_id}`)).json.ttl_left_seconds).toBe(600);
  });

  it('isolates clients by their keys alone', async () => {
    const app = await startControl();
    const [{ api_keys: a }, { api_keys: b }] = (await app.ask('POST', '/sandboxes', { count: 2 })).json.sandboxes;
    const before = [await app.show(b.admin), await app.show(ADMIN)].map(({ text }) => text);
    expect((await app.patch({ organization_name: 'A' }, { authorization: `Bearer ${a.admin}` })).status).toBe(200);
    expect((await app.show(a.read)).json.organization_name).toBe('A');
    expect([await app.show(b.admin), await app.show(ADMIN)].map(({ text }) => text)).toEqual(before);
  });
});
