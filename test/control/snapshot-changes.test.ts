import { describe, expect, it } from 'vitest';
import { readSeedText } from '../../src/seed/file.ts';
import { type ControlApp, DEFAULT, startControl } from '../support/control.ts';
import { FULL_SEED } from '../support/full.ts';
import { ADMIN } from '../support/harness.ts';

const SNAPSHOTS = `${DEFAULT}/snapshots`;
const readChanges = async ({ ask }: ControlApp, name = 'initial') =>
  (await ask('GET', `${SNAPSHOTS}/${name}/changes`)).json;

describe('what differs from a snapshot', () => {
  it('is nothing at first', async () => {
    expect(await readChanges(await startControl())).toEqual({ changes: [], more: 0 });
  });

  it('is listed member by member: settings, organizations and keys, without hashes', async () => {
    const app = await startControl();
    await app.ask('PUT', `${DEFAULT}/limits`, { mode: 'off' });
    await app.ask('PUT', `${DEFAULT}/clock`, { frozen_at: '2030-01-01T00:00:00Z' });
    await app.patch({ organization_name: 'Changed', logo_url: 'https://a.example', rate_limits: { data: 7 } });
    await app.ask('DELETE', `${DEFAULT}/organizations/org_free`);
    const organization = (await app.ask('POST', `${DEFAULT}/organizations`, { organization_id: 'org_new' })).json;
    const { api_keys } = (await app.ask('GET', `${DEFAULT}/api-keys`)).json;
    const [demo, admin, deleter] = api_keys.map(({ api_key_id }: { api_key_id: string }) => api_key_id);
    await app.ask('PATCH', `${DEFAULT}/api-keys/${admin}`, { status: 'revoked', name: 'ci', expires_at: '2040-01-01' });
    await app.ask('DELETE', `${DEFAULT}/api-keys/${deleter}`);
    await app.ask('PATCH', `${DEFAULT}/api-keys/${demo}`, { permissions: ['read', 'write'] });
    const made = (await app.ask('POST', `${DEFAULT}/api-keys`, { key: 'sk_test_known', name: 'known' })).json;
    const { tier_limits: _, rate_limits: __, ...members } = organization;
    const acme = { kind: 'organizations', id: 'org_demo123' };
    const ofAdmin = { kind: 'api_keys', id: admin };
    expect(await readChanges(app)).toEqual({
      changes: [
        {
          kind: 'settings',
          id: null,
          member: 'clock',
          before: { frozen_at: '2026-01-01T00:00:00Z' },
          after: { frozen_at: '2030-01-01T00:00:00Z' },
        },
        { kind: 'settings', id: null, member: 'limits', before: 'headers', after: 'off' },
        { ...acme, member: 'organization_name', before: 'Acme Corporation', after: 'Changed' },
        { ...acme, member: 'logo_url', before: null, after: 'https://a.example' },
        { ...acme, member: 'rate_limits_override', before: {}, after: { data: 7 } },
        { ...acme, member: 'updated_at', before: '2025-01-01T00:00:00Z', after: '2030-01-01T00:00:00Z' },
        {
          kind: 'organizations',
          id: 'org_free',
          member: null,
          before: expect.objectContaining({ organization_id: 'org_free', account_type: 'free' }),
          after: null,
        },
        { kind: 'organizations', id: 'org_new', member: null, before: null, after: members },
        { kind: 'api_keys', id: demo, member: 'permissions', before: ['admin'], after: ['read', 'write'] },
        { ...ofAdmin, member: 'status', before: 'active', after: 'revoked' },
        { ...ofAdmin, member: 'name', before: null, after: 'ci' },
        { ...ofAdmin, member: 'expires_at', before: null, after: '2040-01-01T00:00:00Z' },
        {
          kind: 'api_keys',
          id: deleter,
          member: null,
          before: {
            organization_id: 'org_demo123',
            api_key_id: deleter,
            key_prefix: 'sk_test_de',
            permissions: ['delete'],
            status: 'active',
          },
          after: null,
        },
        {
          kind: 'api_keys',
          id: expect.any(String),
          member: null,
          before: expect.objectContaining({ organization_id: 'org_free' }),
          after: null,
        },
        {
          kind: 'api_keys',
          id: made.api_key_id,
          member: null,
          before: null,
          after: {
            organization_id: 'org_demo123',
            api_key_id: made.api_key_id,
            key_prefix: 'sk_test_kn',
            name: 'known',
            permissions: ['admin'],
            status: 'active',
          },
        },
      ],
      more: 0,
    });
    expect((await app.ask('GET', `${SNAPSHOTS}/initial/changes`)).text).not.toMatch(/[0-9a-f]{64}/);
  });

  it('has every digit and name of metadata', async () => {
    const app = await startControl({ seed: await readSeedText(FULL_SEED, false, (content) => content) });
    const body = '{"metadata":{"id":12345678901234567891,"__proto__":1.10},"users":[]}';
    await app.ask('PATCH', `${DEFAULT}/organizations/org_full`, body);
    const { text } = await app.ask('GET', `${SNAPSHOTS}/initial/changes`);
    const of = '{"kind":"organizations","id":"org_full","member":';
    expect(text).toBe(
      `{"changes":[${of}"metadata","before":{"id":12345678901234567890,"10":1.10,"2":[null,{"__proto__":"x"}]},"after":{"id":12345678901234567891,"__proto__":1.10}},` +
        `${of}"updated_at","before":"2025-03-01T01:02:03Z","after":"2026-01-01T00:00:00Z"},` +
        `${of}"users","before":[{"user_id":"usr_1","seats":98765432109876543210},{}],"after":[]}],"more":0}`,
    );
  });

  it('is what the flags of this start do not say, as a reset brings that back', async () => {
    const app = await startControl({ limits: 'enforce' });
    expect(await readChanges(app)).toEqual({ changes: [], more: 0 });
    for (const back of ['reset', 'snapshots/initial/restore']) {
      await app.ask('PUT', `${DEFAULT}/limits`, { mode: 'off' });
      await app.ask('POST', `${DEFAULT}/${back}`);
      expect((await app.ask('GET', `${DEFAULT}/limits`)).json.mode).toBe('enforce');
    }
  });

  it('is gone after a restore, and is what came since', async () => {
    const app = await startControl();
    await app.patch({ organization_name: 'Changed' });
    await app.ask('PUT', `${SNAPSHOTS}/a`);
    expect(await readChanges(app, 'a')).toEqual({ changes: [], more: 0 });
    await app.ask('POST', `${DEFAULT}/reset`);
    expect(await readChanges(app)).toEqual({ changes: [], more: 0 });
    const { changes } = await readChanges(app, 'before-reset');
    expect(changes[0]).toEqual({
      kind: 'organizations',
      id: 'org_demo123',
      member: 'organization_name',
      before: 'Changed',
      after: 'Acme Corporation',
    });
  });

  it('of very many is shown in part, with how many are left out', async () => {
    const app = await startControl();
    const organizations = Array.from({ length: 1001 }, (_, index) => ({ organization_id: `org_${index}` }));
    await app.ask('PUT', `${DEFAULT}/state`, { version: 1, organizations });
    const { changes, more } = await readChanges(app);
    expect([changes.length, more]).toEqual([1000, 4 + 1001 + 10 - 1000]);
    expect((await app.get({ authorization: `Bearer ${ADMIN}` })).status).toBe(401);
  });
});
