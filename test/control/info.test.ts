import { describe, expect, it } from 'vitest';
import { hashApiKey, toApiKeyId } from '../../src/domain/api-key.ts';
import { DEFAULT_SEED, DEMO_KEY } from '../../src/seed/default.ts';
import type { Parsed } from '../support/conformance.ts';
import { type ControlApp, DEFAULT, readDocument, startControl } from '../support/control.ts';
import { errorBody } from '../support/harness.ts';

const INFO = {
  version: '0.0.0-test',
  api_version: '0.81',
  started_at: '2026-01-01T00:00:00Z',
  url: 'http://localhost:80',
  db: ':memory:',
  control: { token: false },
  journal_size: 100,
  demo_key: DEMO_KEY,
  features: [
    'sandboxes',
    'clock',
    'limits',
    'faults',
    'requests',
    'reset',
    'snapshots',
    'state',
    'organizations',
    'api-keys',
    'pact',
  ],
};
const DEMO = `${DEFAULT}/api-keys/${toApiKeyId(hashApiKey(DEMO_KEY))}`;

describe('GET /_mock/info', () => {
  it('says what this server is', async () => {
    const { ask } = await startControl();
    const { json, headers } = await ask('GET', '/info');
    expect([json, headers['content-type']]).toEqual([INFO, 'application/json']);
  });

  it('says that a token is required', async () => {
    const { ask } = await startControl({ control: { token: 'very-secret' } });
    const { json } = await ask('GET', '/info', undefined, { authorization: 'Bearer very-secret' });
    expect(json).toEqual({ ...INFO, control: { token: true } });
  });

  it('says the version of the API that default speaks now', async () => {
    const { ask } = await startControl({ apiVersion: '0.82' });
    expect((await ask('GET', '/info')).json.api_version).toBe('0.82');
    await ask('PUT', `${DEFAULT}/state`, {
      version: 1,
      api_version: '0.81',
      organizations: [{ organization_id: 'org_a' }],
    });
    expect((await ask('GET', '/info')).json).toEqual({ ...INFO, demo_key: null });
  });

  it.each<[string, (app: ControlApp) => Promise<unknown>]>([
    ['revoked', ({ ask }) => ask('PATCH', DEMO, { status: 'revoked' })],
    ['expired', ({ ask }) => ask('PATCH', DEMO, { expires_at: '2026-01-01T00:00:00Z' })],
    ['deleted', ({ ask }) => ask('DELETE', DEMO)],
    ['gone with its organization', ({ ask }) => ask('DELETE', `${DEFAULT}/organizations/org_demo123`)],
  ])('names no demo key that is %s, and names it again after a reset', async (_name, make) => {
    const app = await startControl();
    await make(app);
    expect((await app.ask('GET', '/info')).json).toEqual({ ...INFO, demo_key: null });
    await app.ask('POST', `${DEFAULT}/reset`);
    expect((await app.ask('GET', '/info')).json).toEqual(INFO);
  });

  it('names no demo key of another sandbox', async () => {
    const [, ...organizations] = DEFAULT_SEED.organizations;
    const app = await startControl({ seed: { version: 1, organizations } });
    const seed = { version: 1, organizations: [{ organization_id: 'org_a', api_keys: [{ key: DEMO_KEY }] }] };
    expect((await app.ask('PUT', '/sandboxes/a/state', seed)).status).toBe(201);
    expect((await app.ask('GET', '/info')).json.demo_key).toBeNull();
  });
});

/** Every path of the document, with ids that there are, and the methods that it takes. */
async function listPaths(app: ControlApp) {
  const { paths } = await readDocument(app);
  return Object.entries<Parsed>(paths).map(([path, operations]) => {
    // A sandbox, or a request, may have that id, too.
    const named = path.replace(/delete$/, '{sandbox_id}').replace(/verify$/, '{id}');
    const also = path === named ? {} : paths[named];
    const methods = Object.keys({ ...operations, ...also }).map((method) => method.toUpperCase());
    const filled = path
      .replace('/_mock', '')
      .replace('{sandbox_id}', 'default')
      .replace('{organization_id}', 'org_demo123')
      .replace('{api_key_id}', 'key_00790b23ef8911f35db0a3b5')
      .replace('{name}', 'initial')
      .replace('{id}', '1');
    return { path: filled, methods };
  });
}
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'];

/** The answer of a stream has no end; test/control/stream.test.ts reads it. */
const isEndless = (path: string) => path.endsWith('/stream');

describe('every path of the control plane', () => {
  it('takes what its document names, and is a 405 for any other method', async () => {
    const app = await startControl();
    for (const { path, methods } of await listPaths(app)) {
      for (const method of METHODS.filter((one) => !methods.includes(one))) {
        const { json, headers } = await app.ask(method, path);
        expect([method, path, json]).toEqual([
          method,
          path,
          errorBody(405, 'MethodNotAllowedError', 'Method Not Allowed'),
        ]);
        const allowed = new Set(headers.allow?.split(', '));
        expect([path, allowed]).toEqual([path, new Set([...methods, ...(methods.includes('GET') ? ['HEAD'] : [])])]);
      }
    }
  });

  it('that takes GET takes HEAD, with the same headers and no body', async () => {
    const app = await startControl();
    await app.get();
    for (const { path, methods } of await listPaths(app)) {
      if (!methods.includes('GET') || /\/(?:delete|verify|stream)$/.test(path)) continue;
      const [get, head] = [await app.ask('GET', path), await app.ask('HEAD', path)];
      const { 'x-request-id': _, ...headers } = head.headers;
      expect([path, head.status, head.text, headers]).toEqual([path, 200, '', expect.objectContaining(headers)]);
      expect([path, get.status, get.headers['content-type'], get.headers['content-length']]).toEqual([
        path,
        200,
        head.headers['content-type'],
        head.headers['content-length'],
      ]);
    }
  });

  it('is for no page of another origin, and answers no preflight', async () => {
    const app = await startControl();
    const preflight = { origin: 'http://evil.example', 'access-control-request-method': 'DELETE' };
    for (const { path, methods } of await listPaths(app)) {
      for (const method of [...methods, 'OPTIONS']) {
        const { status, headers } = await app.ask(method, path, undefined, { headers: preflight });
        const sharing = Object.keys(headers).filter((name) => name.startsWith('access-control'));
        expect([method, path, status, sharing]).toEqual([method, path, 403, []]);
      }
      if (isEndless(path)) continue;
      const own = await app.ask('GET', path, undefined, { headers: { origin: 'http://localhost:4030' } });
      expect(own.headers['access-control-allow-origin']).toBeUndefined();
    }
    expect((await app.get()).status).toBe(200);
  });
});
