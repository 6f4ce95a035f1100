import { describe, expect, it } from 'vitest';
import { DEFAULT, startControl } from '../support/control.ts';
import { countsOf, FAULTS, PASSES, startWith, statusesOf } from '../support/faults.ts';
import { errorBody } from '../support/harness.ts';

describe('a rule fires', () => {
  it.each<[string, object, number[], [matched: number, fired: number]]>([
    ['always', {}, [503, 503, 503, 503, 503, 503, 503], [7, 7]],
    ['so many times', { times: 2 }, [503, 503, 200, 200, 200, 200, 200], [7, 2]],
    ['behind the first ones', { after: 3 }, [200, 200, 200, 503, 503, 503, 503], [7, 4]],
    ['for each so-manieth', { every: 3 }, [200, 200, 503, 200, 200, 503, 200], [7, 2]],
    [
      'for each so-manieth behind the first ones',
      { after: 1, every: 2, times: 2 },
      [200, 200, 503, 200, 503, 200, 200],
      [7, 2],
    ],
    ['never, switched off', { enabled: false }, [200, 200, 200, 200, 200, 200, 200], [0, 0]],
    ['never, with probability 0', { probability: 0 }, [200, 200, 200, 200, 200, 200, 200], [7, 0]],
    ['with probability 1', { probability: 1 }, [503, 503, 503, 503, 503, 503, 503], [7, 7]],
    ['with a seed as always', { probability: 0.5, random_seed: 7 }, [503, 503, 503, 200, 200, 503, 200], [7, 4]],
  ])('%s', async (_name, members, statuses, counts) => {
    const app = await startWith({ status: 503, ...members });
    expect(await statusesOf(app, 7)).toEqual(statuses);
    expect(await countsOf(app)).toEqual([counts]);
    await app.ask('POST', `${DEFAULT}/limits/refill`);
    await app.ask('DELETE', FAULTS);
    expect(await statusesOf(app, 1)).toEqual([PASSES]);
  });

  it('as the binomial has it: 10,000 requests with probability 0.1, twice the same with one seed', async () => {
    const fire = async () => {
      const { sandbox, settings } = await startFaulty({ probability: 0.1, random_seed: 42, delay_ms: 0 });
      const fire = async () => (await sandbox.faults.fire(settings.faults, SUBJECT, 0)) !== undefined;
      return Promise.all(Array.from({ length: 10_000 }, fire));
    };
    const [first, second] = [await fire(), await fire()];
    // 1,000 and four standard deviations of 30.
    expect(Math.abs(first.filter(Boolean).length - 1000)).toBeLessThan(120);
    expect(second).toEqual(first);
  });

  it('the first of them in their order, and the others do not count', async () => {
    const app = await startWith({ status: 502, times: 1 }, { status: 504, times: 1 }, { status: 418 });
    expect(await statusesOf(app, 3)).toEqual([502, 504, 418]);
    expect(await countsOf(app)).toEqual([
      [3, 1],
      [2, 1],
      [1, 1],
    ]);
  });

  it('until its time is over, by the clock of the sandbox', async () => {
    const app = await startWith({ status: 503, ttl_ms: 60_000 });
    const [rule] = (await app.ask('GET', FAULTS)).json.faults;
    expect(rule.expires_at).toBe('2026-01-01T00:01:00Z');
    await app.ask('POST', `${DEFAULT}/clock/advance`, { ms: 59_999 });
    expect(await statusesOf(app, 1)).toEqual([503]);
    await app.ask('POST', `${DEFAULT}/clock/advance`, { ms: 1 });
    expect(await statusesOf(app, 1)).toEqual([PASSES]);
  });
});

const SUBJECT = {
  method: 'GET',
  url: '/v1/organizations',
  api_key_id: 'key_a',
  organization_id: 'org_a',
  permission: 'read' as const,
  readBody: () => undefined,
};

async function startFaulty(rule: object) {
  const app = await startWith(rule);
  const found = await app.sandboxes.find('default');
  if (found === undefined) throw new Error('there is always a default sandbox');
  return found;
}

describe('a rule is for requests', () => {
  const BODY = { metadata: { plan: 'pro', n: 12 } };
  it.each<[object, boolean]>([
    [{ method: 'patch' }, true],
    [{ method: 'GET' }, false],
    [{ path: '/v1/organizations' }, true],
    [{ path: '/v1/*' }, true],
    [{ path: '/*' }, false],
    [{ path: '/**' }, true],
    [{ path: '/v1/org*' }, true],
    [{ path: '/v1/organizations/' }, false],
    [{ path: '/v1/.rganizations' }, false],
    [{ permission: 'admin' }, true],
    [{ permission: 'read' }, false],
    [{ organization_id: 'org_demo123' }, true],
    [{ organization_id: 'org_demo' }, false],
    [{ api_key_id: 'key_other' }, false],
    [{ body: { metadata: { plan: 'pro' } } }, true],
    [{ body: { metadata: { n: 12.0 } } }, true],
    [{ body: { metadata: { n: 13 } } }, false],
    [{ body: { metadata: { plan: 'pro', other: null } } }, false],
    [{ body: {} }, true],
    [{ method: 'PATCH', body: { metadata: {} }, organization_id: 'org_other' }, false],
  ])('that match %j: %s', async (match, isForIt) => {
    const app = await startWith({ match, status: 503 });
    expect((await app.patch(BODY)).status).toBe(isForIt ? 503 : PASSES);
  });

  it('by the exact value of a number beyond 2^53', async () => {
    const app = await startControl();
    await app.ask('POST', FAULTS, '{"match":{"body":{"metadata":{"id":12345678901234567891}}},"status":503}');
    expect((await app.patch('{"metadata":{"id":12345678901234567890}}')).status).toBe(PASSES);
    expect((await app.patch('{"metadata":{"id":1234567890123456789.1e1}}')).status).toBe(503);
  });

  it('also where nothing is served, and without a key', async () => {
    const app = await startWith({ match: { path: '/v1/collections' }, status: 200, body: { items: [1.1] } });
    const { status, text, headers } = await app.get({ url: '/v1/collections' });
    expect([status, text, headers['content-type']]).toEqual([200, '{"items":[1.1]}', 'application/json']);
    await app.ask('POST', FAULTS, { match: { path: '/v1/health' }, status: 503 });
    expect((await app.app.inject({ url: '/v1/health' })).statusCode).toBe(503);
  });

  it('that pass key, permission and limit: others are refused as ever', async () => {
    const app = await startWith({ status: 418 });
    expect((await app.get({ authorization: null })).status).toBe(401);
    expect((await app.patch({}, { authorization: 'Bearer sk_test_readonly' })).status).toBe(403);
    expect((await app.get()).headers).toMatchObject({ 'x-ratelimit-remaining': '99' });
  });
});

it('a path with many wildcards is compared in no time', async () => {
  const app = await startWith({ match: { path: `/v1/${'**a'.repeat(100)}b` }, status: 503 });
  const started = performance.now();
  expect((await app.get({ url: `/v1/${'a'.repeat(4000)}` })).status).toBe(501);
  expect(performance.now() - started).toBeLessThan(1000);
});

it('a preset that answers takes a connection that answers nothing', async () => {
  const app = await startWith({ preset: 'lost-answer', connection: 'reset' });
  const [rule] = (await app.ask('GET', FAULTS)).json.faults;
  expect(rule).toMatchObject({ name: 'lost-answer', after_handler: true, connection: 'reset' });
  expect(rule.status).toBeUndefined();
});

describe('an injected answer', () => {
  const LIMITED = { limit: 100, window: '1m', retry_after: 1, category: 'metadata', api_name: 'organizations.get' };
  it.each<[number, string, string, unknown, string | undefined]>([
    [400, 'BadRequestError', 'Bad Request', {}, undefined],
    [401, 'UnauthorizedError', 'Invalid API key', {}, undefined],
    [404, 'NotFoundError', 'Not Found', {}, undefined],
    [429, 'TooManyRequestsError', 'Rate limit exceeded', LIMITED, '1'],
    [500, 'InternalServerError', 'Internal server error', {}, undefined],
    [502, 'BadGatewayError', 'Bad Gateway', {}, undefined],
    [503, 'ServiceUnavailableError', 'Service unavailable', {}, '1'],
    [504, 'GatewayTimeoutError', 'Gateway Timeout', {}, undefined],
  ])('with %i has the envelope of the API', async (status, type, message, details, retryAfter) => {
    const app = await startWith({ status });
    const response = await app.app.inject({
      url: '/v1/organizations',
      headers: { authorization: 'Bearer sk_test_xyz789' },
    });
    expect([response.statusCode, response.json()]).toEqual([status, errorBody(status, type, message, details)]);
    expect([response.headers['retry-after'], response.headers['x-mixpeek-mock']]).toEqual([
      retryAfter,
      'fault; id=flt_1',
    ]);
    expect(response.headers['x-mixpeek-mock-hint']).toContain('the fault rule flt_1 did this');
  });

  it.each<[object, string, string | undefined]>([
    [{ status: 200, body: { a: [1.1] } }, '{"a":[1.1]}', 'application/json'],
    [
      { status: 502, body: '<h1>Bad gateway</h1>', headers: { 'Content-Type': 'text/html' } },
      '<h1>Bad gateway</h1>',
      'text/html',
    ],
    [{ status: 500, body: 'out of order' }, 'out of order', 'text/plain; charset=utf-8'],
    [{ status: 204 }, '', undefined],
  ])('is what the rule %j says', async (rule, text, type) => {
    const app = await startWith(rule);
    const answer = await app.app.inject({
      url: '/v1/organizations',
      headers: { authorization: 'Bearer sk_test_xyz789' },
    });
    expect([answer.body, answer.headers['content-type']]).toEqual([text, type]);
  });
});

it('an answer of a fault says so where nothing is served, too, and a 204 has no length', async () => {
  const app = await startWith({ after_handler: true, status: 502, times: 1 }, { status: 204, times: 1 });
  const { status, headers } = await app.get({ url: '/v1/collections' });
  expect([status, headers['x-mixpeek-mock']]).toEqual([502, 'fault; id=flt_1']);
  expect((await app.get()).headers).toMatchObject({ 'x-mixpeek-mock': 'fault; id=flt_2' });
  const empty = await app.get({ headers: { 'x-mixpeek-mock-fault': 'status=204' } });
  expect([empty.status, empty.headers['content-length']]).toEqual([204, undefined]);
  const none = await app.get({ headers: { 'x-mixpeek-mock-fault': 'status=200' } });
  expect([none.status, none.headers['content-length']]).toEqual([200, '0']);
});
