import { request } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { API_VERSIONS, type ApiVersion } from '../src/domain/api-version.ts';
import { unavailable } from '../src/domain/errors.ts';
import { createMockServer } from '../src/index.ts';
import type { Parsed } from './support/conformance.ts';
import { buildTestApp, openMemoryStore } from './support/harness.ts';

const KEY = 'sk_live_abc123def456';
const JSON_TYPE = { 'content-type': 'application/json' };

interface Call {
  method: string;
  path?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

/** The bytes that come back; over a socket of its own, so that Host can be left out. */
function ask(url: string, { method, path = '/v1/organizations', headers = {}, body }: Call) {
  const all = { authorization: `Bearer ${KEY}`, connection: 'close', ...headers };
  return new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    const sent = request(`${url}${path}`, { method, headers: all, setHost: headers.host !== '' }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode, text }));
    });
    if (headers.host === '') sent.removeHeader('host');
    sent.on('error', reject).end(body);
  });
}

/** A fresh server whose clock stands where the examples were recorded, and its document. */
async function startFresh(apiVersion?: ApiVersion) {
  const server = await createMockServer({
    clock: '2026-01-01T00:00:00Z',
    limits: 'enforce',
    ...(apiVersion && { apiVersion }),
  });
  onTestFinished(() => server.close());
  const { text } = await ask(server.url, { method: 'GET', path: '/openapi.json' });
  return { url: server.url, paths: JSON.parse(text).paths as Parsed };
}

const bodyOf = (operation: Parsed, status: number, name: string) =>
  JSON.stringify(operation.responses[status].content['application/json'].examples[name].value);

const drain = {
  method: 'POST',
  path: '/_mock/sandboxes/default/limits/spend',
  headers: JSON_TYPE,
  body: JSON.stringify({ api_key: KEY, category: 'metadata', count: 100 }),
};

describe('an example of the document is a transcript', () => {
  it.each(API_VERSIONS)("GET has the demo key's organization in API %s", async (version) => {
    const { url, paths } = await startFresh(version);
    const operation = paths['/v1/organizations'].get;
    expect(Object.keys(operation.responses[200].content['application/json'].examples)).toEqual(['demo']);
    expect(await ask(url, { method: 'GET' })).toEqual({ status: 200, text: bodyOf(operation, 200, 'demo') });
  });

  it.each(API_VERSIONS)(
    'each PATCH of API %s, sent as offered after a reset, has the answer of its name',
    async (version) => {
      const { url, paths } = await startFresh(version);
      const operation = paths['/v1/organizations'].patch;
      const { examples } = operation.requestBody.content['application/json'];
      expect(Object.keys(examples)).toEqual(Object.keys(operation.responses[200].content['application/json'].examples));
      for (const [name, { value }] of Object.entries<Parsed>(examples)) {
        await ask(url, { method: 'POST', path: '/_mock/sandboxes/default/reset', headers: JSON_TYPE, body: '{}' });
        const answer = await ask(url, { method: 'PATCH', headers: JSON_TYPE, body: JSON.stringify(value) });
        expect(answer).toEqual({ status: 200, text: bodyOf(operation, 200, name) });
      }
    },
  );

  it('health is healthy', async () => {
    const { url, paths } = await startFresh();
    const answer = await ask(url, { method: 'GET', path: '/v1/health' });
    expect(answer).toEqual({ status: 200, text: bodyOf(paths['/v1/health'].get, 200, 'healthy') });
  });

  it('503: what a PATCH is answered with that cannot be kept', async () => {
    const store = openMemoryStore();
    const { app, patch } = await buildTestApp({ store });
    store.updateOrganization = () => Promise.reject(unavailable('the disk is full'));
    const { paths } = (await app.inject('/openapi.json')).json();
    const { status, text } = await patch({ logo_url: 'x' });
    expect({ status, text }).toEqual({ status: 503, text: bodyOf(paths['/v1/organizations'].patch, 503, 'example') });
  });

  const patch = { method: 'PATCH', headers: JSON_TYPE };
  it.each<[number, Call, Call?]>([
    [400, { method: 'GET', headers: { host: '' } }],
    [400, { ...patch, body: Buffer.from([0x7b, 0xff]) }],
    [401, { method: 'GET', headers: { authorization: 'Bearer sk_test_unknown' } }],
    [401, { method: 'PATCH', headers: { authorization: 'Bearer sk_test_unknown' } }],
    [403, { method: 'PATCH', headers: { authorization: 'Bearer sk_test_readonly' } }],
    [413, { ...patch, body: ' '.repeat(1024 * 1024 + 1) }],
    [422, { ...patch, body: '{"rate_limits":{"search":0}}' }],
    [429, { method: 'GET' }, drain],
    [429, { ...patch, body: '{}' }, drain],
  ])('%i: what %j is answered with', async (status, call, before) => {
    const { url, paths } = await startFresh();
    if (before !== undefined) expect((await ask(url, before)).status).toBe(200);
    const operation = paths['/v1/organizations'][call.method.toLowerCase()];
    expect(await ask(url, call)).toEqual({ status, text: bodyOf(operation, status, 'example') });
  });
});
