import { describe, expect, it } from 'vitest';
import { buildTestApp, errorBody, type SendOptions } from '../support/harness.ts';

const HINT = 'x-mixpeek-mock-hint';
const SERVED = ['GET /v1/organizations', 'PATCH /v1/organizations', 'GET /v1/health'];

describe('what is published without a key and not served', () => {
  it.each([
    ['GET', '/v1/public/retrievers/x'],
    ['POST', '/v1/public/retrievers/x/execute'],
    ['POST', '/v1/private/x'],
    ['GET', '/v1/health/ready'],
    ['GET', '/v1/discovery'],
    ['GET', '/v1/discovery/'],
    ['GET', '/v1/discovery/x'],
    ['GET', '/v1/marketplace/catalog'],
    ['GET', '/v1/marketplace/catalog/x?a=b'],
    ['GET', '/v1/%70ublic/x'],
  ])('%s %s is a 501 whether a key is sent or not: it is not read and not charged', async (method, url) => {
    const { send, findSandbox } = await buildTestApp({ limits: 'enforce' });
    for (const authorization of [null, undefined, 'Bearer nonsense', 'Basic x', 'Bearer sk_test_unknown']) {
      const answer = await send({
        method: method as 'GET',
        url,
        ...(authorization !== undefined && { authorization }),
      });
      const body = errorBody(501, 'NotImplementedError', 'Not implemented by this mock', { served: SERVED });
      expect([answer.status, answer.json]).toEqual([501, body]);
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('x-ratelimit'))).toEqual([]);
    }
    expect(await (await findSandbox()).buckets.list()).toEqual([]);
  });

  it.each([
    '/v1/publications',
    '/v1/public',
    '/v1/marketplace',
    '/v1/marketplace/catalogs',
    '/v1/discoveries',
    '/v1/healthy',
    '/v1/x/public/y',
  ])('%s is no such path: it needs a key', async (url) => {
    const { get } = await buildTestApp();
    expect((await get({ url, authorization: null })).status).toBe(401);
    expect((await get({ url })).status).toBe(501);
  });

  it.each(['POST', 'DELETE', 'PUT', 'TRACE', 'OPTIONS'] as const)(
    '%s /v1/health is a 405 without a key',
    async (method) => {
      const { send } = await buildTestApp();
      for (const url of ['/v1/health', '/v1/health/']) {
        const answer = await send({ method: method as 'POST', url, authorization: null });
        expect([answer.status, answer.headers.allow, answer.headers[HINT]]).toEqual([
          405,
          'GET, HEAD',
          'this path takes GET, HEAD',
        ]);
      }
    },
  );
});

describe('a path that is no path of the API', () => {
  const GENERAL = 'the paths of the API begin with /v1; GET / lists what there is';

  it.each([
    ['/organizations', 'did you mean /v1/organizations?'],
    ['/organizations/', 'did you mean /v1/organizations?'],
    ['/api/v1/organizations?a=b', 'did you mean /v1/organizations?'],
    ['/v2/organizations', 'did you mean /v1/organizations?'],
    ['/health', 'did you mean /v1/health?'],
    ['/namespaces', GENERAL],
    ['/nope', GENERAL],
  ])('%s is a 404 with a hint: %s', async (url, hint) => {
    const { get } = await buildTestApp();
    const answer = await get({ url, authorization: null });
    expect(answer.json).toEqual(errorBody(404, 'NotFoundError', 'Not Found'));
    expect(answer.headers[HINT]).toBe(hint);
  });

  it.each([
    ['/v1/v1/organizations', 'did you mean /v1/organizations?'],
    ['/v1/v1/namespaces', GENERAL],
    ['/v1/v1', GENERAL],
  ])('%s, with /v1 twice, is a 404 behind the key', async (url, hint) => {
    const { get } = await buildTestApp();
    const answer = await get({ url });
    expect(answer.json).toEqual(errorBody(404, 'NotFoundError', 'Not Found'));
    expect(answer.headers[HINT]).toBe(`/v1 is there twice, once in the base URL of the client: ${hint}`);
    expect((await get({ url, authorization: null })).status).toBe(401);
  });

  it('/v1/v10 is one that the real API may have', async () => {
    const { get } = await buildTestApp();
    expect((await get({ url: '/v1/v10' })).status).toBe(501);
  });
});

describe('GET /', () => {
  const root = (options: SendOptions = {}) => ({ url: '/', authorization: null, ...options });
  const BODY = {
    name: 'mixpeek-mock',
    version: '0.0.0-test',
    paths: [
      '/v1/organizations',
      '/v1/health',
      '/livez',
      '/readyz',
      '/metrics',
      '/openapi.json',
      '/docs/openapi.json',
      '/openapi-3.0.json',
      '/docs',
      '/_mock',
    ],
  };

  it('lists the paths', async () => {
    const { send } = await buildTestApp();
    for (const accept of ['*/*', 'application/json', undefined]) {
      const answer = await send(root({ method: 'GET', headers: accept === undefined ? {} : { accept } }));
      expect([answer.status, answer.json]).toEqual([200, BODY]);
    }
    const head = await send(root({ method: 'HEAD' }));
    expect([head.status, head.text]).toEqual([200, '']);
  });

  it.each<['off' | undefined, string]>([
    [undefined, '/_mock/'],
    ['off', '/docs'],
  ])('with the control plane %s sends a browser to %s', async (control, page) => {
    const { send } = await buildTestApp(control && { control });
    const accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
    for (const method of ['GET', 'HEAD'] as const) {
      const answer = await send(root({ method, headers: { accept } }));
      expect([answer.status, answer.headers.location]).toEqual([302, page]);
    }
  });

  it('takes no other method', async () => {
    const { send } = await buildTestApp();
    const answer = await send(root({ method: 'POST' }));
    expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, HEAD']);
  });
});
