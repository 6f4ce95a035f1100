import { describe, expect, it } from 'vitest';
import { DEFAULT_SEED } from '../../src/seed/default.ts';
import type { Parsed } from '../support/conformance.ts';
import { type ControlApp, readDocument, startControl } from '../support/control.ts';
import { ADMIN, type Answer, MIB, type SendOptions } from '../support/harness.ts';

/** Ids that there are. */
const IDS: Record<string, string> = {
  sandbox_id: 'default',
  organization_id: 'org_demo123',
  api_key_id: 'key_00790b23ef8911f35db0a3b5',
  name: 'initial',
  id: '1',
  fault_id: 'flt_one',
};

interface Operation {
  /** Without `/_mock`. */
  path: string;
  method: string;
  parameters: Parsed[];
  /** DELETE needs no body. */
  hasBody: boolean;
  /** A body that is taken. */
  example: unknown;
  /** Statuses from 400 to 499. */
  documented: number[];
}

const listOperations = (document: Parsed): Operation[] =>
  Object.entries<Parsed>(document.paths).flatMap(([path, operations]) =>
    Object.entries<Parsed>(operations).map(([method, { parameters = [], requestBody, responses }]) => ({
      path: path.replace('/_mock', ''),
      method: method.toUpperCase(),
      parameters,
      hasBody: requestBody !== undefined,
      example: Object.values<Parsed>(requestBody?.content['application/json'].examples ?? {})[0]?.value,
      documented: Object.keys(responses)
        .map(Number)
        .filter((status) => status >= 400),
    })),
  );

const fill = (path: string, ids: Record<string, string> = {}) =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => ({ ...IDS, ...ids })[name] ?? '');

/** A request that is refused: where it goes, and what is sent. */
type Sent = [path: string, body?: unknown, more?: SendOptions];

/** How each status is reached; nothing where the kind of the route has no such refusal. */
const MAKERS: Record<number, (operation: Operation, token: string | undefined) => Sent[]> = {
  400: ({ path, parameters, hasBody }) => [
    ...(hasBody && !path.endsWith('/provider-states')
      ? [[fill(path), {}, { headers: { 'content-type': 'text/plain' } }] as Sent]
      : []),
    ...(hasBody && !path.endsWith('/state') ? [[fill(path), '[]'] as Sent] : []),
    ...parameters.flatMap(({ name, in: place, schema }): Sent[] => {
      if (place === 'path') return schema.pattern ? [[fill(path, { [name]: '!' })]] : [];
      return schema.type === 'integer' || schema.format ? [[`${fill(path)}?${name}=x`]] : [];
    }),
    ...(parameters.some(({ in: place }) => place === 'query') ? [[`${fill(path)}?nope=1`] as Sent] : []),
  ],
  401: ({ path }, token) => (token === undefined ? [] : [[fill(path), undefined, { authorization: null }]]),
  403: ({ path }, token) => [
    [fill(path), undefined, { headers: { 'sec-fetch-site': 'cross-site' } }],
    ...(token === undefined ? [[fill(path), undefined, { headers: { host: 'evil.example' } }] as Sent] : []),
  ],
  // Where any id will do, a sandbox is made.
  404: ({ path, method, parameters, example }) =>
    parameters.flatMap(({ name, in: place, schema }): Sent[] => {
      const isMade = name === 'sandbox_id' && schema.pattern !== undefined;
      const isNew = method === 'PUT' && name === 'name';
      return place !== 'path' || isMade || (name === 'name' && isNew)
        ? []
        : [[fill(path, { [name]: 'nope' }), example]];
    }),
  413: ({ path, hasBody }) =>
    hasBody ? [[fill(path), '{}', { headers: { 'content-length': String(64 * MIB + 1) } }]] : [],
  422: ({ path, hasBody }) => (hasBody ? [[fill(path), { no_such_member: 1 }]] : []),
};

const SEED = { version: 1, organizations: [{ organization_id: 'org_a', api_keys: [{ key: ADMIN }] }] };
const ONE = { version: 1, organizations: [{ organization_id: 'org_a' }] };
const IN = '/sandboxes/{sandbox_id}';
const FAULT = { id: 'flt_one', match: { path: '/v1/none' }, status: 503 };
const VERIFY = '/sandboxes/default/requests/verify';
const SPEND = { api_key: ADMIN, category: 'data' };

/** A seed of another sandbox has it in what follows. */
const OF_OTHER = { state: 'an API key exists', params: { key: 'sk_test_of_other' } };
const OTHER = { version: 1, organizations: [{ organization_id: 'org_o', api_keys: [{ key: OF_OTHER.params.key }] }] };

type Ask = ControlApp['ask'];
type Make = (ask: Ask, app: ControlApp) => Promise<Answer>;
type Own = [status: number, make: Make];
/** What only some routes refuse. */
const OWN: Record<string, Own | Own[]> = {
  'POST /sandboxes': [409, (ask) => ask('POST', '/sandboxes', { seed: SEED, keys: 'as_given' })],
  'POST /sandboxes/delete': [409, (ask) => ask('POST', '/sandboxes/delete', { ids: ['default'] })],
  [`DELETE ${IN}`]: [409, (ask) => ask('DELETE', '/sandboxes/default')],
  [`PUT ${IN}/state`]: [409, (ask) => ask('PUT', '/sandboxes/other/state', SEED)],
  [`PUT ${IN}/snapshots/{name}`]: [409, (ask) => ask('PUT', '/sandboxes/default/snapshots/initial')],
  [`DELETE ${IN}/snapshots/{name}`]: [409, (ask) => ask('DELETE', '/sandboxes/default/snapshots/initial')],
  [`POST ${IN}/organizations`]: [
    409,
    (ask) => ask('POST', '/sandboxes/default/organizations', { organization_id: 'org_demo123' }),
  ],
  [`DELETE ${IN}/organizations/{organization_id}`]: [
    409,
    async (ask) => {
      await ask('PUT', '/sandboxes/one/state', ONE);
      return ask('DELETE', '/sandboxes/one/organizations/org_a');
    },
  ],
  [`POST ${IN}/api-keys`]: [409, (ask) => ask('POST', '/sandboxes/default/api-keys', { key: ADMIN })],
  [`POST ${IN}/faults`]: [409, (ask) => ask('POST', '/sandboxes/default/faults', FAULT)],
  [`GET ${IN}/requests/{id}/curl`]: [
    409,
    async (ask, app) => {
      await app.get({ headers: { cookie: 'a=b', 'x-request-id': 'secret' } });
      return ask('GET', '/sandboxes/default/requests/secret/curl');
    },
  ],
  [`POST ${IN}/requests/verify`]: [
    [409, (ask) => ask('POST', VERIFY, { match: { method: 'PUT' } })],
    [
      503,
      async (ask) => {
        await ask('DELETE', '/sandboxes/default/requests');
        return ask('POST', VERIFY, { match: {}, after: 0 });
      },
    ],
  ],
  [`POST ${IN}/limits/spend`]: [
    429,
    async (ask) => {
      await ask('PUT', '/sandboxes/default/limits', { mode: 'enforce' });
      return ask('POST', '/sandboxes/default/limits/spend', { ...SPEND, count: 61 });
    },
  ],
};

/** What is refused of provider states, under each of the two paths. */
const refuseStates = (base: string): Own[] => [
  [404, (ask) => ask('POST', `${base}/pact/provider-states`, { state: 'no such state' })],
  [
    409,
    async (ask) => {
      await ask('PUT', '/sandboxes/other/state', OTHER);
      return ask('POST', `${base}/pact/provider-states`, OF_OTHER);
    },
  ],
];
OWN['POST /pact/provider-states'] = refuseStates('');
OWN[`POST ${IN}/pact/provider-states`] = refuseStates('/sandboxes/default');

const toList = (own: Own | Own[] | undefined): Own[] => {
  if (own === undefined) return [];
  return typeof own[0] === 'number' ? [own as Own] : (own as Own[]);
};

describe.each<[string, string | undefined]>([
  ['without a token', undefined],
  ['with one', 'very-secret'],
])('every refusal that the document names: %s', (_name, token) => {
  it('is reached, and there is no other', async () => {
    const app = await startControl({
      seed: { ...DEFAULT_SEED, faults: [FAULT] },
      ...(token !== undefined && { control: { token } }),
    });
    const authorization = token === undefined ? null : `Bearer ${token}`;
    const ask: Ask = (method, path, body, more) => app.ask(method, path, body, { authorization, ...more });
    const operations = listOperations(await readDocument(app, token));
    const reached: [string, number[]][] = [];
    for (const operation of operations) {
      const name = `${operation.method} ${operation.path}`;
      const statuses = new Set<number>();
      for (const [status, make] of Object.entries(MAKERS)) {
        for (const [path, body, more] of make(operation, token)) {
          const answer = await ask(operation.method, path, body, more);
          expect([operation.method, path, body, answer.status]).toEqual([operation.method, path, body, Number(status)]);
          statuses.add(answer.status);
        }
      }
      for (const [status, make] of toList(OWN[name])) {
        expect([name, (await make(ask, app)).status]).toEqual([name, status]);
        statuses.add(status);
      }
      reached.push([name, [...statuses].sort()]);
    }
    expect(reached).toEqual(operations.map(({ method, path, documented }) => [`${method} ${path}`, documented]));
    expect(Object.keys(OWN).filter((name) => !reached.some(([reachedName]) => reachedName === name))).toEqual([]);
  });
});
