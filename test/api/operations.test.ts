import { describe, expect, it } from 'vitest';
import { ACME, buildTestApp, errorBody } from '../support/harness.ts';

const SERVED = ['GET /v1/organizations', 'PATCH /v1/organizations', 'GET /v1/health'];

describe('GET /v1/organizations', () => {
  it('answers with all members of the response model, in its order', async () => {
    const { get } = await buildTestApp();
    const answer = await get();
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual(ACME);
    expect(Object.keys(answer.json)).toEqual(Object.keys(ACME));
    expect(answer.headers['content-type']).toBe('application/json');
  });

  it.each([
    ['sk_test_free', 'free', { metadata: 20, data: 10, search: 10, upload: 5, compute: 5 }, 1_000],
    ['sk_live_abc123def456', 'pro', { metadata: 100, data: 60, search: 60, upload: 30, compute: 30 }, 250_000],
    ['sk_test_team', 'team', { metadata: 200, data: 100, search: 100, upload: 50, compute: 50 }, 1_000_000],
    [
      'sk_test_enterprise',
      'enterprise',
      { metadata: 1000, data: 600, search: 600, upload: 300, compute: 300 },
      10_000_000,
    ],
  ])('gives %s the limits and credits of tier %s', async (key, account_type, rate_limits, credit_count) => {
    const { get } = await buildTestApp();
    const { json } = await get({ authorization: `Bearer ${key}` });
    expect(json).toMatchObject({ account_type, rate_limits, credit_count });
  });

  it('accepts a trailing slash, a query and an absolute URL', async () => {
    const { get } = await buildTestApp();
    for (const url of [
      '/v1/organizations/',
      '/v1/organizations?a=b',
      '/v1/organizations/?a=b',
      '/v1/%6frganizations',
    ]) {
      expect((await get({ url })).json).toEqual(ACME);
    }
  });
});

const WORKS = { canRead: async () => true, canWrite: async () => true };
const HEALTH = {
  status: 'OK',
  data: { cache: true, metadata: true, vector_store: true, object_storage: true, task_queue: true, inference: true },
  errors: null,
  meta: { version: '0.0.0-test' },
};

describe('GET /v1/health', () => {
  it('answers with the published model, without a key', async () => {
    const { get } = await buildTestApp();
    const answer = await get({ url: '/v1/health', authorization: null });
    expect([answer.status, answer.json]).toEqual([200, HEALTH]);
    expect(Object.keys(answer.json)).toEqual(Object.keys(HEALTH));
  });

  it('is DEGRADED, with 200, while changes cannot be kept', async () => {
    const { get } = await buildTestApp({ health: { ...WORKS, canWrite: async () => false } });
    const answer = await get({ url: '/v1/health', authorization: null });
    const data = { ...HEALTH.data, metadata: false };
    expect([answer.status, answer.json]).toEqual([200, { ...HEALTH, status: 'DEGRADED', data }]);
  });
});

describe('GET /livez and /readyz', () => {
  const unavailable = errorBody(503, 'ServiceUnavailableError', 'Service unavailable');

  it.each<[string, Parameters<typeof buildTestApp>[0], [string, number, unknown][]]>([
    [
      'all is well',
      {},
      [
        ['/livez', 200, { status: 'OK' }],
        ['/readyz', 200, { status: 'OK' }],
      ],
    ],
    [
      'the store cannot be read',
      { health: { ...WORKS, canRead: async () => false } },
      [
        ['/livez', 200, { status: 'OK' }],
        ['/readyz', 503, unavailable],
      ],
    ],
    [
      'changes cannot be kept',
      { health: { ...WORKS, canWrite: async () => false } },
      [
        ['/livez', 200, { status: 'OK' }],
        ['/readyz', 200, { status: 'OK' }],
      ],
    ],
    [
      'the server is stopping',
      { isStopping: () => true },
      [
        ['/livez', 200, { status: 'OK' }],
        ['/readyz', 503, unavailable],
      ],
    ],
  ])('need no key and answer by what holds when %s', async (_, options, expected) => {
    const { get } = await buildTestApp(options);
    for (const [url, status, body] of expected) {
      const answer = await get({ url, authorization: null });
      expect([answer.status, answer.json]).toEqual([status, body]);
      expect(answer.headers['retry-after']).toBe(status === 503 ? '1' : undefined);
      expect(answer.headers['x-mixpeek-mock-hint'] === undefined).toBe(status === 200);
    }
  });
});

describe('HEAD', () => {
  it.each(['/v1/health', '/v1/health/', '/livez', '/readyz'])('%s is 200 without a body or a key', async (url) => {
    const { send } = await buildTestApp();
    const answer = await send({ method: 'HEAD', url, authorization: null });
    expect([answer.status, answer.text]).toEqual([200, '']);
  });
});

describe('probes', () => {
  it('are logged at debug only, unless they are answered with an error', async () => {
    const quiet = await buildTestApp();
    for (const url of ['/v1/health', '/livez', '/readyz']) await quiet.get({ url });
    expect(quiet.log).toEqual([]);
    const debugging = await buildTestApp({ level: 'debug' });
    for (const url of ['/v1/health', '/livez', '/readyz']) await debugging.get({ url });
    expect(debugging.log.map((line) => JSON.parse(line).path)).toEqual(['/v1/health', '/livez', '/readyz']);
    const stopping = await buildTestApp({ isStopping: () => true });
    await stopping.get({ url: '/readyz' });
    expect(stopping.log.map((line) => JSON.parse(line))).toMatchObject([{ level: 30, path: '/readyz', status: 503 }]);
  });
});

describe('what is not served', () => {
  it.each(['POST', 'PUT', 'DELETE', 'HEAD', 'TRACE', 'PROPFIND'] as const)('%s is a 405', async (method) => {
    const { send } = await buildTestApp();
    for (const url of ['/v1/organizations', '/v1/organizations/']) {
      const answer = await send({ method: method as 'POST', url });
      expect(answer.status).toBe(405);
      expect(answer.headers.allow).toBe('GET, PATCH');
      expect(answer.headers['x-mixpeek-mock-hint']).toBe('this path takes GET, PATCH');
      if (method !== 'HEAD') {
        expect(answer.json).toEqual(errorBody(405, 'MethodNotAllowedError', 'Method Not Allowed'));
      }
    }
  });

  it.each([
    ['/v1/organizations', 405],
    ['/v1/health', 405],
    ['/v1/nope', 501],
    ['/nope', 404],
  ])('QUERY %s, which Fastify wants a Content-Type for, is a %i without one', async (url, status) => {
    const { send } = await buildTestApp();
    expect((await send({ method: 'QUERY' as 'GET', url })).status).toBe(status);
  });

  it('a 405 on /v1/health names GET and HEAD', async () => {
    const { send } = await buildTestApp();
    const answer = await send({ method: 'POST', url: '/v1/health' });
    expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, HEAD']);
  });

  it.each(['/v1/retrievers', '/v1/organizations/org_demo123', '/v1/collections/x/documents', '/v1/', '/v1'])(
    '%s is a 501 that names what is served',
    async (url) => {
      const { send } = await buildTestApp();
      const answer = await send({ method: 'GET', url });
      expect(answer.status).toBe(501);
      expect(answer.json).toEqual(
        errorBody(501, 'NotImplementedError', 'Not implemented by this mock', { served: SERVED }),
      );
      expect(answer.headers['x-mixpeek-mock']).toBe('not-implemented');
      expect(answer.headers['x-mixpeek-mock-hint']).toBe(`this mock serves ${SERVED.join(', ')}`);
    },
  );

  it('a 501 takes any body and Content-Type', async () => {
    const { send } = await buildTestApp();
    const headers = { 'content-type': ';;not a type' };
    expect((await send({ method: 'POST', url: '/v1/objects', headers, payload: '{' })).status).toBe(501);
  });

  it.each(['/nope', '/v2/organizations', '/v10', '/V1/organizations', '/favicon.ico', '//v1/organizations'])(
    '%s is a 404 without a key',
    async (url) => {
      const { send } = await buildTestApp();
      const answer = await send({ method: 'GET', url, authorization: null });
      expect(answer.status).toBe(404);
      expect(answer.json).toEqual(errorBody(404, 'NotFoundError', 'Not Found'));
    },
  );

  it('a URL that cannot be decoded is a 400', async () => {
    const { send } = await buildTestApp();
    const answer = await send({ method: 'GET', url: '/v1/%zz' });
    expect(answer.status).toBe(400);
    expect(answer.json).toEqual(errorBody(400, 'BadRequestError', 'The URL cannot be decoded'));
    expect(answer.headers['x-request-id']).toMatch(/^req_[0-9a-f]{24}$/);
  });
});

describe('X-Request-Id', () => {
  it.each([['a'], ['printable ~!'], ['x'.repeat(128)]])('is the one that was sent: %s', async (id) => {
    const { get } = await buildTestApp();
    expect((await get({ headers: { 'x-request-id': id } })).headers['x-request-id']).toBe(id);
  });

  it.each([[undefined], [''], ['x'.repeat(129)], ['é'], ['a\tb']])('is a new one for %s', async (id) => {
    const { get } = await buildTestApp();
    const answer = await get(id === undefined ? {} : { headers: { 'x-request-id': id } });
    expect(answer.headers['x-request-id']).toMatch(/^req_[0-9a-f]{24}$/);
  });

  it('stands on every kind of answer', async () => {
    const { send } = await buildTestApp();
    for (const url of ['/v1/organizations', '/v1/x', '/x', '/v1/%zz', '/v1/health']) {
      const answer = await send({ method: 'GET', url, headers: { 'x-request-id': 'mine' } });
      expect(answer.headers['x-request-id']).toBe('mine');
    }
  });
});
