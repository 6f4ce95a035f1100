import { describe, expect, it } from 'vitest';
import { ADMIN, buildTestApp, errorBody, type SendOptions } from '../support/harness.ts';

const BASE = '/_mock/sandboxes/default';
const JSON_TYPE = { 'content-type': 'application/json' };
const FOREIGN = errorBody(403, 'ForbiddenError', 'The control plane is not for pages of another origin');

async function start(options: Parameters<typeof buildTestApp>[0] = {}) {
  const app = await buildTestApp(options);
  const ask = (method: string, path: string, more: SendOptions = {}) =>
    app.send({
      authorization: null,
      ...more,
      method: method as 'GET',
      url: path,
      headers: { host: 'localhost:4030', ...more.headers },
    });
  return { ...app, ask };
}

describe('a request to the control plane', () => {
  it.each<[string, Record<string, string>, boolean]>([
    ['neither Origin nor Sec-Fetch-Site', {}, true],
    ['our own Origin', { origin: 'http://localhost:4030' }, true],
    ['our own Origin behind a TLS proxy', { origin: 'https://localhost:4030' }, true],
    ['an Origin of another port', { origin: 'http://localhost:4031' }, false],
    ['an Origin of another scheme', { origin: 'ftp://localhost:4030' }, false],
    ['a null Origin', { origin: 'null' }, false],
    ['an empty Origin', { origin: '' }, false],
    ['a page of its own', { 'sec-fetch-site': 'same-origin' }, true],
    ['the address bar', { 'sec-fetch-site': 'none' }, true],
    ['a page of its own whose Origin the proxy rewrote', { 'sec-fetch-site': 'same-origin', origin: 'http://x' }, true],
    [
      'a page of another site with our Origin',
      { 'sec-fetch-site': 'cross-site', origin: 'http://localhost:4030' },
      false,
    ],
    ['a page of another port', { 'sec-fetch-site': 'same-site', origin: 'http://localhost:4030' }, false],
    ['an empty Sec-Fetch-Site', { 'sec-fetch-site': '' }, false],
    ['two Sec-Fetch-Sites', { 'sec-fetch-site': 'none, same-origin' }, false],
  ])('with %s: %j passes: %s', async (_name, headers, passes) => {
    const { ask } = await start();
    const { status, json, headers: answered } = await ask('GET', `${BASE}/clock`, { headers });
    expect(status).toBe(passes ? 200 : 403);
    if (!passes) expect(json).toEqual(FOREIGN);
    expect(Object.keys(answered).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  const encode = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
  it.each<[string, string | null, boolean]>([
    ['as a bearer token', 'Bearer very-secret', true],
    ['whatever the case of the scheme', 'bearer  very-secret', true],
    ['as the password of Basic', encode('pact:very-secret'), true],
    ['as the password of Basic without a name', encode(':very-secret'), true],
    ['in lower case', encode('pact:very-secret').replace('Basic', 'basic'), true],
    ['not at all', null, false],
    ['another', 'Bearer very-secreT', false],
    ['a longer one', 'Bearer very-secret2', false],
    ['as the name of Basic', encode('very-secret:'), false],
    ['as Basic without a colon', encode('very-secret'), false],
    ['as Basic in plain', 'Basic very-secret', false],
    ['a password with a colon more', encode('a:b:very-secret'), false],
    ['an empty password', encode('pact:'), false],
    ['a key of the API', `Bearer ${ADMIN}`, false],
  ])('with the token %s: passes: %s', async (_name, authorization, passes) => {
    const { ask } = await start({ control: { token: 'very-secret' } });
    const { status, json, headers } = await ask('GET', `${BASE}/clock`, { authorization });
    expect(status).toBe(passes ? 200 : 401);
    if (passes) return;
    expect(json).toEqual(errorBody(401, 'UnauthorizedError', 'The control plane needs its token'));
    expect(headers['www-authenticate']).toBe('Bearer');
  });

  it('takes no token from the query', async () => {
    const { ask } = await start({ control: { token: 'very-secret' } });
    expect((await ask('GET', `${BASE}/clock?token=very-secret`)).status).toBe(401);
  });

  it.each([
    ['POST', '/reset', 400],
    ['POST', '/limits/refill', 400],
    ['PUT', '/limits', 400],
    ['POST', '/pact/provider-states', 200],
    ['DELETE', '/requests', 200],
    ['GET', '/requests', 200],
    ['HEAD', '/requests', 200],
  ])('%s %s without Content-Type, without a body: %i', async (method, path, status) => {
    const { ask } = await start();
    const answer = await ask(method, BASE + path);
    expect(answer.status).toBe(status);
    if (status === 400) {
      expect(answer.json.error.message).toBe('What changes something needs Content-Type: application/json');
      expect(answer.headers['x-mixpeek-mock-hint']).toMatch(/^send the header/);
    }
  });

  it.each([
    ['https://mock.example', 200],
    ['http://mock.example', 200],
    ['https://mock.example:444', 403],
    ['https://other.example', 403],
  ])('lets a page of %s change something behind a TLS proxy for mock.example: %i', async (origin, status) => {
    const { ask } = await start({ control: { token: 'very-secret' } });
    const headers = { ...JSON_TYPE, host: 'mock.example', origin };
    const answer = await ask('POST', `${BASE}/clock/advance`, {
      headers,
      authorization: 'Bearer very-secret',
      payload: '{"ms":0}',
    });
    expect(answer.status).toBe(status);
  });

  it('takes what has a Content-Type and no body as {}', async () => {
    const { ask } = await start();
    expect((await ask('POST', `${BASE}/reset`, { headers: JSON_TYPE })).status).toBe(200);
  });
});

describe('what the control plane does not have', () => {
  it.each([
    ['GET', '/_mock/nope'],
    ['POST', '/_mock/nope'],
    ['TRACE', '/_mock/nope'],
    ['PROPFIND', '/_mock/nope'],
    ['OPTIONS', '/_mock/nope'],
    ['GET', `${BASE}/clock/advance/x`],
    ['GET', `${BASE}/snapshots/a/b`],
    ['GET', `${BASE}/limitsx`],
    ['GET', '/_mock/sandboxes//clock/x'],
  ])('%s %s is a 404 that says where to look', async (method, path) => {
    const { ask } = await start();
    const { json, headers } = await ask(method, path);
    expect(json).toEqual(errorBody(404, 'NotFoundError', 'Not Found'));
    expect(headers['x-mixpeek-mock-hint']).toBe('GET /_mock lists what there is');
  });

  it.each([
    ['POST', '/_mock', 'GET, HEAD'],
    ['DELETE', '/_mock/openapi.json', 'GET, HEAD'],
    ['POST', `${BASE}/clock`, 'GET, HEAD, PUT'],
    ['TRACE', `${BASE}/clock`, 'GET, HEAD, PUT'],
    ['OPTIONS', `${BASE}/clock`, 'GET, HEAD, PUT'],
    ['PROPFIND', `${BASE}/clock/`, 'GET, HEAD, PUT'],
    ['GET', `${BASE}/clock/advance?x=1`, 'POST'],
    ['PATCH', `${BASE}/limits`, 'GET, HEAD, PUT'],
    ['POST', `${BASE}/requests`, 'GET, HEAD, DELETE'],
    ['DELETE', `${BASE}/requests/1`, 'GET, HEAD'],
    ['PUT', `${BASE}/requests/verify`, 'GET, HEAD, POST'],
    ['POST', `${BASE}/requests/1/curl`, 'GET, HEAD'],
    ['GET', '/_mock/pact/provider-states', 'POST'],
    ['GET', '/_mock/sandboxes/other/reset', 'POST'],
    ['GET', '/_mock/sandboxes/default/%72eset', 'POST'],
  ])('%s %s is a 405 that allows %s', async (method, path, allow) => {
    const { ask } = await start();
    const { json, headers } = await ask(method, path);
    expect(json).toEqual(errorBody(405, 'MethodNotAllowedError', 'Method Not Allowed'));
    expect([headers.allow, headers['x-mixpeek-mock-hint']]).toEqual([allow, `this path takes ${allow}`]);
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });

  it.each([
    ['/_mock/sandboxes/other/clock', 'GET /_mock/sandboxes lists what there is'],
    [`${BASE}/requests/99`, 'GET /_mock/sandboxes/default/requests lists what the journal has'],
  ])('%s is a 404: %s', async (path, hint) => {
    const { ask } = await start();
    const { json, headers } = await ask('GET', path);
    expect(json).toEqual(errorBody(404, 'NotFoundError', 'Not Found'));
    expect(headers['x-mixpeek-mock-hint']).toBe(hint);
  });

  it('is told to nobody who may not ask', async () => {
    const { ask } = await start();
    for (const path of ['/_mock/nope', '/_mock', '/_mock/openapi.json', `${BASE}/clock`]) {
      expect((await ask('GET', path, { headers: { host: 'evil.example' } })).status).toBe(403);
    }
  });
});

describe('GET /_mock', () => {
  it.each(['/_mock', '/_mock?x=1'])('%s lists every route of the document', async (path) => {
    const { ask } = await start();
    const { json } = await ask('GET', path);
    const { paths } = (await ask('GET', '/_mock/openapi.json')).json;
    const documented = Object.entries<Record<string, { summary: string }>>(paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, { summary }]) => ({ method: method.toUpperCase(), path, summary })),
    );
    const byPlace = (a: { path: string; method: string }, b: { path: string; method: string }) =>
      `${a.path} ${a.method}` < `${b.path} ${b.method}` ? -1 : 1;
    expect(documented).toHaveLength(44);
    expect({ ...json, routes: json.routes.sort(byPlace) }).toEqual({
      name: 'mixpeek-mock',
      version: '0.0.0-test',
      document: '/_mock/openapi.json',
      routes: documented.sort(byPlace),
    });
  });
});
