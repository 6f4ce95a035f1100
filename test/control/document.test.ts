import { describe, expect, it } from 'vitest';
import { buildSeed } from '../../src/seed/build.ts';
import type { SeedContent } from '../../src/seed/content.ts';
import { DEFAULT_SEED } from '../../src/seed/default.ts';
import { buildCheck, type Parsed } from '../support/conformance.ts';
import { ADMIN, buildTestApp } from '../support/harness.ts';

const ITEM = '/_mock/sandboxes/{sandbox_id}';
const headers = { host: 'localhost', 'content-type': 'application/json' };

async function start(seed?: SeedContent) {
  const app = await buildTestApp({ ...(seed && { seed }) });
  const ask = (method: string, path: string, payload?: string) =>
    app.send({
      method: method as 'GET',
      url: path.replace('{sandbox_id}', 'default'),
      headers,
      ...(payload !== undefined && { payload }),
    });
  return { ...app, ask, document: (await ask('GET', '/_mock/openapi.json')).json };
}

/** Each body that the document offers examples of. */
const listBodies = (document: Parsed) =>
  Object.entries<Parsed>(document.paths).flatMap(([path, operations]) =>
    Object.entries<Parsed>(operations).flatMap(([method, { requestBody }]) => {
      if (requestBody === undefined) return [];
      const schema = `/paths/${path.replaceAll('/', '~1')}/${method}/requestBody/content/application~1json/schema`;
      return { path, method, schema, examples: requestBody.content['application/json'].examples };
    }),
  );

/** The path with the examples of its parameters. */
const fill = (path: string, method: string, document: Parsed) =>
  document.paths[path][method].parameters?.reduce(
    (filled: string, { name, example, schema }: Parsed) =>
      filled.replace(`{${name}}`, example ?? schema.default ?? schema.example),
    path,
  ) ?? path;

const OTHER_SEED: SeedContent = {
  version: 1,
  organizations: [{ organization_id: 'org_one', account_type: 'free', api_keys: [{ key: 'sk_test_one' }] }],
};

const FAULT = { id: 'flt_one', match: { path: '/v1/none' }, status: 503 };

describe('the document of the control plane', () => {
  it.each<[string, SeedContent | undefined]>([
    ['the built-in seed, and a fault', { ...DEFAULT_SEED, faults: [FAULT] }],
    ['another seed', { ...OTHER_SEED, faults: [FAULT] }],
  ])('with %s offers bodies that succeed as they are, at least one for each', async (_name, seed) => {
    const { ask, document } = await start(seed);
    const bodies: string[] = [];
    for (const { path, method, schema, examples } of listBodies(document)) {
      bodies.push(`${method} ${path.replace(ITEM, '')}: ${Object.keys(examples)}`);
      const check = buildCheck(document, 'control');
      for (const { value, summary } of Object.values<Parsed>(examples)) {
        // Some of them change what another one needs.
        await ask('POST', `${ITEM}/reset`);
        expect([value, summary, check(schema, value)]).toEqual([value, expect.any(String), []]);
        const answer = await ask(method.toUpperCase(), fill(path, method, document), JSON.stringify(value));
        expect([path, value, answer.status < 300]).toEqual([path, value, true]);
      }
    }
    expect(bodies).toEqual([
      'post /_mock/sandboxes: one,many,seeded',
      'post /_mock/sandboxes/delete: one',
      'put /clock: frozen,running,running_from',
      'post /clock/advance: forward,back',
      'put /limits: off,headers,enforce',
      'post /limits/spend: one',
      'post /limits/refill: all,key,one',
      'post /faults: flaky,lost_answer,slow',
      'patch /faults/{fault_id}: off',
      'post /requests/verify: none,few',
      'post /reset: reset',
      'put /snapshots/{name}: now',
      'post /snapshots/{name}/restore: restore',
      'put /state: seed',
      'post /organizations: team,empty',
      'patch /organizations/{organization_id}: tier,billing',
      'post /api-keys: new,known',
      'patch /api-keys/{api_key_id}: revoked,expiring',
      'post /pact/provider-states: clean,tier,key,exhausted,teardown',
      'post /_mock/pact/provider-states: clean,tier,key,exhausted,teardown',
    ]);
  });

  it('offers no key where the sandbox has none', async () => {
    const { document } = await start({ version: 1, organizations: [{ organization_id: 'org_one' }] });
    const bodyOf = (path: string) => document.paths[`${ITEM}${path}`].post.requestBody;
    expect(bodyOf('/limits/spend').content['application/json'].examples).toEqual({});
    expect(Object.keys(bodyOf('/limits/refill').content['application/json'].examples)).toEqual(['all']);
  });

  it('describes every tag that an operation has, and no other', async () => {
    const { document } = await start();
    const operations = Object.values<Parsed>(document.paths).flatMap((one) => Object.values<Parsed>(one));
    expect([...new Set(operations.flatMap(({ tags }) => tags))]).toEqual(document.tags.map((tag: Parsed) => tag.name));
    expect(document.tags).toEqual([
      { name: 'info', description: 'What this server is' },
      { name: 'sandboxes', description: 'Whole worlds, each with keys of its own' },
      { name: 'clock', description: 'The time that clients see' },
      { name: 'limits', description: 'The buckets of the rate limits' },
      { name: 'faults', description: 'Rules by which requests fail' },
      { name: 'requests', description: 'The journal' },
      { name: 'reset', description: 'Back to the start' },
      { name: 'snapshots', description: 'States under names' },
      { name: 'state', description: 'All of a sandbox, as a seed file' },
      { name: 'organizations', description: 'What the public API cannot do with them' },
      { name: 'api-keys', description: 'Keys of any permission and status' },
      { name: 'pact', description: 'Provider states of contract tests' },
    ]);
  });

  it('asks for a body only where {} would not do', async () => {
    const { document } = await start();
    const required = Object.entries<Parsed>(document.paths).flatMap(([path, operations]) =>
      Object.entries<Parsed>(operations)
        .filter(([, { requestBody }]) => requestBody?.required)
        .map(([method]) => `${method} ${path.replace(ITEM, '')}`),
    );
    expect(required).toEqual([
      'post /_mock/sandboxes/delete',
      'put /clock',
      'post /clock/advance',
      'put /limits',
      'post /limits/spend',
      'post /faults',
      'patch /faults/{fault_id}',
      'post /requests/verify',
      'put /state',
    ]);
  });

  it.each<[string, { token: string } | undefined, string]>([
    ['without a token', undefined, ''],
    ['with one', { token: 'very-secret' }, ' 401'],
  ])('names the refusals of each operation: %s', async (_name, control, unauthorized) => {
    const { send } = await buildTestApp({ ...(control && { control }) });
    const authorization = `Bearer ${control?.token}`;
    const { json } = await send({ method: 'GET', url: '/_mock/openapi.json', authorization, headers });
    const statuses = Object.entries<Parsed>(json.paths).flatMap(([path, operations]) =>
      Object.entries<Parsed>(operations).map(
        ([method, { responses }]) =>
          `${`${method} ${path.replace(ITEM, '')}`.trim()}: ${Object.keys(responses).join(' ')}`,
      ),
    );
    expect(statuses).toEqual(
      [
        'get /_mock/info: 200 403',
        'post /_mock/sandboxes: 201 400 403 409 413 422',
        'get /_mock/sandboxes: 200 400 403',
        'get: 200 403 404',
        'delete: 204 403 404 409',
        'post /_mock/sandboxes/delete: 204 400 403 409 413 422',
        'get /_mock/fault-presets: 200 403',
        'get /clock: 200 403 404',
        'put /clock: 200 400 403 404 413 422',
        'post /clock/advance: 200 400 403 404 413 422',
        'get /limits: 200 403 404',
        'put /limits: 200 400 403 404 413 422',
        'post /limits/spend: 200 400 403 404 413 422 429',
        'post /limits/refill: 200 400 403 404 413 422',
        'get /faults: 200 403 404',
        'post /faults: 201 400 403 404 409 413 422',
        'delete /faults: 204 403 404',
        'patch /faults/{fault_id}: 200 400 403 404 413 422',
        'delete /faults/{fault_id}: 204 403 404',
        'get /requests: 200 400 403 404',
        'delete /requests: 200 403 404',
        'get /requests/{id}: 200 403 404',
        'get /requests/{id}/curl: 200 403 404 409',
        'post /requests/verify: 200 400 403 404 409 413 422 503',
        'post /reset: 200 400 403 404 413 422',
        'get /snapshots: 200 403 404',
        'put /snapshots/{name}: 200 400 403 404 409 413 422',
        'delete /snapshots/{name}: 204 400 403 404 409',
        'post /snapshots/{name}/restore: 200 400 403 404 413 422',
        'get /snapshots/{name}/changes: 200 400 403 404',
        'get /state: 200 403 404',
        'put /state: 200 201 400 403 409 413 422',
        'get /organizations: 200 400 403 404',
        'post /organizations: 201 400 403 404 409 413 422',
        'get /organizations/{organization_id}: 200 403 404',
        'patch /organizations/{organization_id}: 200 400 403 404 413 422',
        'delete /organizations/{organization_id}: 204 403 404 409',
        'get /api-keys: 200 400 403 404',
        'post /api-keys: 201 400 403 404 409 413 422',
        'patch /api-keys/{api_key_id}: 200 400 403 404 413 422',
        'delete /api-keys/{api_key_id}: 204 403 404',
        'post /pact/provider-states: 200 400 403 404 409 413 422',
        'get /stream: 200 400 403 404',
        'post /_mock/pact/provider-states: 200 400 403 404 409 413 422',
      ].map((line) => line.replace(' 403', `${unauthorized} 403`)),
    );
    expect(json.security).toEqual(control === undefined ? [] : [{ controlToken: [] }]);
  });

  const LONGEST = 315_537_897_599_999;
  const KEY = { api_key: ADMIN };
  const TIME = '2026-01-01T00:00:00Z';
  it.each<[string, string, unknown, boolean]>([
    ['put', '/clock', { frozen_at: TIME }, true],
    ['put', '/clock', { frozen_at: '0001-01-01T00:00:00Z' }, true],
    ['put', '/clock', { frozen_at: '0000-12-31T23:59:59Z' }, false],
    ['put', '/clock', { frozen_at: '9999-12-31T23:59:59.999Z' }, true],
    ['put', '/clock', { frozen_at: '10000-01-01T00:00:00Z' }, false],
    ['put', '/clock', { frozen_at: '2026-02-29T00:00:00Z' }, false],
    ['put', '/clock', { frozen_at: '2026-01-01T00:00:00.123456789Z' }, true],
    ['put', '/clock', { frozen_at: '2026-01-01T00:00:00.1234567891Z' }, false],
    ['put', '/clock', { frozen_at: '2026-01-01T23:59:60Z' }, false],
    ['put', '/clock', { frozen_at: 'soon' }, false],
    ['put', '/clock', {}, false],
    ['put', '/clock', { frozen_at: TIME, running: true }, false],
    ['put', '/clock', { running: true }, true],
    ['put', '/clock', { running: false }, false],
    ['put', '/clock', { running: true, now: TIME }, true],
    ['put', '/clock', { frozen_at: TIME, now: TIME }, false],
    ['put', '/clock', { now: TIME }, false],
    ['put', '/clock', { running: true, more: 1 }, false],
    ['post', '/clock/advance', { ms: 0 }, true],
    ['post', '/clock/advance', { ms: 0.5 }, false],
    ['post', '/clock/advance', { ms: LONGEST + 1 }, false],
    ['post', '/clock/advance', { ms: -LONGEST - 1 }, false],
    ['post', '/clock/advance', {}, false],
    ['put', '/limits', { mode: 'off' }, true],
    ['put', '/limits', { mode: 'on' }, false],
    ['put', '/limits', {}, false],
    ['post', '/limits/spend', { ...KEY, category: 'search' }, true],
    ['post', '/limits/spend', { ...KEY, category: 'search', count: 1 }, true],
    ['post', '/limits/spend', { ...KEY, category: 'search', count: 0 }, false],
    ['post', '/limits/spend', { ...KEY, category: 'search', count: Number.MAX_SAFE_INTEGER }, true],
    ['post', '/limits/spend', { ...KEY, category: 'search', count: Number.MAX_SAFE_INTEGER + 1 }, false],
    ['post', '/limits/spend', { ...KEY, category: 'other' }, false],
    ['post', '/limits/spend', { ...KEY }, false],
    ['post', '/limits/spend', { category: 'search' }, false],
    ['post', '/limits/spend', { ...KEY, api_key_id: 'key_x', category: 'search' }, false],
    ['post', '/limits/refill', {}, true],
    ['post', '/limits/refill', { ...KEY }, true],
    ['post', '/limits/refill', { ...KEY, category: 'data' }, true],
    ['post', '/limits/refill', { category: 'data' }, false],
    ['post', '/limits/refill', { ...KEY, api_key_id: 'key_x' }, false],
    ['post', '/reset', {}, true],
    ['post', '/pact/provider-states', {}, true],
    ['post', '/pact/provider-states', { state: null, more: 1 }, true],
    ['post', '/pact/provider-states', { state: '', action: null, params: null }, true],
    ['post', '/pact/provider-states', { state: '', action: 'set' }, false],
    ['post', '/pact/provider-states', { state: 1 }, false],
    ['post', '/pact/provider-states', { state: '', params: [] }, false],
    ['post', '/reset', { sandbox: 'x' }, false],
  ])('%s %s takes %j: %s, in its schema and on the wire', async (method, path, body, isRight) => {
    const { ask, document } = await start();
    const check = buildCheck(document, 'control');
    const place = `/paths/${`${ITEM}${path}`.replaceAll('/', '~1')}/${method}/requestBody`;
    const answer = await ask(method.toUpperCase(), `${ITEM}${path}`, JSON.stringify(body));
    const verdicts = [check(`${place}/content/application~1json/schema`, body).length === 0, answer.status === 200];
    expect(verdicts).toEqual([isRight, isRight]);
  });

  it('lets a clock be moved as far as the schema says, and no further', async () => {
    const { ask } = await start();
    await ask('PUT', `${ITEM}/clock`, JSON.stringify({ frozen_at: '0001-01-01T00:00:00Z' }));
    const far = (await ask('POST', `${ITEM}/clock/advance`, JSON.stringify({ ms: LONGEST }))).json;
    expect(far.now).toBe('9999-12-31T23:59:59.999000Z');
    const back = (await ask('POST', `${ITEM}/clock/advance`, JSON.stringify({ ms: -LONGEST }))).json;
    expect(back.now).toBe('0001-01-01T00:00:00Z');
  });

  it.each<[string, string, boolean]>([
    ['limit', '1', true],
    ['limit', '0', false],
    ['limit', '1000', true],
    ['limit', '1001', false],
    ['limit', 'x', false],
    ['cursor', '0', true],
    ['cursor', '-1', false],
    ['cursor', '999999999999999', true],
    ['cursor', '1000000000000000', false],
    ['status', '200', true],
    ['status', '2.5', false],
    ['since', TIME, true],
    ['since', 'soon', false],
  ])('the filter %s takes %s: %s, in its schema and on the wire', async (name, value, isRight) => {
    const { ask, document } = await start();
    const { parameters } = document.paths[`${ITEM}/requests`].get;
    const index = parameters.findIndex((parameter: Parsed) => parameter.name === name);
    const pointer = `/paths/${`${ITEM}/requests`.replaceAll('/', '~1')}/get/parameters/${index}/schema`;
    const { type } = parameters[index].schema;
    const isInSchema =
      buildCheck(document, 'control')(pointer, type === 'integer' ? Number(value) : value).length === 0;
    const answer = await ask('GET', `${ITEM}/requests?${name}=${value}`);
    expect([isInSchema, answer.status]).toEqual([isRight, isRight ? 200 : 400]);
    if (!isRight) expect(answer.headers['x-mixpeek-mock-hint']).toMatch(/ describe the filters$/);
  });

  it('is written again when the key of its examples is gone', async () => {
    const { ask, document, store } = await start();
    const readExample = (from: Parsed) =>
      from.paths[`${ITEM}/limits/spend`].post.requestBody.content['application/json'].examples.one.value.api_key_id;
    await store.put('default', buildSeed(OTHER_SEED, TIME).state);
    const later = (await ask('GET', '/_mock/openapi.json')).json;
    expect(readExample(later)).not.toBe(readExample(document));
    const body = JSON.stringify({ api_key_id: readExample(later), category: 'search' });
    expect((await ask('POST', `${ITEM}/limits/spend`, body)).status).toBe(200);
  });
});
