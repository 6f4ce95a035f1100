import { describe, expect, it } from 'vitest';
import { hashApiKey } from '../../src/domain/api-key.ts';
import type { SeedContent } from '../../src/seed/content.ts';
import { ACME, ADMIN, buildTestApp, errorBody, openMemoryStore } from '../support/harness.ts';

const NO_HEADER = 'Missing Authorization header';
const NO_BEARER = "Authorization must be 'Bearer <api key>'";
const MALFORMED = 'Malformed API key';
const INVALID = 'Invalid API key';

describe('a key that is not let in', () => {
  it.each([
    [null, NO_HEADER],
    ['', NO_HEADER],
    ['Bearer', NO_BEARER],
    ['Basic c2tfdGVzdF94eXo3ODk6', NO_BEARER],
    [ADMIN, NO_BEARER],
    [`Bearer${ADMIN}`, NO_BEARER],
    [`Bearer\t${ADMIN}`, NO_BEARER],
    ['Bearer sk_', MALFORMED],
    ['Bearer mxp_sk_', MALFORMED],
    ['Bearer xsk_abc', MALFORMED],
    ['Bearer sk_test_a.b', MALFORMED],
    ['Bearer pk_live_abc', MALFORMED],
    ['Bearer SK_TEST_xyz789', MALFORMED],
    [`Bearer \xa0${ADMIN}`, MALFORMED],
    [`Bearer ${ADMIN}\x0b`, MALFORMED],
    [`Bearer ${ADMIN}-1`, INVALID],
    ['Bearer sk_test_', INVALID],
    ['Bearer sk_live_replace_me', INVALID],
    ['Bearer sk_1234567890abcdef', INVALID],
    ['Bearer mxp_sk_-bV3_qZ0', INVALID],
    ['Bearer ret_sk_Zm9v', INVALID],
    [`Bearer ${ADMIN} ${ADMIN}`, MALFORMED],
    [`Bearer sk_test_${'a'.repeat(121)}`, MALFORMED],
    [`Bearer sk_test_${'a'.repeat(120)}`, INVALID],
    ['Bearer sk_test_unknown', INVALID],
    ['Bearer sk_live_xyz789', INVALID],
    ['Bearer sk_test_revoked', INVALID],
    ['Bearer sk_test_expired', INVALID],
  ])('%s is a 401 that says: %s', async (authorization, message) => {
    const { get } = await buildTestApp();
    const answer = await get({ authorization });
    expect(answer.status).toBe(401);
    expect(answer.json).toEqual(errorBody(401, 'UnauthorizedError', message));
    expect(answer.headers['www-authenticate']).toBe('Bearer');
    expect(answer.headers['x-mixpeek-mock-hint']).toBeTruthy();
  });

  it.each([
    ['sk_live_secretsecret', 'sk_live_se... is unknown'],
    ['mxp_sk_ab', 'mxp_sk_a... is unknown'],
    ['sk_test_revoked', 'sk_test_re... is revoked'],
    ['sk_test_expired', 'sk_test_ex... is expired'],
  ])('%s is named in the hint and in the log line, by its prefix: %s', async (key, which) => {
    const { get, log } = await buildTestApp();
    const hint = `the key ${which}; keys of this server: see its banner, or --api-key`;
    expect((await get({ authorization: `bearer  ${key}\t` })).headers['x-mixpeek-mock-hint']).toBe(hint);
    expect(log.map((line) => JSON.parse(line).hint)).toEqual([hint]);
  });

  it('takes spaces and tabs around the key', async () => {
    const { get } = await buildTestApp();
    for (const around of [`  ${ADMIN}`, `${ADMIN} \t`, `\t ${ADMIN}`]) {
      expect((await get({ authorization: `Bearer ${around}` })).status).toBe(200);
    }
  });

  it.each(['sk_1234567890abcdef', 'mxp_sk_-bV3_qZ0xK4mN8', 'ret_sk_Zm9v-YmFy', `sk_${'x'.repeat(125)}`])(
    '%s, as the real service issues them, can be used',
    async (key) => {
      const seed: SeedContent = { version: 1, organizations: [{ organization_id: 'org_a', api_keys: [{ key }] }] };
      const { get } = await buildTestApp({ seed });
      expect((await get({ authorization: `Bearer ${key}` })).json.organization_id).toBe('org_a');
    },
  );

  it('takes the scheme in any letter case', async () => {
    const { get } = await buildTestApp();
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
      expect((await get({ authorization: `${scheme} ${ADMIN}` })).status).toBe(200);
    }
  });

  it('expires by the clock of the sandbox, at the very millisecond', async () => {
    const { get, advance } = await buildTestApp({
      seed: {
        version: 1,
        organizations: [
          {
            organization_id: 'org_a',
            api_keys: [{ key: 'sk_test_short', expires_at: '2026-01-01T00:00:01Z' }],
          },
        ],
      },
    });
    const authorization = 'Bearer sk_test_short';
    await advance(999);
    expect((await get({ authorization })).status).toBe(200);
    await advance(1);
    const expired = await get({ authorization });
    expect(expired.status).toBe(401);
    expect(expired.headers['x-mixpeek-mock-hint']).toMatch(/^the key sk_test_sh\.\.\. is expired;/);
  });

  it('a key known by its hash alone is let in', async () => {
    const { get } = await buildTestApp({
      seed: {
        version: 1,
        organizations: [
          {
            organization_id: 'org_a',
            api_keys: [{ key_hash: hashApiKey('sk_test_hashed'), key_prefix: 'sk_test_ha', permissions: ['read'] }],
          },
        ],
      },
    });
    expect((await get({ authorization: 'Bearer sk_test_hashed' })).json.organization_id).toBe('org_a');
  });
});

describe('permissions', () => {
  it.each([
    ['sk_test_xyz789', 'admin', 200, 200],
    ['sk_test_deleter', 'delete', 200, 403],
    ['sk_test_writer', 'write', 200, 403],
    ['sk_test_readonly', 'read', 200, 403],
  ])('%s (%s) may GET (%i) and PATCH (%i)', async (key, permission, mayGet, mayPatch) => {
    const { get, patch } = await buildTestApp();
    const authorization = `Bearer ${key}`;
    expect((await get({ authorization })).status).toBe(mayGet);
    const answer = await patch({ organization_name: 'New' }, { authorization });
    expect(answer.status).toBe(mayPatch);
    if (mayPatch === 403) {
      const details = { required: 'admin', granted: [permission] };
      expect(answer.json).toEqual(errorBody(403, 'ForbiddenError', 'Insufficient permissions', details));
      expect(answer.headers['x-mixpeek-mock-hint']).toContain('admin');
      expect((await get()).json).toEqual(ACME);
    }
  });
});

describe('keys stay secret', () => {
  it('no log line holds a whole key, wherever it was sent', async () => {
    const { get, patch, log } = await buildTestApp({ level: 'trace' });
    const key = 'sk_live_abc123def456';
    const encoded = key.replaceAll('_', '%5F').replace('a', '%61');
    await get({ url: `/v1/${key}` });
    await get({ url: `/v1/${encoded}` });
    await get({ url: `/${key}?key=${key}`, headers: { 'x-request-id': key, 'user-agent': key } });
    await get({ authorization: `Basic ${key}` });
    await patch(`{"${key}":"${key}"`);
    await patch({ organization_name: key });
    expect(log.length).toBeGreaterThanOrEqual(6);
    expect(log.join('')).not.toMatch(/abc123def456|%61bc123def456/);
  });

  it('neither answers nor errors repeat a key', async () => {
    const { get, patch } = await buildTestApp();
    const answers = [
      await get(),
      await get({ authorization: 'Bearer sk_test_secretvalue' }),
      await get({ url: '/v1/sk_test_secretvalue' }),
      await patch({ rate_limits: { search: 'sk_test_secretvalue' } }),
    ];
    for (const { text, headers } of answers) {
      expect(text + JSON.stringify(headers)).not.toMatch(/secretvalue|xyz789|"key_|"int_[0-9a-f]/);
    }
  });
});

it('a store that has to wait for what it reads allows the same keys', async () => {
  const store = openMemoryStore();
  const find = async (keyHash: string) => {
    await new Promise((resolve) => setImmediate(resolve));
    return store.find(keyHash);
  };
  const { get } = await buildTestApp({ store: Object.create(store, { find: { value: find } }) });
  const statuses = [ADMIN, 'sk_test_free', 'sk_test_revoked', 'sk_test_unknown'].map(
    async (key) => (await get({ authorization: `Bearer ${key}` })).status,
  );
  expect(await Promise.all(statuses)).toEqual([200, 200, 401, 401]);
});
