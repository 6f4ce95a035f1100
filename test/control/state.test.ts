import { describe, expect, it } from 'vitest';
import { DEFAULT_TIERS } from '../../src/domain/rate-limits.ts';
import { readSeedText } from '../../src/seed/file.ts';
import { DEFAULT, REPLACED, startControl } from '../support/control.ts';
import { FULL_ANSWER, FULL_KEY, FULL_SEED } from '../support/full.ts';
import { ACME, ADMIN, errorBody, MIB } from '../support/harness.ts';

const YAML = { 'content-type': 'application/yaml' };
const AS_YAML = { headers: { accept: 'application/yaml' } };
const HASH = 'd3f00b9c0bf3dd4a1b62dc5cf7d8b4bd1f1b7e9cb7a8c2a39d0c3f4b5a697887';
const ORG = {
  organization_id: 'org_a',
  organization_name: 'A',
  logo_url: null,
  account_type: 'free',
  credit_count: 5,
  metadata: {},
  billing_email: null,
  rate_limits_override: {},
  auto_billing_enabled: false,
  billing_cycle_start: 1,
  current_month_usage: 0,
  created_at: '2025-01-01T00:00:00Z',
  updated_at: '2025-01-01T00:00:00Z',
  users: null,
  notifications_email: null,
  default_llm_credentials: {},
  nsfw_check_enabled: false,
  nsfw_fail_closed: false,
  auth_provider_org_id: null,
  api_url: null,
  api_keys: [
    { api_key_id: 'key_a', key_hash: HASH, key_prefix: 'sk_test_a', permissions: ['read'], status: 'revoked' },
  ],
};
const STATE = {
  version: 1,
  clock: { frozen_at: '2026-01-01T00:00:00Z' },
  limits: 'headers',
  tiers: DEFAULT_TIERS,
  api_version: '0.81',
  unknown_fields: 'ignore',
  faults: [],
  organizations: [ORG],
};

const startFull = async () => startControl({ seed: await readSeedText(FULL_SEED, false, (content) => content) });

describe('GET …/state', () => {
  it('is the whole state as a seed file, with hashes of the keys', async () => {
    const app = await startControl();
    await app.ask('PUT', `${DEFAULT}/state`, STATE);
    const json = await app.ask('GET', `${DEFAULT}/state`);
    expect([json.headers['content-type'], json.json]).toEqual(['application/json', STATE]);
    const yaml = await app.ask('GET', `${DEFAULT}/state`, undefined, AS_YAML);
    expect(yaml.headers['content-type']).toBe('application/yaml');
    expect(yaml.text).toMatch(/^version: 1\nclock: /);
  });

  it.each([
    [undefined, 'application/json'],
    ['*/*', 'application/json'],
    ['application/json', 'application/json'],
    ['application/yaml', 'application/yaml'],
    ['text/yaml, application/json;q=0.5', 'application/yaml'],
    ['application/x-yaml', 'application/yaml'],
  ])('with Accept: %s is %s', async (accept, type) => {
    const { ask } = await startControl();
    const { headers } = await ask('GET', `${DEFAULT}/state`, undefined, { headers: accept ? { accept } : {} });
    expect(headers['content-type']).toBe(type);
  });

  it('has no key in plain', async () => {
    const app = await startControl();
    await app.ask('POST', `${DEFAULT}/api-keys`, { key: 'sk_live_known_already' });
    for (const more of [{}, AS_YAML]) {
      const { text } = await app.ask('GET', `${DEFAULT}/state`, undefined, more);
      for (const key of [ADMIN, 'sk_test_revoked', 'sk_live_known_already']) expect(text).not.toContain(key);
    }
  });

  it.each<[string, Record<string, string>, object]>([
    ['JSON', {}, {}],
    ['YAML', YAML, AS_YAML],
  ])('can be put back, byte for byte: %s', async (_name, headers, more) => {
    const app = await startFull();
    const { text } = await app.ask('GET', `${DEFAULT}/state`, undefined, more);
    const other = await startControl();
    await other.ask('PUT', `${DEFAULT}/state`, text, { headers });
    expect((await other.ask('GET', `${DEFAULT}/state`, undefined, more)).text).toBe(text);
    expect((await other.show(FULL_KEY)).text).toBe(FULL_ANSWER['0.81']);
    // The same in the other form.
    const [one, two] = [app, other].map(({ ask }) => ask('GET', `${DEFAULT}/state`));
    expect((await two)?.text).toBe((await one)?.text);
  });
});

describe('PUT …/state', () => {
  it.each<[string, string, Record<string, string>]>([
    ['JSON', JSON.stringify(STATE), {}],
    ['YAML', `version: 1\nclock: 2026-01-01T00:00:00Z\norganizations:\n  - ${JSON.stringify(ORG)}\n`, YAML],
    [
      'YAML by an older name',
      `version: 1\norganizations:\n  - ${JSON.stringify(ORG)}\n`,
      { 'content-type': 'text/x-yaml' },
    ],
    ['JSON sent as YAML', JSON.stringify(STATE), YAML],
    ['JSON with a byte order mark', `\ufeff${JSON.stringify(STATE)}`, {}],
  ])('replaces all by %s, and tells what was replaced', async (_name, body, headers) => {
    const app = await startControl();
    await app.get();
    await app.ask('PUT', `${DEFAULT}/limits`, { mode: 'off' });
    const { status, json } = await app.ask('PUT', `${DEFAULT}/state`, body, { headers });
    expect(status).toBe(200);
    expect(json).toEqual({
      sandbox_id: 'default',
      organizations: 1,
      api_keys: 1,
      replaced: REPLACED,
      before: 'before-reset',
    });
    expect((await app.ask('GET', `${DEFAULT}/state`)).json).toEqual(STATE);
    expect((await app.ask('GET', `${DEFAULT}/requests`)).json).toEqual({ requests: [], next: null, dropped: 0 });
    expect((await app.ask('GET', `${DEFAULT}/limits`)).json.buckets).toEqual([]);
    expect((await app.get()).status).toBe(401);
  });

  it('leaves the state that a reset goes back to', async () => {
    const app = await startControl();
    await app.ask('PUT', `${DEFAULT}/state`, STATE);
    await app.ask('POST', `${DEFAULT}/reset`);
    expect((await app.get()).json).toEqual(ACME);
  });

  it('makes a sandbox of an id that there was not, with the keys of the seed and no others', async () => {
    const app = await startControl();
    const seed = { ...STATE, organizations: [{ ...ORG, api_keys: [{ key: 'sk_test_new' }] }] };
    const { status, json } = await app.ask('PUT', '/sandboxes/My-sandbox_1/state', seed);
    expect([status, json]).toEqual([
      201,
      { sandbox_id: 'My-sandbox_1', organizations: 1, api_keys: 1, replaced: [], before: null },
    ]);
    expect((await app.show('sk_test_new')).json.organization_id).toBe('org_a');
    expect((await app.ask('GET', '/sandboxes/My-sandbox_1/api-keys')).json.api_keys).toHaveLength(1);
    const { snapshots } = (await app.ask('GET', '/sandboxes/My-sandbox_1/snapshots')).json;
    expect(snapshots).toEqual([{ name: 'initial', created_at: expect.any(String), organizations: 1, api_keys: 1 }]);
    await app.patch({ organization_name: 'Changed' }, { authorization: 'Bearer sk_test_new' });
    await app.ask('POST', '/sandboxes/My-sandbox_1/reset');
    expect((await app.show('sk_test_new')).json.organization_name).toBe('A');
  });

  it('leaves what the seed does not say as default was made, with the flags of this start', async () => {
    const tiers = { enterprise: { monthly_credits: 5 } };
    const seed = await readSeedText(
      'version: 1\norganizations: [{ organization_id: org_z }]',
      false,
      (content) => content,
    );
    const app = await startControl({ seed: { ...seed, tiers }, limits: 'enforce' });
    for (const id of ['default', 'new']) {
      await app.ask('PUT', `/sandboxes/${id}/state`, {
        version: 1,
        organizations: [{ organization_id: 'org_a', account_type: 'enterprise' }],
      });
      const { json } = await app.ask('GET', `/sandboxes/${id}/state`);
      expect([json.limits, json.tiers.enterprise.monthly_credits, json.organizations[0].credit_count]).toEqual([
        'enforce',
        5,
        5,
      ]);
      expect(json.organizations[0].created_at).toBe('2026-01-01T00:00:00Z');
    }
  });

  const LONGEST = 'x'.repeat(64);
  it.each([
    ['%20', 400],
    ['a.b', 400],
    ['%C3%A4', 400],
    [`${LONGEST}x`, 400],
    [LONGEST, 201],
    ['delete', 201],
  ])('for the id %s is a %i', async (id, status) => {
    const app = await startControl();
    const answer = await app.ask('PUT', `/sandboxes/${id}/state`, STATE);
    expect(answer.status).toBe(status);
    const message = 'The path is wrong: sandbox_id: expected letters, digits, _ and -, 64 at most';
    if (status === 400) expect(answer.json).toEqual(errorBody(400, 'BadRequestError', message));
    else expect((await app.ask('GET', `/sandboxes/${id}`)).json.sandbox_id).toBe(id);
  });

  it('with a key that another sandbox has, in a snapshot too, is a 409, and nothing is replaced', async () => {
    const app = await startControl();
    const seed = { ...STATE, organizations: [{ ...ORG, api_keys: [{ key: 'sk_test_of_b' }] }] };
    await app.ask('PUT', '/sandboxes/b/state', seed);
    await app.ask('PUT', '/sandboxes/b/state', STATE);
    const before = (await app.ask('GET', `${DEFAULT}/state`)).text;
    const message = 'The key sk_test_of… belongs to the sandbox b';
    const { status, json } = await app.ask('PUT', `${DEFAULT}/state`, seed);
    expect([status, json]).toEqual([
      409,
      errorBody(409, 'ConflictError', message, { sandbox_id: 'b', key_prefix: 'sk_test_of' }),
    ]);
    expect((await app.ask('GET', `${DEFAULT}/state`)).text).toBe(before);
    expect((await app.ask('GET', `${DEFAULT}/snapshots`)).json.snapshots).toHaveLength(1);
    expect((await app.ask('PUT', '/sandboxes/c/state', seed)).status).toBe(409);
    expect((await app.ask('GET', '/sandboxes/c')).status).toBe(404);
  });

  it('takes a body of more than a MiB', async () => {
    const app = await startControl();
    const organizations = Array.from({ length: 5 }, (_, index) => ({
      organization_id: `org_${index}`,
      metadata: { text: 'x'.repeat(MIB - 100) },
    }));
    const answer = await app.ask('PUT', `${DEFAULT}/state`, { version: 1, organizations });
    expect([answer.status, answer.json.organizations]).toEqual([200, 5]);
  });

  it.each([
    ['PUT', `${DEFAULT}/state`, 64 * MIB],
    ['POST', '/sandboxes', 64 * MIB],
    ['POST', `${DEFAULT}/organizations`, MIB],
    ['POST', `${DEFAULT}/reset`, MIB],
  ])('%s %s: a body that is longer than the route takes is a 413 that names its limit', async (method, path, limit) => {
    const app = await startControl();
    const headers = { 'content-length': String(limit + 1) };
    const { status, json } = await app.ask(method, path, '{}', { headers });
    const body = errorBody(413, 'PayloadTooLargeError', 'Request body is too large', { limit_bytes: limit });
    expect([status, json]).toEqual([413, body]);
  });
});
