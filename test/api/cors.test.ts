import { describe, expect, it } from 'vitest';
import { buildTestApp, type SendOptions } from '../support/harness.ts';

const ORIGIN = 'http://localhost:3000';
const corsOf = ({ headers }: { headers: Record<string, string | undefined> }) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control-')));
const SEEN = { 'access-control-allow-origin': '*', 'access-control-expose-headers': '*' };

describe('CORS', () => {
  it.each<[number, SendOptions]>([
    [200, { method: 'GET' }],
    [200, { method: 'GET', url: '/v1/health', authorization: null }],
    [200, { method: 'GET', url: '/', authorization: null }],
    [200, { method: 'GET', url: '/openapi.json', authorization: null }],
    [200, { method: 'GET', url: '/livez', authorization: null }],
    [400, { method: 'GET', url: '/v1/%zz' }],
    [400, { method: 'GET', url: '/docs/%zz' }],
    [401, { method: 'GET', authorization: 'Bearer nonsense' }],
    [403, { method: 'PATCH', authorization: 'Bearer sk_test_readonly' }],
    [404, { method: 'GET', url: '/nope' }],
    [405, { method: 'DELETE' }],
    [405, { method: 'DELETE', url: '/docs' }],
    [405, { method: 'OPTIONS' }],
    [413, { method: 'PATCH', payload: Buffer.alloc(1_100_000) }],
    [422, { method: 'PATCH', payload: '[]' }],
    [501, { method: 'POST', url: '/v1/namespaces', payload: '{}' }],
    [501, { method: 'GET', url: '/v1/public/x', authorization: null }],
  ])('lets a page see a %i: %j', async (status, request) => {
    const { send } = await buildTestApp();
    const answer = await send({ ...request, headers: { origin: ORIGIN } });
    expect([answer.status, corsOf(answer)]).toEqual([status, SEEN]);
    expect(corsOf(await send(request))).toEqual({});
  });

  it.each(['/v1/organizations', '/v1/nope', '/v1/health', '/nope', '/docs', '/docs/openapi.json', '/', '/livez'])(
    'a preflight to %s allows what it asks for, without a key',
    async (url) => {
      const { send } = await buildTestApp();
      for (const method of ['PATCH', 'POST', 'DELETE', 'patch']) {
        const answer = await send({
          method: 'OPTIONS',
          url,
          authorization: null,
          headers: {
            origin: ORIGIN,
            'access-control-request-method': method,
            'access-control-request-headers': 'authorization,x-mine',
          },
        });
        expect([answer.status, answer.text, corsOf(answer)]).toEqual([
          204,
          '',
          {
            ...SEEN,
            'access-control-allow-methods': method,
            'access-control-allow-headers': 'authorization,x-mine',
            'access-control-max-age': '600',
          },
        ]);
      }
    },
  );

  it('a preflight that names no origin gets none of the headers', async () => {
    const { send } = await buildTestApp();
    const headers = { 'access-control-request-method': 'PATCH' };
    const answer = await send({ method: 'OPTIONS', authorization: null, headers });
    expect([answer.status, corsOf(answer)]).toEqual([204, {}]);
  });

  it('any other OPTIONS is a method like any other', async () => {
    const { send } = await buildTestApp();
    const ask = async (url: string, authorization?: null) => {
      const answer = await send({ method: 'OPTIONS', url, ...(authorization === null && { authorization }) });
      return [answer.status, answer.headers.allow];
    };
    expect(await ask('/v1/organizations', null)).toEqual([401, undefined]);
    expect(await ask('/v1/organizations')).toEqual([405, 'GET, PATCH']);
    expect(await ask('/v1/nope')).toEqual([501, undefined]);
    expect(await ask('/v1/health', null)).toEqual([405, 'GET, HEAD']);
    expect(await ask('/docs', null)).toEqual([405, 'GET, HEAD']);
    expect(await ask('/nope', null)).toEqual([404, undefined]);
  });

  it('is not for the control plane', async () => {
    const { send } = await buildTestApp();
    for (const url of ['/_mock', '/_mock/nope', '/_mock/%zz', '/_mock/sandboxes/default/clock']) {
      for (const method of ['GET', 'OPTIONS'] as const) {
        const headers = { host: 'localhost', origin: ORIGIN, 'access-control-request-method': 'PUT' };
        const answer = await send({ method, url, authorization: null, headers });
        expect([answer.status >= 400, corsOf(answer)]).toEqual([true, {}]);
      }
    }
  });
});
