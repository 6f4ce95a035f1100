import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Fastify from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { buildDocs } from '../src/api/docs.ts';
import { createMockServer, type MockServerOptions } from '../src/index.ts';
import { OURS } from './support/conformance.ts';
import { makeFolder } from './support/folder.ts';
import { errorBody } from './support/harness.ts';

const DEMO_KEY = 'sk_live_abc123def456';
const KEY_SCRIPT = '/docs/static/theme/demo-key.js';

async function start(options: MockServerOptions = {}) {
  const server = await createMockServer(options);
  onTestFinished(() => server.close());
  const { url } = server;
  const read = async (path: string) => (await fetch(url + path)).text();
  return { url, read };
}

/** The answer to a path as it stands: fetch would tidy it up first. */
function ask(url: string, path: string, headers: Record<string, string> = {}, method = 'GET') {
  const { hostname, port } = new URL(url);
  return new Promise<{ status?: number | undefined; hint: unknown; id: unknown; text: string }>((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers: { connection: 'close', ...headers } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
      response.on('end', () => {
        const { 'x-mixpeek-mock-hint': hint, 'x-request-id': id } = response.headers;
        resolve({ status: response.statusCode, hint, id, text });
      });
    });
    sent.on('error', reject).end();
  });
}

/** A seed whose only key is the demo key. */
function writeSeed(more: object): string {
  const file = join(makeFolder(), 'seed.json');
  const api_keys = [{ key: DEMO_KEY, ...more }];
  writeFileSync(file, JSON.stringify({ version: 1, organizations: [{ organization_id: 'org_one', api_keys }] }));
  return file;
}

describe('the docs page', () => {
  it('shows its sections closed, and both tabs', async () => {
    const { read } = await start();
    expect(await read('/docs')).toContain('<title>mixpeek-mock</title>');
    const settings = await read('/docs/static/swagger-initializer.js');
    expect(settings).toContain('"docExpansion":"list","defaultModelsExpandDepth":0');
    expect(settings).toContain('"urls":[{"name":"API","url":"/openapi.json"},{"name":"control plane"');
  });

  it.each<[string, MockServerOptions]>([
    ['a token is demanded', { controlToken: 'very-secret' }],
    ['there is no control plane', { control: 'off' }],
  ])('has one tab where %s', async (_name, options) => {
    const { read } = await start(options);
    expect(await read('/docs/static/swagger-initializer.js')).not.toContain('/_mock/');
  });

  it('is of the version that is spoken, also after a reset to another one', async () => {
    const [seed, db] = [join(makeFolder(), 'seed.json'), join(makeFolder(), 'mock.db')];
    const organizations = [{ organization_id: 'org_one', api_keys: [{ key: DEMO_KEY }] }];
    writeFileSync(seed, JSON.stringify({ version: 1, api_version: '0.82', organizations }));
    await (await createMockServer({ seed, db, apiVersion: '0.81' })).close();
    const { url, read } = await start({ seed, db });
    const readVersion = async () => JSON.parse(await read('/docs/json')).info.description.slice(0, 12);
    expect(await readVersion()).toBe('Version 0.81');
    const headers = { 'content-type': 'application/json' };
    await fetch(`${url}/_mock/sandboxes/default/reset`, { method: 'POST', headers });
    expect(await readVersion()).toBe('Version 0.82');
  });

  const NOT_FOUND = errorBody(404, 'NotFoundError', 'Not Found');
  const BAD_RANGE = errorBody(416, 'RangeNotSatisfiableError', 'Range Not Satisfiable');
  const FAILED = errorBody(412, 'PreconditionFailedError', 'Precondition Failed');
  const CSS = '/docs/static/swagger-ui.css';
  it.each<[string, Record<string, string>, unknown]>([
    ['/docs/nope', {}, NOT_FOUND],
    ['/docs/%00', {}, NOT_FOUND],
    ['/docs/a%00b', {}, NOT_FOUND],
    ['/docs/static/%00', {}, NOT_FOUND],
    ['/docs/static/', {}, NOT_FOUND],
    ['/docs/static/.env', {}, NOT_FOUND],
    ['/docs/static/a\\b', {}, NOT_FOUND],
    ['/docs/static/../../package.json', {}, NOT_FOUND],
    ['/docs/static/%2e%2e/%2e%2e/package.json', {}, NOT_FOUND],
    [`/docs/${'a'.repeat(300)}`, {}, NOT_FOUND],
    [`/docs/${'a'.repeat(5000)}`, {}, NOT_FOUND],
    [`/docs/static/${'a'.repeat(300)}`, {}, NOT_FOUND],
    [`/docs/static/${'a'.repeat(5000)}`, {}, NOT_FOUND],
    [CSS, { range: 'bytes=9-1' }, BAD_RANGE],
    [CSS, { range: 'bytes=99999999-' }, BAD_RANGE],
    [CSS, { range: 'bytes=x' }, BAD_RANGE],
    [CSS, { 'if-match': '"x"' }, FAILED],
    [CSS, { 'if-unmodified-since': 'Mon, 01 Jan 2001 00:00:00 GMT' }, FAILED],
  ])('refuses %.60s %j in the envelope, with a hint', async (path, headers, body) => {
    const { url } = await start();
    const { status, hint, id, text } = await ask(url, path, headers);
    expect(JSON.parse(text)).toEqual(body);
    expect([status, hint, id]).toEqual([JSON.parse(text).status, expect.any(String), expect.stringMatching(/^req_/)]);
  });

  it.each<[string, Record<string, string>, number]>([
    ['bytes 0 to 1', { range: 'bytes=0-1' }, 206],
    ['lines', { range: 'lines=1-2' }, 200],
    ['what it has not yet', { 'if-none-match': '"x"' }, 200],
    ['what it has', { 'if-none-match': '*' }, 304],
  ])('gives %s of a file', async (_name, headers, status) => {
    const { url } = await start();
    expect((await ask(url, '/docs/static/swagger-ui.css', headers)).status).toBe(status);
  });

  it.each(['/docs', '/docs/', '/docs/static/swagger-ui.css', KEY_SCRIPT])('answers HEAD %s', async (path) => {
    const { url } = await start();
    const { status, text } = await ask(url, path, {}, 'HEAD');
    expect([status, text]).toEqual([200, '']);
  });

  it.each(['/docs', '/docs/nope', KEY_SCRIPT])(
    'lets a page of another origin see %s, and tells the time of the sandbox',
    async (path) => {
      const { url } = await start({ clock: '2030-01-01T00:00:00Z' });
      const { headers } = await fetch(url + path, { headers: { origin: 'http://app.example' } });
      expect([headers.get('access-control-allow-origin'), headers.get('date')]).toEqual([
        '*',
        'Tue, 01 Jan 2030 00:00:00 GMT',
      ]);
    },
  );

  it('logs an unexpected error whole', async () => {
    const log: string[] = [];
    const outer = Fastify({ logger: { stream: { write: (line: string) => void log.push(line) } } });
    const app = await buildDocs({
      document: OURS,
      assets: fileURLToPath(new URL('../dist/swagger-ui', import.meta.url)),
      demoKey: DEMO_KEY,
      isUsable: () => Promise.reject(new Error('the store is gone')),
      hasControl: false,
      metrics: undefined,
      log: outer.log,
    });
    onTestFinished(() => app.close());
    const { statusCode, body } = await app.inject(KEY_SCRIPT);
    expect([statusCode, JSON.parse(body)]).toEqual([
      500,
      errorBody(500, 'InternalServerError', 'Internal server error'),
    ]);
    expect(log.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({
        msg: 'unexpected error',
        err: expect.objectContaining({ message: 'the store is gone', stack: expect.stringContaining('docs.test.ts') }),
      }),
    ]);
  });
});

describe('the key that the page offers', () => {
  /** What the script of the page makes of the keys that a browser remembers. */
  function remember(script: string, before: string | null): string | null {
    const storage = new Map(before === null ? [] : [['authorized', before]]);
    const localStorage = {
      getItem: (name: string) => storage.get(name) ?? null,
      setItem: (name: string, value: string) => storage.set(name, value),
      removeItem: (name: string) => storage.delete(name),
    };
    new Function('localStorage', script)(localStorage);
    return storage.get('authorized') ?? null;
  }
  const entered = (key: string) => JSON.stringify({ bearerAuth: { name: 'bearerAuth', value: key } });

  it('is the demo key, unless a person entered another', async () => {
    const { read } = await start();
    const script = await read(KEY_SCRIPT);
    expect(JSON.parse(remember(script, null) ?? '').bearerAuth.value).toBe(DEMO_KEY);
    expect(remember(script, entered('sk_test_mine'))).toBe(entered('sk_test_mine'));
  });

  it.each([
    ['revoked', { status: 'revoked' }],
    ['expired', { expires_at: '2025-01-01T00:00:00Z' }],
  ])('is none where the demo key is %s: one that the page remembers is taken back', async (_name, more) => {
    const { read } = await start({ seed: writeSeed(more) });
    const script = await read(KEY_SCRIPT);
    expect(script).not.toContain('setItem');
    expect(remember(script, null)).toBe(null);
    expect(remember(script, entered(DEMO_KEY))).toBe(null);
    expect(remember(script, entered('sk_test_mine'))).toBe(entered('sk_test_mine'));
  });

  it('is none where the seed has no demo key', async () => {
    const file = join(makeFolder(), 'seed.json');
    const api_keys = [{ key: 'sk_test_mine' }];
    writeFileSync(file, JSON.stringify({ version: 1, organizations: [{ organization_id: 'org_one', api_keys }] }));
    const { read } = await start({ seed: file });
    expect(await read(KEY_SCRIPT)).not.toContain('setItem');
  });

  it('follows the clock', async () => {
    const { url, read } = await start({
      seed: writeSeed({ expires_at: '2026-01-01T00:01:00Z' }),
      clock: '2026-01-01T00:00:00Z',
    });
    expect(await read(KEY_SCRIPT)).toContain('setItem');
    const headers = { 'content-type': 'application/json' };
    const advance = `${url}/_mock/sandboxes/default/clock/advance`;
    await fetch(advance, { method: 'POST', headers, body: '{"ms":60000}' });
    expect(await read(KEY_SCRIPT)).not.toContain('setItem');
    await fetch(advance, { method: 'POST', headers, body: '{"ms":-1}' });
    expect(await read(KEY_SCRIPT)).toContain('setItem');
  });
});
