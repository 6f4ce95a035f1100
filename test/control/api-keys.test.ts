import { describe, expect, it } from 'vitest';
import { hashApiKey, KEY_STATUSES, PERMISSIONS, toApiKeyId } from '../../src/domain/api-key.ts';
import { KEY_FORM } from '../../src/domain/redact.ts';
import { toKnownKey } from '../../src/seed/build.ts';
import { type ControlApp, DEFAULT, invalid, startControl } from '../support/control.ts';
import { ACME, ADMIN, errorBody } from '../support/harness.ts';

const API_KEYS = `${DEFAULT}/api-keys`;
const toId = (key: string) => toApiKeyId(hashApiKey(key));
const NOT_FOUND = errorBody(404, 'NotFoundError', 'Not Found');
const UNAUTHORIZED = errorBody(401, 'UnauthorizedError', 'Invalid API key');
const ACTIVE = {
  organization_id: 'org_demo123',
  name: null,
  permissions: ['admin'],
  status: 'active',
  expires_at: null,
};
const OF_ADMIN = { ...ACTIVE, api_key_id: toId(ADMIN), key_prefix: 'sk_test_xy' };

const change = async ({ ask }: ControlApp, body: object, key = ADMIN) =>
  (await ask('PATCH', `${API_KEYS}/${toId(key)}`, body)).json;

describe('GET …/api-keys', () => {
  it('lists every key, oldest first, without hash or key', async () => {
    const app = await startControl();
    const { json, text } = await app.ask('GET', API_KEYS);
    expect([json.api_keys.length, json.next]).toEqual([10, null]);
    expect(json.api_keys[1]).toEqual(OF_ADMIN);
    expect(json.api_keys[5]).toEqual({
      ...ACTIVE,
      api_key_id: toId('sk_test_revoked'),
      key_prefix: 'sk_test_re',
      status: 'revoked',
    });
    expect(text).not.toMatch(/[0-9a-f]{64}|sk_test_xyz789|sk_live_abc123def456/);
  });

  it('pages, granted keys included', async () => {
    const app = await startControl();
    await app.store.grant('default', [toKnownKey('sk_test_granted', 'org_free', 'read', '--api-key').api_key]);
    const all = (await app.ask('GET', API_KEYS)).json.api_keys;
    const first = (await app.ask('GET', `${API_KEYS}?limit=6`)).json;
    const second = (await app.ask('GET', `${API_KEYS}?limit=6&cursor=${first.next}`)).json;
    expect(all.at(-1)).toEqual({
      ...ACTIVE,
      organization_id: 'org_free',
      api_key_id: toId('sk_test_granted'),
      key_prefix: 'sk_test_gr',
      name: '--api-key',
      permissions: ['read'],
    });
    expect([first.api_keys, second]).toEqual([all.slice(0, 6), { api_keys: all.slice(6), next: null }]);
  });
});

describe('POST …/api-keys', () => {
  it.each([
    [undefined, /^sk_test_[A-Za-z0-9_-]{32}$/],
    ['test', /^sk_test_[A-Za-z0-9_-]{32}$/],
    ['live', /^sk_live_[A-Za-z0-9_-]{32}$/],
  ])('makes a new key of the type %s, and shows it this once', async (type, form) => {
    const app = await startControl();
    const { status, json } = await app.ask('POST', API_KEYS, { type });
    const { key } = json;
    const made = { ...ACTIVE, api_key_id: toId(key), key_prefix: key.slice(0, 10) };
    expect([status, json, form.test(key)]).toEqual([201, { ...made, key }, true]);
    expect((await app.ask('GET', API_KEYS)).json.api_keys.at(-1)).toEqual(made);
    expect((await app.show(key)).json).toEqual(ACME);
  });

  it('makes one of every member', async () => {
    const app = await startControl();
    const members = {
      organization_id: 'org_team',
      name: 'ci',
      permissions: ['read', 'write'],
      status: 'active',
      expires_at: '2026-01-01T00:00:01Z',
    };
    const { json } = await app.ask('POST', API_KEYS, { ...members, key: 'mxp_sk_of_your_ci' });
    const key = { key: 'mxp_sk_of_your_ci', api_key_id: toId('mxp_sk_of_your_ci'), key_prefix: 'mxp_sk_of_' };
    expect(json).toEqual({ ...members, ...key });
    expect((await app.show('mxp_sk_of_your_ci')).json.organization_id).toBe('org_team');
    await app.advance(1000);
    expect((await app.show('mxp_sk_of_your_ci')).json).toEqual(UNAUTHORIZED);
  });

  it.each(PERMISSIONS)('with the permission %s allows what that allows', async (permission) => {
    const app = await startControl();
    const { key } = (await app.ask('POST', API_KEYS, { permissions: [permission] })).json;
    const { status, json } = await app.patch({}, { authorization: `Bearer ${key}` });
    const details = { required: 'admin', granted: [permission] };
    if (permission === 'admin') expect([status, json]).toEqual([200, ACME]);
    else expect(json).toEqual(errorBody(403, 'ForbiddenError', 'Insufficient permissions', details));
  });

  it.each(KEY_STATUSES)('of the status %s is known', async (status) => {
    const app = await startControl();
    const { key } = (await app.ask('POST', API_KEYS, { status })).json;
    const answer = await app.show(key);
    expect(answer.status).toBe(status === 'active' ? 200 : 401);
    if (status !== 'active') expect(answer.headers['x-mixpeek-mock-hint']).toContain(`is ${status}; `);
  });

  it('refuses a key that the sandbox has, under whatever id', async () => {
    const app = await startControl();
    const seed = {
      version: 1,
      organizations: [{ organization_id: 'org_a', api_keys: [{ key: 'sk_test_named', api_key_id: 'key_ci' }] }],
    };
    await app.ask('PUT', '/sandboxes/a/state', seed);
    const { status, json } = await app.ask('POST', '/sandboxes/a/api-keys', { key: 'sk_test_named' });
    expect([status, json]).toEqual([409, errorBody(409, 'ConflictError', 'The sandbox has the key sk_test_na…')]);
    const known = await app.ask('POST', API_KEYS, { key: ADMIN, permissions: ['read'] });
    expect(known.json).toEqual(errorBody(409, 'ConflictError', 'The sandbox has the key sk_test_xy…'));
    expect((await app.ask('GET', API_KEYS)).json.api_keys[1]).toEqual(OF_ADMIN);
  });

  it('refuses a key that another sandbox has, or has in a snapshot', async () => {
    const app = await startControl();
    const [{ sandbox_id }] = (await app.ask('POST', '/sandboxes', {})).json.sandboxes;
    const add = () => app.ask('POST', `/sandboxes/${sandbox_id}/api-keys`, { key: ADMIN });
    const message = 'The key sk_test_xy… belongs to the sandbox default';
    const taken = errorBody(409, 'ConflictError', message, { sandbox_id: 'default', key_prefix: 'sk_test_xy' });
    expect((await add()).json).toEqual(taken);
    await app.ask('DELETE', `${API_KEYS}/${toId(ADMIN)}`);
    expect((await add()).json).toEqual(taken);
    expect((await app.ask('GET', `/sandboxes/${sandbox_id}`)).json.api_keys).toBe(4);
  });

  const NO_PERMISSION = 'expected at least one permission; read, write, delete, admin';
  it.each<[string, unknown, (string | number)[], string]>([
    [
      'an unknown organization',
      { organization_id: 'org_nope' },
      ['organization_id'],
      'the sandbox has no such organization',
    ],
    ['a type beside a key', { type: 'live', key: 'sk_live_x' }, ['type'], 'goes without key only'],
    ['another type', { type: 'prod' }, ['type'], 'expected one of live, test'],
    ['what is not a key', { key: 'x' }, ['key'], `expected ${KEY_FORM}`],
    ['a key too long', { key: `sk_${'x'.repeat(126)}` }, ['key'], `expected ${KEY_FORM}`],
    ['no permission', { permissions: [] }, ['permissions'], NO_PERMISSION],
    ['another permission', { permissions: ['read', 'wirte'] }, ['permissions', 1], 'did you mean write?'],
    ['a permission alone', { permissions: 'read' }, ['permissions'], 'expected a list, found text'],
    ['another status', { status: 'actve' }, ['status'], 'did you mean active?'],
    ['another time', { expires_at: 'soon' }, ['expires_at'], 'expected a time like 2027-01-01T00:00:00Z'],
    [
      'a name that cannot be stored',
      { name: 'a\0' },
      ['name'],
      'null characters and unpaired surrogates are not allowed',
    ],
    ['an unknown member', { permission: ['read'] }, ['permission'], 'unknown member: did you mean permissions?'],
  ])('refuses %s', async (_name, body, loc, msg) => {
    const app = await startControl();
    const { status, json } = await app.ask('POST', API_KEYS, body);
    expect([status, json]).toEqual([422, invalid([loc, msg])]);
    expect((await app.ask('GET', API_KEYS)).json.api_keys).toHaveLength(10);
  });
});

describe('PATCH …/api-keys/ID', () => {
  it.each<[string, object]>([
    ['status', { status: 'revoked' }],
    ['permissions', { permissions: ['read', 'delete'] }],
    ['expires_at', { expires_at: '2030-01-01T00:00:00Z' }],
    ['name', { name: 'ci' }],
  ])('changes %s alone', async (_name, body) => {
    const app = await startControl();
    expect(await change(app, body)).toEqual({ ...OF_ADMIN, ...body });
    expect(await change(app, {})).toEqual({ ...OF_ADMIN, ...body });
    expect((await app.ask('GET', API_KEYS)).json.api_keys[1]).toEqual({ ...OF_ADMIN, ...body });
  });

  it('takes end and name away again', async () => {
    const app = await startControl();
    await change(app, { expires_at: '2020-01-01', name: 'ci' });
    expect((await app.get()).json).toEqual(UNAUTHORIZED);
    expect(await change(app, { expires_at: null, name: null })).toEqual(OF_ADMIN);
    expect((await app.get()).json).toEqual(ACME);
  });

  it('holds from the next request on', async () => {
    const app = await startControl();
    const hint = async () => (await app.get()).headers['x-mixpeek-mock-hint'];
    expect((await app.get()).json).toEqual(ACME);
    await change(app, { status: 'revoked' });
    expect((await app.get()).json).toEqual(UNAUTHORIZED);
    expect(await hint()).toMatch(/^the key sk_test_xy\.\.\. is revoked; /);
    await change(app, { status: 'expired' });
    expect(await hint()).toMatch(/^the key sk_test_xy\.\.\. is expired; /);
    await change(app, { status: 'active', permissions: ['write'] });
    expect([(await app.get()).status, (await app.patch({})).status]).toEqual([200, 403]);
  });

  it('lets a key expire by the clock of the sandbox', async () => {
    const app = await startControl();
    await change(app, { expires_at: '2026-01-01T00:00:00.001Z' });
    expect((await app.get()).status).toBe(200);
    await app.advance(1);
    expect((await app.get()).headers['x-mixpeek-mock-hint']).toMatch(/ is expired; /);
  });

  it.each<[string, unknown, (string | number)[], string]>([
    ['another status', { status: 'off' }, ['status'], 'expected one of active, revoked, expired'],
    [
      'no permission',
      { permissions: [] },
      ['permissions'],
      'expected at least one permission; read, write, delete, admin',
    ],
    [
      'the organization',
      { organization_id: 'org_free' },
      ['organization_id'],
      expect.stringMatching(/^unknown member: /),
    ],
    ['the key', { key: 'sk_test_x' }, ['key'], expect.stringMatching(/^unknown member: /)],
  ])('refuses %s', async (_name, body, loc, msg) => {
    const app = await startControl();
    expect(await change(app, body as object)).toEqual(invalid([loc, msg]));
    expect((await app.get()).json).toEqual(ACME);
  });
});

describe('DELETE …/api-keys/ID', () => {
  it('removes a key and its buckets, which can be made anew', async () => {
    const app = await startControl();
    await app.get();
    await app.show('sk_test_readonly');
    const { status, text } = await app.ask('DELETE', `${API_KEYS}/${toId(ADMIN)}`);
    expect([status, text]).toEqual([204, '']);
    const unknown = await app.get();
    expect(unknown.json).toEqual(UNAUTHORIZED);
    expect(unknown.headers['x-mixpeek-mock-hint']).toMatch(/ is unknown; /);
    const { buckets } = (await app.ask('GET', `${DEFAULT}/limits`)).json;
    const ids = buckets.map(({ api_key_id }: { api_key_id: string }) => api_key_id);
    expect([...new Set(ids)]).toEqual([toId('sk_test_readonly')]);
    expect((await app.ask('POST', API_KEYS, { key: ADMIN })).json).toEqual({ ...OF_ADMIN, key: ADMIN });
    expect((await app.get()).headers['x-ratelimit-remaining']).toBe('99');
  });

  it.each([
    ['PATCH', {}],
    ['DELETE', undefined],
  ])('of one that there is not is a 404, as is %s', async (method, body) => {
    const app = await startControl();
    await app.ask('POST', '/sandboxes', {});
    const [, { sandbox_id }] = (await app.ask('GET', '/sandboxes')).json.sandboxes;
    for (const [sandbox, id] of [
      ['default', 'key_nope'],
      [sandbox_id, toId(ADMIN)],
    ]) {
      const { json, headers } = await app.ask(method, `/sandboxes/${sandbox}/api-keys/${id}`, body);
      expect(json).toEqual(NOT_FOUND);
      expect(headers['x-mixpeek-mock-hint']).toBe(`GET /_mock/sandboxes/${sandbox}/api-keys lists what there is`);
    }
    expect((await app.get()).json).toEqual(ACME);
  });
});
