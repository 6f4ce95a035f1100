import { describe, expect, it } from 'vitest';
import { hashApiKey, toApiKeyId } from '../../src/domain/api-key.ts';
import { buildSeed } from '../../src/seed/build.ts';
import { REPLACED } from '../support/control.ts';
import { ACME, ADMIN, buildTestApp, errorBody, type SendOptions, type TestApp } from '../support/harness.ts';

const BASE = '/_mock/sandboxes/default';
const API_KEY_ID = toApiKeyId(hashApiKey(ADMIN));

/** Sends to the control plane as a program on this machine does. */
function control({ send }: TestApp) {
  return (method: 'GET' | 'PUT' | 'POST', path: string, body?: unknown, more: SendOptions = {}) =>
    send({
      method,
      url: `${BASE}${path}`,
      authorization: null,
      ...(method !== 'GET' && { payload: JSON.stringify(body ?? {}) }),
      ...more,
      headers: {
        host: 'localhost:4030',
        ...(method !== 'GET' && { 'content-type': 'application/json' }),
        ...more.headers,
      },
    });
}

const invalid = (...errors: [loc: string[], msg: string][]) =>
  errors.map(([loc, msg]) => expect.objectContaining({ loc: ['body', ...loc], msg }));

describe('the guard of the control plane', () => {
  it.each<[string, Record<string, string>]>([
    ['a foreign Host', { host: 'evil.example' }],
    ['a Host that only starts like ours', { host: 'localhost.evil.example:4030' }],
    ['a foreign Origin', { origin: 'http://evil.example' }],
    ['an Origin on another port', { origin: 'http://localhost:3000' }],
    ['a null Origin', { origin: 'null' }],
    ['a cross-site fetch', { 'sec-fetch-site': 'cross-site' }],
    ['a same-site fetch', { 'sec-fetch-site': 'same-site' }],
    ['a fetch from a site of another kind', { 'sec-fetch-site': 'Cross-Site' }],
  ])('keeps %s out', async (_name, headers) => {
    const app = await buildTestApp();
    for (const [method, path] of [
      ['GET', '/clock'],
      ['POST', '/reset'],
      ['GET', '/nope'],
    ] as const) {
      const answer = await control(app)(method, path, {}, { headers });
      expect([answer.status, answer.json.error.type]).toEqual([403, 'ForbiddenError']);
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/jsonx'])(
    'keeps what changes something out when it is sent as %s',
    async (type) => {
      const app = await buildTestApp();
      const answer = await control(app)('POST', '/reset', {}, { headers: { 'content-type': type } });
      expect([answer.status, answer.json.error.message]).toEqual([
        400,
        'What changes something needs Content-Type: application/json',
      ]);
    },
  );

  it('lets programs on this machine and our own pages in', async () => {
    const app = await buildTestApp();
    for (const headers of [
      { host: '127.0.0.1:4030' },
      { host: '[::1]:4030' },
      { host: 'LOCALHOST' },
      { origin: 'http://localhost:4030', 'sec-fetch-site': 'same-origin' },
      { 'sec-fetch-site': 'none' },
    ] as Record<string, string>[]) {
      expect((await control(app)('GET', '/clock', undefined, { headers })).status).toBe(200);
    }
  });

  it('demands a token where strangers could reach it, and any Host will do there', async () => {
    const app = await buildTestApp({ control: { token: 'very-secret' } });
    const ask = (authorization: string | null, url = `${BASE}/clock`) =>
      app.send({ method: 'GET', url, authorization, headers: { host: 'mock.internal' } });
    expect((await ask('Bearer very-secret')).status).toBe(200);
    for (const wrong of [null, 'Bearer very-secreT', 'Bearer very-secret2', 'Basic very-secret', `Bearer ${ADMIN}`]) {
      const answer = await ask(wrong);
      expect(answer.json).toEqual(errorBody(401, 'UnauthorizedError', 'The control plane needs its token'));
      expect(answer.headers['www-authenticate']).toBe('Bearer');
    }
    expect((await ask(null, `${BASE}/clock?token=very-secret&control_token=very-secret`)).status).toBe(401);
  });
});

const EITHER = 'expected either frozen_at (a time like 2026-01-01T00:00:00Z) or running (true)';

describe('the clock', () => {
  it('stands, is moved, and runs on', async () => {
    const app = await buildTestApp();
    const send = control(app);
    const frozen = await send('PUT', '/clock', { frozen_at: '2030-01-01T00:00:00Z' });
    expect(frozen.json).toMatchObject({ now: '2030-01-01T00:00:00Z', mode: 'frozen' });
    expect((await send('POST', '/clock/advance', { ms: 60_000 })).json.now).toBe('2030-01-01T00:01:00Z');
    expect((await send('POST', '/clock/advance', { ms: -120_000 })).json.now).toBe('2029-12-31T23:59:00Z');
    expect((await send('GET', '/clock')).json.now).toBe('2029-12-31T23:59:00Z');
    const running = (await send('PUT', '/clock', { running: true, now: '2031-01-01T00:00:00Z' })).json;
    expect(running).toMatchObject({ now: expect.stringMatching(/^2031-01-01T00:00:0/), mode: 'running' });
    expect((await send('POST', '/clock/advance', { ms: 3_600_000 })).json.now).toMatch(/^2031-01-01T01:00:0/);
    const last = '9999-12-31T23:59:59.999Z';
    expect((await send('PUT', '/clock', { running: true, now: last })).json.now).toMatch(/^9999-12-31T23:59:59/);
    expect((await send('GET', '/clock')).json.now).toMatch(/^9999-12-31T23:59:59/);
  });

  it('is moved as often as it was asked to, also by requests at the same time', async () => {
    const app = await buildTestApp();
    const send = control(app);
    await Promise.all(Array.from({ length: 10 }, () => send('POST', '/clock/advance', { ms: 1000 })));
    expect((await send('GET', '/clock')).json.now).toBe('2026-01-01T00:00:10Z');
  });

  it('that goes back leaves the buckets full when they said they would be', async () => {
    const app = await buildTestApp({ limits: 'enforce' });
    const send = control(app);
    await send('POST', '/limits/spend', { api_key: ADMIN, category: 'metadata', count: 100 });
    await send('POST', '/clock/advance', { ms: -3_600_000 });
    expect((await send('GET', '/limits')).json.buckets[0]).toMatchObject({ full_at: '2025-12-31T23:01:00Z' });
    await send('POST', '/clock/advance', { ms: 60_000 });
    expect((await send('GET', '/limits')).json.buckets[0]).toMatchObject({ remaining: 100 });
    expect((await app.get()).headers['x-ratelimit-remaining']).toBe('99');
  });

  it('gives every time that a client can see', async () => {
    const app = await buildTestApp();
    await control(app)('PUT', '/clock', { frozen_at: '2030-05-06T07:08:09.5Z' });
    const answer = await app.patch({ logo_url: 'x' });
    expect(answer.json.updated_at).toBe('2030-05-06T07:08:09.500000Z');
    expect(answer.headers.date).toBe('Mon, 06 May 2030 07:08:09 GMT');
    expect(answer.headers['x-ratelimit-reset']).toBe(String(Date.UTC(2030, 4, 6, 7, 8, 11) / 1000));
  });

  it.each<[string, unknown, unknown[]]>([
    ['/clock', {}, invalid([[], EITHER])],
    ['/clock', { frozen_at: 'soon' }, invalid([['frozen_at'], 'expected a time like 2026-01-01T00:00:00Z'])],
    ['/clock', { frozen_at: '0000-12-31' }, invalid([['frozen_at'], 'expected a time like 2026-01-01T00:00:00Z'])],
    ['/clock', { frozen_at: '2030-01-01T00:00:00Z', running: true }, invalid([[], EITHER])],
    ['/clock', { frozen_at: '2030-01-01T00:00:00Z', now: '2030-01-01' }, invalid([['now'], 'goes with running only'])],
    ['/clock', { running: false }, invalid([['running'], 'Invalid input: expected true'])],
    ['/clock/advance', {}, invalid([['ms'], 'Invalid input: expected number, received undefined'])],
    ['/clock/advance', { ms: 1, x: 2 }, invalid([['x'], 'Extra inputs are not permitted'])],
    ['/clock/advance', { ms: 1e15 }, invalid([['ms'], 'the clock ends with the years 1 and 9999'])],
  ])('%s refuses %j', async (path, body, errors) => {
    const app = await buildTestApp();
    const answer = await control(app)(path === '/clock' ? 'PUT' : 'POST', path, body);
    expect([answer.status, answer.json.detail]).toEqual([422, errors]);
  });

  it.each(['', '[]', '1', '{"ms":NaN}', '{"ms":-Infinity}', '{', '\ufeff{}'])(
    'takes no body that is not a JSON object: %j',
    async (text) => {
      const app = await buildTestApp();
      const { status, json } = await control(app)('POST', '/clock/advance', undefined, { payload: text });
      expect([text, status]).toEqual([text, text === '' || text === '\ufeff{}' ? 422 : 400]);
      if (status === 400) expect(json.error.message).toMatch(/^The body is not a JSON object/);
    },
  );
});

describe('the limits', () => {
  it('shows all buckets of every key that was used', async () => {
    const app = await buildTestApp();
    expect((await control(app)('GET', '/limits')).json).toEqual({ mode: 'headers', buckets: [], more: 0 });
    // One that is the same as that of the tier stays when the tier changes.
    await app.patch({ rate_limits: { search: 500, upload: 30 } });
    const bucket = {
      api_key_id: API_KEY_ID,
      key_prefix: 'sk_test_xy',
      organization_id: 'org_demo123',
      organization_name: 'Acme Corporation',
      account_type: 'pro',
      overridden: false,
      full_at: null,
    };
    const full = (category: string, limit: number) => ({
      ...bucket,
      category,
      limit,
      remaining: limit,
      tier_limit: limit,
    });
    expect((await control(app)('GET', '/limits')).json).toEqual({
      mode: 'headers',
      buckets: [
        { ...full('metadata', 100), remaining: 99, full_at: '2026-01-01T00:00:00.600000Z' },
        full('data', 60),
        { ...full('search', 500), overridden: true, tier_limit: 60 },
        { ...full('upload', 30), overridden: true },
        full('compute', 30),
      ],
      more: 0,
    });
  });

  it('says when a bucket is full until it is, whatever the limit', async () => {
    const app = await buildTestApp();
    const send = control(app);
    const most = Number.MAX_SAFE_INTEGER;
    await app.patch({ rate_limits: { search: most } });
    await send('POST', '/limits/spend', { api_key: ADMIN, category: 'search' });
    const read = async () =>
      (await send('GET', '/limits')).json.buckets.find(({ category }: { category: string }) => category === 'search');
    expect(await read()).toMatchObject({ remaining: most - 1, full_at: '2026-01-01T00:00:00.001000Z' });
    await send('POST', '/clock/advance', { ms: 1 });
    expect(await read()).toMatchObject({ remaining: most, full_at: null });
    const { json } = await send('POST', '/limits/spend', { api_key: ADMIN, category: 'upload', count: 30 });
    expect(json).toEqual({
      ...(await read()),
      category: 'upload',
      limit: 30,
      overridden: false,
      tier_limit: 30,
      remaining: 0,
      full_at: '2026-01-01T00:01:00.001000Z',
      spent: 30,
    });
  });

  it('shows the hundred keys that were used last, latest first, and counts the others', async () => {
    const keys = Array.from({ length: 102 }, (_, number) => `sk_test_key${number}`);
    const api_keys = keys.map((key) => ({ key }));
    const app = await buildTestApp({ seed: { version: 1, organizations: [{ organization_id: 'org_a', api_keys }] } });
    for (const key of keys) await app.get({ authorization: `Bearer ${key}` });
    await app.get({ authorization: 'Bearer sk_test_key1' });
    await control(app)('POST', '/limits/spend', { api_key: 'sk_test_key50', category: 'data' });
    const { buckets, more } = (await control(app)('GET', '/limits')).json;
    const ids = [...new Set(buckets.map(({ api_key_id }: { api_key_id: string }) => api_key_id))];
    const shown = [50, 1, ...[...keys.keys()].reverse().filter((number) => ![50, 1].includes(number))].slice(0, 100);
    expect(ids).toEqual(shown.map((number) => toApiKeyId(hashApiKey(`sk_test_key${number}`))));
    expect([buckets.length, more]).toEqual([500, 2]);
  });

  it('drains a bucket all or nothing, is enforced at run time, and refills', async () => {
    const app = await buildTestApp();
    const send = control(app);
    const spend = (count: number, key: object = { api_key: ADMIN }) =>
      send('POST', '/limits/spend', { ...key, category: 'metadata', count });
    expect((await spend(99)).json).toMatchObject({ category: 'metadata', limit: 100, remaining: 1 });
    expect((await spend(2)).json).toMatchObject({ remaining: 1 });
    await send('PUT', '/limits', { mode: 'enforce' });
    const refused = await spend(2, { api_key_id: API_KEY_ID });
    expect(refused.json.error.details).toMatchObject({ limit: 100, category: 'metadata', api_name: 'mock.spend' });
    expect(refused.headers).toMatchObject({ 'retry-after': '1', 'x-ratelimit-remaining': '1' });
    expect([(await app.get()).status, (await app.get()).status]).toEqual([200, 429]);
    await send('POST', '/limits/refill', { api_key: ADMIN, category: 'metadata' });
    expect((await app.get()).headers['x-ratelimit-remaining']).toBe('99');
    await send('POST', '/limits/refill');
    expect((await app.get()).headers['x-ratelimit-remaining']).toBe('99');
  });

  it.each([
    ['raised', 120, 60, 80],
    ['lowered', 30, 0, 5],
    ['lowered below what is left', 3, 0, 0],
  ])('that a PATCH has %s hold at once, and buckets refill at the new pace', async (_name, search, then, later) => {
    const app = await buildTestApp();
    const send = control(app);
    await send('POST', '/limits/spend', { api_key: ADMIN, category: 'search', count: 60 });
    await app.patch({ rate_limits: { search } });
    const read = async () =>
      (await send('GET', '/limits')).json.buckets.find(({ category }: { category: string }) => category === 'search');
    expect(await read()).toMatchObject({ limit: search, remaining: then });
    await send('POST', '/clock/advance', { ms: 10_000 });
    expect(await read()).toMatchObject({ limit: search, remaining: later });
  });

  it.each<[string, unknown, unknown[]]>([
    ['/limits/spend', { category: 'search' }, invalid([[], 'expected either api_key or api_key_id'])],
    [
      '/limits/spend',
      { api_key: 'sk_test_unknown', category: 'search' },
      invalid([['api_key'], 'the sandbox has no such key']),
    ],
    [
      '/limits/spend',
      { api_key_id: 'key_x', category: 'search' },
      invalid([['api_key_id'], 'the sandbox has no such key']),
    ],
    ['/limits/refill', { category: 'search' }, invalid([[], 'expected either api_key or api_key_id'])],
  ])('%s refuses %j', async (path, body, errors) => {
    const app = await buildTestApp();
    const answer = await control(app)('POST', path, body);
    expect([answer.status, answer.json.detail]).toEqual([422, errors]);
    expect(answer.text).not.toContain('sk_test_unknown');
  });

  it('knows no key of another sandbox', async () => {
    const app = await buildTestApp();
    const seed = {
      version: 1 as const,
      organizations: [{ organization_id: 'org_b', api_keys: [{ key: 'sk_test_b' }] }],
    };
    const { state } = buildSeed(seed, '2026-01-01T00:00:00Z');
    await app.store.put('other', state, { initial: state.settings });
    const api_key_id = toApiKeyId(hashApiKey('sk_test_b'));
    for (const [member, key] of Object.entries({ api_key: 'sk_test_b', api_key_id })) {
      const answer = await control(app)('POST', '/limits/spend', { [member]: key, category: 'data' });
      expect([answer.status, answer.json.detail]).toEqual([422, invalid([[member], 'the sandbox has no such key'])]);
    }
  });

  it('the story: two calls a minute, a third that is refused, the clock moved by 30 seconds, a call that passes', async () => {
    const app = await buildTestApp({ limits: 'enforce' });
    await app.patch({ rate_limits: { metadata: 2 } });
    await control(app)('POST', '/limits/refill');
    expect([(await app.get()).status, (await app.get()).status]).toEqual([200, 200]);
    const refused = await app.get();
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '30']);
    await control(app)('POST', '/clock/advance', { ms: 30_000 });
    expect((await app.get()).status).toBe(200);
  });
});

it('no error repeats a key that was sent as the name of a member', async () => {
  const app = await buildTestApp({ unknownFields: 'reject' });
  const answers = [await control(app)('PUT', '/limits', { mode: 'off', [ADMIN]: 1 }), await app.patch({ [ADMIN]: 1 })];
  for (const { status, text, headers } of answers) {
    expect([status, text.includes('sk_test_xy…')]).toEqual([422, true]);
    expect(text + headers['x-mixpeek-mock-hint']).not.toContain(ADMIN);
  }
});

it.each([
  ['a name of other letters', '{"€":1,"€":2}', '? appears twice'],
  ['a key', `{"${ADMIN}":1,"${ADMIN}":2}`, 'sk_test_xy... appears twice'],
])('the hint about a body that has %s twice is a header that every client takes', async (_name, body, said) => {
  const app = await buildTestApp();
  const headers = { host: 'localhost', 'content-type': 'application/json' };
  const url = '/_mock/sandboxes/default/limits';
  const answer = await app.send({ method: 'PUT', url, payload: body, authorization: null, headers });
  expect(answer.json).toEqual(errorBody(400, 'BadRequestError', 'The body is not a JSON object'));
  expect(answer.headers['x-mixpeek-mock-hint']).toContain(said);
});

describe('the reset', () => {
  it('takes no members', async () => {
    const app = await buildTestApp();
    expect((await control(app)('POST', '/reset', { sandbox: 'x' })).status).toBe(422);
  });

  it('goes back to the state that the seed gave, clock and limits included', async () => {
    const app = await buildTestApp();
    const send = control(app);
    await app.patch({ organization_name: 'Changed', metadata: { a: 1 }, rate_limits: { metadata: 7 } });
    await send('PUT', '/limits', { mode: 'enforce' });
    await send('POST', '/clock/advance', { ms: 1000 });
    expect((await send('POST', '/reset')).json).toEqual({
      reset: REPLACED,
      before: 'before-reset',
    });
    expect((await send('GET', '/requests')).json).toEqual({ requests: [], next: null, dropped: 0 });
    expect((await send('GET', '/limits')).json.buckets).toEqual([]);
    const answer = await app.get();
    expect(answer.json).toEqual(ACME);
    expect(answer.headers['x-ratelimit-remaining']).toBe('99');
    expect((await send('GET', '/limits')).json.mode).toBe('headers');
    expect((await send('GET', '/clock')).json.now).toBe('2026-01-01T00:00:00Z');
    expect((await send('GET', '/requests')).json.requests).toMatchObject([{ seq: 2, method: 'GET' }]);
  });
});
