import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { API_VERSIONS, type ApiVersion } from '../src/domain/api-version.ts';
import type { OpenApiNode } from '../src/http/openapi.ts';
import { buildCheck, DOCUMENTS, findNonconformities, STRUCTURES } from './support/conformance.ts';
import { makeFolder } from './support/folder.ts';
import { ADMIN, buildTestApp } from './support/harness.ts';
import { findDifferences } from './support/openapi-differences.ts';
import { runCli } from './support/process.ts';

/** Every known difference between Mixpeek's published structure and our document, and why it is there. */
const LEDGER: [string, string][] = [
  ['info.version: published "0.81", here "0.0.0-test"', 'our own version'],
  ['info.license: only here', 'ours'],
  ['servers: only here', 'this server'],
  ['tags: only here', 'texts for people'],
  ['security: only here', 'the bearer scheme, where the published document has a header parameter'],
  ['components.securitySchemes: only here', 'the same'],
  ...['get', 'patch'].flatMap((method): [string, string][] => [
    [`paths./v1/organizations.${method}.parameters: only published`, 'the same'],
    [
      `paths./v1/organizations.${method}.responses.429: only here`,
      'documented in the limits pages, not in the document',
    ],
    [`paths./v1/organizations.${method}.responses.503: only here`, 'a storage that fails'],
    ...[200, 400, 401, 403, 404, 422, 500].map((status): [string, string] => [
      `paths./v1/organizations.${method}.responses.${status}.headers: only here`,
      'headers that can occur',
    ]),
  ]),
  ['paths./v1/organizations.patch.responses.413: only here', 'a limit of ours'],
  ['paths./v1/health: only here', 'published, but not part of the structure that this is held to'],
  ['components.headers: only here', 'headers that can occur'],
  ...['metadata', 'data', 'search', 'upload', 'compute'].flatMap((category): [string, string][] => [
    [
      `components.schemas.BaseRateLimits.properties.${category}.default: only published`,
      'a category that is not named keeps what it had',
    ],
    [
      `components.schemas.BaseRateLimits.properties.${category}.maximum: only here`,
      'no larger integer is exact in JavaScript',
    ],
  ]),
  ...['properties.success', 'properties.status', 'properties.error', 'required'].map((place): [string, string] => [
    `components.schemas.HTTPValidationError.${place}: only here`,
    'a 422 has both documented forms',
  ]),
  ['components.schemas.ValidationError.properties.ctx: only here', 'pydantic has it'],
];

/** What the structure of 0.82 has otherwise. */
const LEDGERS: Record<ApiVersion, [string, string][]> = {
  '0.81': LEDGER,
  '0.82': LEDGER.map(([difference, why]) => [difference.replace('published "0.81"', 'published "0.82"'), why]),
};

describe.each(API_VERSIONS)('the OpenAPI document of API %s', (version) => {
  const document = DOCUMENTS[version];

  it('differs from the published structure by exactly what the ledger lists', () => {
    const listed = LEDGERS[version].map(([difference]) => difference);
    expect(findDifferences(STRUCTURES[version], document).sort()).toEqual(listed.sort());
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

const schemas = (X: unknown, more: object = {}) => ({ components: { schemas: { X, ...more } } });
const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const NULL = { type: 'null' };
const TEXT = { type: 'string', format: 'email' };
const property = (schema: unknown) => ({ type: 'object', properties: { a: schema } });
const query = (name: string, more: object = {}) => ({ name, in: 'query', schema: { type: 'string' }, ...more });
const operation = (...parameters: unknown[]) => ({ paths: { '/x': { get: { parameters } } } });

describe('findDifferences', () => {
  it.each<[string, unknown, unknown]>([
    ['texts', { a: { type: 'string' } }, { a: { type: 'string', description: 'text', examples: ['x'] } }],
    ['anyOf or a list of types', { a: { anyOf: [TEXT, NULL] } }, { a: { type: ['string', 'null'], format: 'email' } }],
    ['oneOf or anyOf with null', { a: { oneOf: [TEXT, NULL] } }, { a: { anyOf: [NULL, TEXT] } }],
    ['null among several', { oneOf: [TEXT, NULL, { type: 'integer' }] }, { anyOf: [{ type: 'integer' }, TEXT, NULL] }],
    ['several types', { type: ['string', 'integer'] }, { anyOf: [{ type: 'integer' }, { type: 'string' }] }],
    [
      'a default beside the alternatives or with the types',
      { a: { anyOf: [TEXT, NULL], default: 'x', description: 'text' } },
      { a: { type: ['string', 'null'], format: 'email', default: 'x' } },
    ],
    ['lists in another order', { required: ['a', 'b'], enum: [1, 2] }, { enum: [2, 1], required: ['b', 'a'] }],
    ['parameters in another order', operation(query('a'), query('b')), operation(query('b'), query('a'))],
    ['what is not required, said or not', operation(query('a', { required: false })), operation(query('a'))],
    ['a component that is inlined', schemas(property(ref('Y')), { Y: TEXT }), schemas(property(TEXT))],
    ['one that is renamed', schemas(property(ref('Y')), { Y: TEXT }), schemas(property(ref('Z')), { Z: TEXT })],
    [
      'a nullable one that is inlined',
      schemas(property({ anyOf: [ref('Y'), NULL] }), { Y: property(TEXT) }),
      schemas(property({ ...property(TEXT), type: ['object', 'null'] })),
    ],
    [
      'one in a list that is inlined',
      schemas({ anyOf: [ref('Y'), TEXT] }, { Y: property(TEXT) }),
      schemas({ anyOf: [TEXT, property(TEXT)] }),
    ],
    ['a reference alone in allOf', schemas({ allOf: [ref('Y')] }, { Y: TEXT }), schemas(ref('Y'), { Y: TEXT })],
    [
      'one that contains itself, renamed',
      schemas(ref('Y'), { Y: property(ref('Y')) }),
      schemas(ref('Z'), { Z: property(ref('Z')) }),
    ],
    [
      'a property named like a map of names',
      property({ properties: { properties: { title: 'a', type: 'string' } } }),
      property({ properties: { properties: { title: 'b', type: 'string' } } }),
    ],
  ])('passes over %s', (_name, published, here) => {
    expect(findDifferences(published, here)).toEqual([]);
    expect(findDifferences(here, published)).toEqual([]);
  });

  it.each<[string, unknown, unknown, string[]]>([
    ['a value', { a: { type: 'string' } }, { a: { type: 'integer' } }, ['a.type: published "string", here "integer"']],
    ['a member less', { a: 1, b: 2 }, { a: 1 }, ['b: only published']],
    ['a member more', { a: 1 }, { a: 1, b: 2 }, ['b: only here']],
    [
      'a list with another item',
      { required: ['a'] },
      { required: ['b'] },
      ['required "a": only published', 'required "b": only here'],
    ],
    [
      'a property named like an annotation',
      { properties: { title: {} } },
      { properties: {} },
      ['properties.title: only published'],
    ],
    [
      'such a property inside of alternatives',
      { anyOf: [TEXT, { properties: { description: TEXT } }] },
      { anyOf: [TEXT, { properties: {} }] },
      [
        'anyOf {"properties":{"description":{"format":"email","type":"string"}}}: only published',
        'anyOf {"properties":{}}: only here',
      ],
    ],
    ['what is no longer null', { a: { anyOf: [TEXT, NULL] } }, { a: TEXT }, ['a.nullable: only published']],
    ['a nullable of another format', { anyOf: [TEXT, NULL] }, { type: ['string', 'null'] }, ['format: only published']],
    ['a query parameter', operation(), operation(query('a')), ['paths./x.get.parameters.query a: only here']],
    [
      'the first query parameter',
      { paths: { '/x': { get: {} } } },
      operation(query('a')),
      ['paths./x.get.parameters: only here'],
    ],
    [
      'a parameter that becomes required',
      operation(query('a')),
      operation(query('a', { required: true })),
      ['paths./x.get.parameters.query a.required: only here'],
    ],
    [
      'a parameter by reference that becomes required',
      { ...operation({ $ref: '#/components/parameters/a' }), components: { parameters: { a: query('a') } } },
      {
        ...operation({ $ref: '#/components/parameters/a' }),
        components: { parameters: { a: query('a', { required: true }) } },
      },
      ['components.parameters.a.required: only here'],
    ],
    [
      'a default',
      schemas(property({ anyOf: [TEXT, NULL], default: 'x' })),
      schemas(property({ type: ['string', 'null'], format: 'email', default: 'y' })),
      ['components.schemas.X.properties.a.default: published "x", here "y"'],
    ],
    [
      'a default beside a reference',
      schemas(property({ ...ref('Y'), default: 1 }), { Y: TEXT }),
      schemas(property(ref('Y')), { Y: TEXT }),
      ['components.schemas.X.properties.a.default: only published'],
    ],
    [
      'a member of a component that is renamed',
      schemas(property(ref('Y')), { Y: property(TEXT) }),
      schemas(property(ref('Z')), { Z: property({ type: 'string' }) }),
      ['components.schemas.X.properties.a.properties.a.format: only published'],
    ],
  ])('reports %s', (_name, published, here, expected) => {
    expect(findDifferences(published, here)).toEqual(expected);
  });
});
