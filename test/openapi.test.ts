import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { API_VERSIONS, type ApiVersion } from '../src/domain/api-version.ts';
import { findChanges } from '../src/drift/changes.ts';
import type { OpenApiNode } from '../src/http/openapi.ts';
import { buildCheck, DOCUMENTS, findNonconformities, STRUCTURES } from './support/conformance.ts';
import { makeFolder } from './support/folder.ts';
import { ADMIN, buildTestApp } from './support/harness.ts';
import { runCli } from './support/process.ts';

const BOTH = 'GET and PATCH /v1/organizations';

/**
 * Every known difference between Mixpeek's published structure and our document, and why it is there.
 * @param limits where the limits of a category are
 */
const toLedger = (limits: string): [string, string][] => [
  [`${BOTH}: security http bearer instead of none`, 'where the published document has a header parameter'],
  [`${BOTH}: header parameter Authorization is gone`, 'the same'],
  [`${BOTH}: 200, 400, 401, 403, 404, 422 and 500: new header X-Request-Id (string, optional)`, 'can occur'],
  ...['Limit', 'Remaining', 'Reset', 'Window'].map((name): [string, string] => [
    `${BOTH}: 200, 400, 404, 422 and 500: new header X-RateLimit-${name} (integer, optional)`,
    'can occur',
  ]),
  [`${BOTH}: 400, 401, 403, 404 and 422: new header X-Mixpeek-Mock-Hint (string, optional)`, 'ours'],
  [`${BOTH}: 401: new header WWW-Authenticate (string, optional)`, 'can occur'],
  [`${BOTH}: new status 429`, 'documented in the limits pages, not in the document'],
  [`${BOTH}: new status 503`, 'a storage that fails'],
  ['PATCH /v1/organizations: new status 413', 'a limit of ours'],
  ...['metadata', 'data', 'search', 'upload', 'compute'].flatMap((category): [string, string][] => [
    [`${limits}.${category}: default 10 is gone`, 'a category that is not named keeps what it had'],
    [`${limits}.${category}: new maximum 9007199254740991`, 'no larger integer is exact in JavaScript'],
  ]),
  ...['status (integer, required)', 'error (object, required)', 'success (boolean, optional, default false)'].map(
    (member): [string, string] => [`${BOTH}: 422: new member ${member}`, 'a 422 has both documented forms'],
  ),
  [`${BOTH}: 422: detail[]: new member ctx (object, optional)`, 'pydantic has it'],
];

const LIMITS = 'GET /v1/organizations: 200, PATCH /v1/organizations: 200 and request body';
const LEDGERS: Record<ApiVersion, [string, string][]> = {
  '0.81': toLedger(`${LIMITS}: rate_limits`),
  // Of rate_limits and of rate_limit_overrides.
  '0.82': toLedger(`${LIMITS}: BaseRateLimits`),
};

describe.each(API_VERSIONS)('the OpenAPI document of API %s', (version) => {
  const document = DOCUMENTS[version];

  it('differs from the published structure by exactly what the ledger lists', () => {
    const listed = LEDGERS[version].map(([difference]) => difference);
    expect(
      findChanges(STRUCTURES[version], document)
        .map(({ text }) => text)
        .sort(),
    ).toEqual(listed.sort());
  });

  it('is valid OpenAPI 3.1', async () => {
    expect(await new Validator().validate(structuredClone(document))).toMatchObject({ valid: true });
  });

  it('has examples that its own schemas accept', () => {
    const check = buildCheck(document, `examples of ${version}`.replaceAll(' ', '-'));
    const contents: [OpenApiNode, string][] = [];
    const collect = (node: unknown, place: string): void => {
      if (typeof node !== 'object' || node === null) return;
      if ('schema' in node && 'examples' in node) contents.push([node as OpenApiNode, place]);
      for (const [name, child] of Object.entries(node)) {
        collect(child, `${place}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`);
      }
    };
    collect(document.paths, '/paths');
    expect(contents.length).toBeGreaterThan(15);
    for (const [{ examples }, place] of contents) {
      for (const { value } of Object.values(examples as Record<string, { value: unknown }>)) {
        expect(check(`${place}/schema`, value)).toEqual([]);
      }
    }
  });

  it('is served without a key, as that of a sandbox that speaks it or when it is asked for, and printed by the program', async () => {
    const [speaking, other] = [await buildTestApp({ apiVersion: version }), await buildTestApp()];
    const servers = expect.any(Array);
    for (const url of ['/openapi.json', '/docs/openapi.json']) {
      const answer = await speaking.send({ method: 'GET', url, authorization: null });
      expect([answer.status, answer.json]).toEqual([200, { ...document, servers }]);
    }
    const asked = await other.send({ method: 'GET', url: `/openapi.json?api_version=${version}`, authorization: null });
    expect(asked.json).toEqual({ ...document, servers });
    const { code, stdout } = await runCli(['openapi', '--api-version', version], makeFolder());
    const printed = JSON.parse(stdout);
    const ours = JSON.stringify(document).replaceAll('0.0.0-test', printed.info.version);
    expect([code, printed]).toEqual([0, JSON.parse(ours)]);
  });
});

describe('the OpenAPI document', () => {
  it.each(['0.80', '', '0.82&api_version=0.81'])('of a version that there is not is refused: %s', async (asked) => {
    const { send } = await buildTestApp();
    for (const url of ['/openapi.json', '/openapi-3.0.json']) {
      const answer = await send({ method: 'GET', url: `${url}?api_version=${asked}`, authorization: null });
      expect([answer.status, answer.headers['x-mixpeek-mock-hint']]).toEqual([400, 'api_version is one of 0.81, 0.82']);
    }
  });

  it('is held against every answer of the tests: one with a member too few is noticed', async () => {
    const { get } = await buildTestApp();
    const { json } = await get({ authorization: `Bearer ${ADMIN}` });
    expect(findNonconformities('GET', '/v1/organizations', 200, json)).toEqual([]);
    const { credit_count: _, ...less } = json;
    expect(findNonconformities('GET', '/v1/organizations', 200, less)).toHaveLength(2);
    expect(findNonconformities('POST', '/v1/x', 501, { detail: [] })).not.toEqual([]);
  });
});

describe('the document of the control plane', () => {
  it('is valid OpenAPI 3.1 and names every route, behind the guard', async () => {
    for (const control of [undefined, { token: 'very-secret' }]) {
      const { send } = await buildTestApp({ ...(control && { control }) });
      const authorization = control ? `Bearer ${control.token}` : null;
      const url = '/_mock/openapi.json';
      const { json } = await send({ method: 'GET', url, authorization, headers: { host: 'localhost' } });
      expect(await new Validator().validate(structuredClone(json))).toMatchObject({ valid: true });
      const routes = Object.entries<object>(json.paths).flatMap(([path, operations]) =>
        Object.keys(operations).map((method) =>
          `${method} ${path.replace('/_mock/sandboxes/{sandbox_id}', '')}`.trim(),
        ),
      );
      expect(routes.sort()).toEqual([
        'delete',
        'delete /api-keys/{api_key_id}',
        'delete /faults',
        'delete /faults/{fault_id}',
        'delete /organizations/{organization_id}',
        'delete /requests',
        'delete /snapshots/{name}',
        'get',
        'get /_mock/fault-presets',
        'get /_mock/info',
        'get /_mock/sandboxes',
        'get /api-keys',
        'get /clock',
        'get /faults',
        'get /limits',
        'get /organizations',
        'get /organizations/{organization_id}',
        'get /requests',
        'get /requests/{id}',
        'get /requests/{id}/curl',
        'get /snapshots',
        'get /snapshots/{name}/changes',
        'get /state',
        'get /stream',
        'patch /api-keys/{api_key_id}',
        'patch /faults/{fault_id}',
        'patch /organizations/{organization_id}',
        'post /_mock/pact/provider-states',
        'post /_mock/sandboxes',
        'post /_mock/sandboxes/delete',
        'post /api-keys',
        'post /clock/advance',
        'post /faults',
        'post /limits/refill',
        'post /limits/spend',
        'post /organizations',
        'post /pact/provider-states',
        'post /requests/verify',
        'post /reset',
        'post /snapshots/{name}/restore',
        'put /clock',
        'put /limits',
        'put /snapshots/{name}',
        'put /state',
      ]);
      expect((await send({ method: 'GET', url, headers: { host: 'evil.example' } })).status).toBe(control ? 401 : 403);
    }
  });
});

describe('what the control plane answers', () => {
  const BASE = '/_mock/sandboxes/{sandbox_id}';

  it.each<[string, string, unknown]>([
    ['get', '/clock', undefined],
    ['put', '/clock', { frozen_at: '2030-01-01' }],
    ['post', '/clock/advance', { ms: 1 }],
    ['get', '/limits', undefined],
    ['put', '/limits', { mode: 'enforce' }],
    ['post', '/limits/spend', { api_key: ADMIN, category: 'search', count: 3 }],
    ['post', '/limits/refill', {}],
    ['get', '/requests', undefined],
    ['get', '/requests/{id}', undefined],
    ['post', '/requests/verify', { match: {} }],
    ['delete', '/requests', {}],
    ['post', '/reset', {}],
  ])('%s %s is as its document says, and so is the example there', async (method, path, body) => {
    const { send, patch } = await buildTestApp();
    await patch({ logo_url: 'x', metadata: { a: 1 } });
    const headers = { host: 'localhost', 'content-type': 'application/json' };
    const { json: document } = await send({ method: 'GET', url: '/_mock/openapi.json', headers });
    const operation = document.paths[`${BASE}${path}`][method];
    const check = (status: number, value: unknown) => {
      const pointer = `/paths/${`${BASE}${path}`.replaceAll('/', '~1')}/${method}/responses/${status}`;
      return buildCheck(document, 'control')(`${pointer}/content/application~1json/schema`, value);
    };
    expect(check(200, operation.responses[200].content['application/json'].examples.example.value)).toEqual([]);
    const url = `${BASE}${path}`.replace('{sandbox_id}', 'default').replace('{id}', '1');
    const payload = body === undefined ? {} : { payload: JSON.stringify(body) };
    const answer = await send({ method: method.toUpperCase() as 'GET', url, headers, ...payload });
    expect([answer.status, check(200, answer.json)]).toEqual([200, []]);
    const foreign = await send({ method: method.toUpperCase() as 'GET', url, headers: { host: 'x' }, ...payload });
    expect([foreign.status, check(403, foreign.json)]).toEqual([403, []]);
  });
});
