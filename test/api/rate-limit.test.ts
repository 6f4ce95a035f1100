import { describe, expect, it } from 'vitest';
import { ACME, buildTestApp, errorBody, START, type TestApp } from '../support/harness.ts';

const told = ({ headers }: { headers: Record<string, string | undefined> }) =>
  ['limit', 'remaining', 'reset', 'window'].map((name) => headers[`x-ratelimit-${name}`]);
const SECONDS = START / 1000;

async function buildLimitedApp(rate_limits: Record<string, number>): Promise<TestApp> {
  const app = await buildTestApp({ limits: 'enforce' });
  await app.patch({ rate_limits });
  // The bucket of the call above is full again.
  await app.advance(60_000);
  return app;
}

describe('the headers', () => {
  it('tell the limit, what is left, when it is full again, and the window', async () => {
    const { get, advance } = await buildTestApp();
    expect(told(await get())).toEqual(['100', '99', String(SECONDS + 1), '60']);
    expect(told(await get())).toEqual(['100', '98', String(SECONDS + 2), '60']);
    await advance(600);
    expect(told(await get())).toEqual(['100', '98', String(SECONDS + 2), '60']);
  });

  it.each<[string, Parameters<TestApp['send']>[0], boolean]>([
    ['200', { method: 'GET' }, true],
    ['422', { method: 'PATCH', payload: '[]' }, true],
    ['400', { method: 'PATCH', payload: Buffer.from([0xff]) }, true],
    ['405', { method: 'DELETE' }, true],
    ['501', { method: 'GET', url: '/v1/retrievers' }, true],
    ['401', { method: 'GET', authorization: 'Bearer x' }, false],
    ['403', { method: 'PATCH', authorization: 'Bearer sk_test_readonly', payload: '{}' }, false],
    ['200 of health', { method: 'GET', url: '/v1/health' }, false],
    ['404', { method: 'GET', url: '/nope' }, false],
    ['preflight', { method: 'OPTIONS', headers: { 'access-control-request-method': 'PATCH' } }, false],
    ['501 that needs no key', { method: 'GET', url: '/v1/public/x' }, false],
    ['OPTIONS that is no preflight', { method: 'OPTIONS' }, true],
  ])('stand on a %s: %j %s', async (_name, request, isTold) => {
    const { send } = await buildTestApp();
    expect(told(await send(request))[0] !== undefined).toBe(isTold);
  });

  it('are not there in mode off', async () => {
    const { get } = await buildTestApp({ limits: 'off' });
    expect(told(await get())).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('only tell in mode headers: nobody is refused', async () => {
    const { get, patch } = await buildTestApp();
    await patch({ rate_limits: { metadata: 1 } });
    for (let call = 0; call < 3; call++) expect((await get()).status).toBe(200);
    expect(told(await get()).slice(0, 2)).toEqual(['1', '0']);
  });
});

describe('mode enforce', () => {
  it('lets N pass, refuses the next, and lets one more pass after 60/N seconds', async () => {
    const { get, advance } = await buildLimitedApp({ metadata: 2 });
    expect([(await get()).status, (await get()).status]).toEqual([200, 200]);
    const refused = await get();
    expect(refused.status).toBe(429);
    const details = { limit: 2, window: '1m', retry_after: 30, category: 'metadata', api_name: 'organizations.get' };
    expect(refused.json).toEqual(errorBody(429, 'TooManyRequestsError', 'Rate limit exceeded', details));
    expect(refused.headers).toMatchObject({
      'retry-after': '30',
      'x-ratelimit-remaining': '0',
      'x-mixpeek-mock-hint':
        'wait 30 s, or move the clock: POST /_mock/sandboxes/default/clock/advance {"ms":30000}; --limits headers never refuses',
    });
    await advance(29_999);
    expect((await get()).headers['retry-after']).toBe('1');
    await advance(1);
    expect([(await get()).status, (await get()).status]).toEqual([200, 429]);
  });

  it('points to no control plane where there is none', async () => {
    const { get } = await buildTestApp({ limits: 'enforce', control: 'off' });
    const free = { authorization: 'Bearer sk_test_free' };
    for (let passed = 0; passed < 20; passed++) await get(free);
    const { status, headers } = await get(free);
    expect([status, headers['x-mixpeek-mock-hint']]).toEqual([429, 'wait 3 s; --limits headers never refuses']);
  });

  it('refuses before the body is looked at, and a refused PATCH changes nothing', async () => {
    const { get, patch, advance } = await buildLimitedApp({ metadata: 1 });
    await get();
    const refused = await patch({ organization_name: 'Changed?' });
    expect([refused.status, refused.json.error.details.api_name]).toEqual([429, 'organizations.update']);
    expect((await patch('{')).status).toBe(429);
    await advance(60_000);
    expect((await get()).json.organization_name).toBe(ACME.organization_name);
  });

  it('charges a PATCH that changes a limit by the old one, and the next call by the new one', async () => {
    const { get, patch } = await buildLimitedApp({ metadata: 10 });
    expect(told(await patch({ rate_limits: { metadata: 20 } })).slice(0, 2)).toEqual(['10', '9']);
    expect(told(await get()).slice(0, 2)).toEqual(['20', '18']);
    expect(told(await patch({ rate_limits: { metadata: 5 } })).slice(0, 2)).toEqual(['20', '17']);
    expect(told(await get()).slice(0, 2)).toEqual(['5', '4']);
    // Dropped: what the tier gives, 100, is 95 more.
    expect(told(await patch({ rate_limits: null })).slice(0, 2)).toEqual(['5', '3']);
    expect(told(await get()).slice(0, 2)).toEqual(['100', '97']);
  });

  it('counts each key by itself, and each category', async () => {
    const { get } = await buildLimitedApp({ metadata: 1, search: 1 });
    const url = '/v1/retrievers/x/execute';
    const other = { authorization: 'Bearer sk_test_readonly' };
    const statuses = [];
    for (const request of [{}, {}, { url }, { url }, other, { ...other, url }])
      statuses.push((await get(request)).status);
    expect(statuses).toEqual([200, 429, 501, 429, 200, 501]);
  });

  it.each([
    ['POST', '/v1/retrievers', 'metadata', 'retrievers.post'],
    ['POST', '/v1/retrievers/r/execute?x=/batches', 'search', 'retrievers.post'],
    ['POST', '/v1/taxonomies/execute', 'search', 'taxonomies.post'],
    ['POST', '/v1/buckets/b/uploads', 'upload', 'buckets.post'],
    ['POST', '/v1/buckets/b/presigned-url', 'upload', 'buckets.post'],
    ['POST', '/v1/buckets/b/batches/x/submit', 'compute', 'buckets.post'],
    ['GET', '/v1/buckets/b/syncs', 'metadata', 'buckets.get'],
    ['POST', '/v1/buckets/b/batches', 'metadata', 'buckets.post'],
    ['GET', '/v1/buckets/b/batches/x', 'metadata', 'buckets.get'],
    ['POST', '/v1/buckets/b/syncs/s/trigger', 'compute', 'buckets.post'],
    ['POST', '/v1/collections/c/trigger/', 'compute', 'collections.post'],
    ['POST', '/v1/clusters/triggers/t/execute', 'compute', 'clusters.post'],
    ['POST', '/v1/triggers/t/execute', 'compute', 'triggers.post'],
    ['GET', '/v1/clusters/c/executions', 'metadata', 'clusters.get'],
    ['GET', '/v1/alerts/a/executions', 'metadata', 'alerts.get'],
    ['GET', '/v1/analytics/retrievers/r/execute', 'metadata', 'analytics.get'],
    ['POST', '/v1/resources/search', 'metadata', 'resources.post'],
    ['POST', '/v1/retrievers/r/execute/stream', 'search', 'retrievers.post'],
    ['GET', '/v1/retrievers/r/executions', 'metadata', 'retrievers.get'],
    ['POST', '/v1/collections/c/apply-taxonomy', 'search', 'collections.post'],
    ['POST', '/v1/buckets/b/uploads/u/confirm', 'upload', 'buckets.post'],
    ['POST', '/v1/buckets/b/objects/o/presigned_urls', 'upload', 'buckets.post'],
    ['POST', '/v1/collections/c/documents/list', 'data', 'collections.post'],
    ['POST', '/v1/namespaces', 'metadata', 'namespaces.post'],
    ['POST', '/v1/clusters/c/execute', 'compute', 'clusters.post'],
    ['GET', '/v1/clusters/c', 'metadata', 'clusters.get'],
    ['GET', '/v1/buckets/b/objects/o', 'data', 'buckets.get'],
    ['PUT', '/v1/collections/c/documents/', 'data', 'collections.put'],
    ['POST', '/v1/retrievers/r/%65xecute', 'search', 'retrievers.post'],
    ['GET', '/v1/sk_live_abcdef/x', 'metadata', 'unknown.get'],
    ['DELETE', '/v1/organizations', 'metadata', 'organizations.delete'],
  ])('%s %s belongs to %s and is called %s', async (method, url, category, api_name) => {
    const { send } = await buildLimitedApp({ metadata: 1, data: 1, search: 1, upload: 1, compute: 1 });
    const request = { method: method as 'GET', url };
    await send(request);
    expect((await send(request)).json.error.details).toMatchObject({ category, api_name });
  });
});
