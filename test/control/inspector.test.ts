import { readdirSync, readFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { makeFolder } from '../support/folder.ts';
import { buildTestApp, errorBody, INSPECTOR, type SendOptions } from '../support/harness.ts';

const HTML = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
const SHELL = ['/_mock/', '/_mock/app.js', '/_mock/app.css', '/_mock/icon.svg'];
const DATA = '/_mock/sandboxes/default/clock';
const CROSS_SITE = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', origin: 'https://evil.example' };

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

async function start(options: Parameters<typeof buildTestApp>[0] = {}) {
  const { send } = await buildTestApp(options);
  return (url: string, headers: Record<string, string> = {}, method: SendOptions['method'] = 'GET') =>
    send({ method: method as 'GET', url, authorization: null, headers: { host: 'localhost:4030', ...headers } });
}

describe('the files of the inspector', () => {
  it.each([
    ['/_mock/', 'index.html', 'text/html; charset=utf-8'],
    ['/_mock/?sandbox=sbx_1&q=status:4xx', 'index.html', 'text/html; charset=utf-8'],
    ['/_mock/app.js', 'app.js', 'text/javascript; charset=utf-8'],
    ['/_mock/app.css?1', 'app.css', 'text/css; charset=utf-8'],
    ['/_mock/icon.svg', 'icon.svg', 'image/svg+xml'],
  ])('%s is %s, with headers that let it do nothing but ask this server', async (url, name, type) => {
    const ask = await start();
    const bytes = readFileSync(join(INSPECTOR, name), 'utf8');
    const { status, text, headers } = await ask(url);
    expect([status, text]).toEqual([200, bytes]);
    expect(headers).toEqual({
      'content-security-policy': POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-cache',
      etag: expect.stringMatching(/^"[\w-]{22}"$/),
      'content-type': type,
      'content-length': String(Buffer.byteLength(bytes)),
      'x-request-id': expect.stringMatching(/^req_/),
      date: expect.any(String),
      connection: 'keep-alive',
    });
    const head = await ask(url, {}, 'HEAD');
    const { 'x-request-id': _, ...same } = headers;
    expect([head.status, head.text, head.headers]).toEqual([200, '', expect.objectContaining(same)]);
  });

  it.each([
    ['"other"', 200],
    ['other', 200],
    ['ETAG', 304],
    ['W/ETAG', 304],
    ['"other", ETAG', 304],
    ['*', 304],
  ])('to If-None-Match: %s are a %i', async (known, status) => {
    const ask = await start();
    for (const url of SHELL) {
      const { headers } = await ask(url);
      const again = await ask(url, { 'if-none-match': known.replace('ETAG', headers.etag ?? '') });
      expect([again.status, again.text === '', again.headers.etag]).toEqual([status, status === 304, headers.etag]);
      expect(again.headers['content-security-policy']).toBe(POLICY);
      expect(again.headers['content-type']).toBe(status === 304 ? undefined : headers['content-type']);
    }
  });

  it.each<[string, Parameters<typeof buildTestApp>[0], Record<string, string>, number, number]>([
    ['a program', {}, {}, 200, 200],
    ['the address bar', {}, { 'sec-fetch-site': 'none', accept: HTML }, 200, 200],
    ['the page', {}, { 'sec-fetch-site': 'same-origin' }, 200, 200],
    ['a link of another site', {}, CROSS_SITE, 200, 403],
    ['another name of this machine', {}, { host: 'evil.example' }, 200, 403],
    ['whoever has no token', { control: { token: 'very-secret' } }, { host: 'mock.internal' }, 200, 401],
    ['a link where a token is required', { control: { token: 'very-secret' } }, CROSS_SITE, 200, 401],
    ['whoever has one', { control: { token: 'very-secret' } }, { authorization: 'Bearer very-secret' }, 200, 200],
    ['anybody where the control plane is off', { control: 'off' }, {}, 404, 404],
    ['a browser where the control plane is off', { control: 'off' }, { accept: HTML }, 404, 404],
  ])('for %s: %j, %j: %i, and data %i', async (_name, options, headers, shell, data) => {
    const ask = await start(options);
    for (const url of SHELL) expect([url, (await ask(url, headers)).status]).toEqual([url, shell]);
    expect((await ask(DATA, headers)).status).toBe(data);
  });

  it.each(SHELL)('%s takes GET and HEAD only', async (url) => {
    const ask = await start();
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'] as const) {
      const { status, headers } = await ask(url, {}, method);
      expect([method, status, headers.allow]).toEqual([method, 405, 'GET, HEAD']);
    }
    expect((await ask(url, CROSS_SITE, 'POST')).status).toBe(403);
  });

  it.each(['/_mock/index.html', '/_mock/app.js.map', '/_mock/app.js/x', '/_mock/..%2fapp.js', '/_mock/constructor'])(
    '%s is none of them',
    async (url) => {
      const ask = await start();
      expect((await ask(url)).json).toEqual(errorBody(404, 'NotFoundError', 'Not Found'));
      expect((await ask(url, CROSS_SITE)).status).toBe(403);
    },
  );

  it('are missed in a build without them, until they are there', async () => {
    const folder = makeFolder();
    const ask = await start({ inspector: folder });
    for (const url of SHELL) {
      const { json, headers } = await ask(url);
      expect(json).toEqual(errorBody(503, 'ServiceUnavailableError', 'This build has no inspector'));
      expect(headers['x-mixpeek-mock-hint']).toBe(
        'its files, in dist/inspector, cannot be read (ENOENT): npm run build makes them',
      );
    }
    expect((await ask(DATA)).status).toBe(200);
    for (const name of readdirSync(INSPECTOR)) await copyFile(join(INSPECTOR, name), join(folder, name));
    for (const url of SHELL) expect((await ask(url)).status).toBe(200);
  });
});

describe('GET /_mock', () => {
  it.each([
    ['a browser', HTML, true],
    ['whoever takes HTML in any case', 'Text/HTML', true],
    ['curl', '*/*', false],
    ['whoever wants JSON', 'application/json', false],
    ['whoever says nothing', '', false],
  ])('for %s (Accept: %s) is the page: %s', async (_name, accept, isPage) => {
    const ask = await start();
    for (const method of ['GET', 'HEAD']) {
      const { status, headers } = await ask('/_mock', accept === '' ? {} : { accept }, method as 'GET');
      const type = isPage ? 'text/html; charset=utf-8' : 'application/json';
      expect([status, headers['content-type'], headers['cache-control']]).toEqual([
        200,
        type,
        isPage ? 'no-cache' : 'no-store',
      ]);
    }
  });

  it('shows its list to nobody who may not ask, and the page to everybody', async () => {
    const ask = await start();
    expect((await ask('/_mock', CROSS_SITE)).status).toBe(403);
    const page = await ask('/_mock', { ...CROSS_SITE, accept: HTML });
    expect([page.status, page.text]).toEqual([200, readFileSync(join(INSPECTOR, 'index.html'), 'utf8')]);
  });
});

describe('the page', () => {
  const SOURCE = fileURLToPath(new URL('../../src/inspector', import.meta.url));
  const listFiles = (folder: string) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  const findIn = (folder: string, pattern: RegExp) =>
    listFiles(folder).flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(pattern)].map(([found]) => [file, found]),
    );

  it('makes no HTML and no code of texts, and no styles that its policy refuses', () => {
    const makers = /(?:inner|outer)HTML|insertAdjacentHTML|document\.write|\beval\b|\bnew Function\b|\bstyle=(?!\{)/gi;
    expect(findIn(SOURCE, makers)).toEqual([]);
  });

  it('holds no key', () => {
    for (const folder of [SOURCE, INSPECTOR]) expect(findIn(folder, /sk_(?:live|test)_[a-z0-9]{6,}/g)).toEqual([]);
  });

  it('asks for its files by whole paths, which hold under /_mock too, and has a sentence for whoever runs no scripts', () => {
    const html = readFileSync(join(INSPECTOR, 'index.html'), 'utf8');
    const named = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, path]) => path);
    expect(named.sort()).toEqual(['/_mock/app.css', '/_mock/app.js', '/_mock/icon.svg']);
    expect(html).toContain('<noscript>The inspector needs JavaScript.');
  });
});
