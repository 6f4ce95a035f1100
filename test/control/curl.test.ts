import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DEFAULT, startControl } from '../support/control.ts';
import { ADMIN, type SendOptions } from '../support/harness.ts';

interface Received {
  method: string | undefined;
  url: string | undefined;
  headers: [string, string][];
  body: Buffer;
}

/** A server that keeps what it is sent. */
async function startEcho() {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method, url, rawHeaders } = request;
    const headers: [string, string][] = [];
    for (let at = 0; at < rawHeaders.length; at += 2) headers.push([rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '']);
    received.push({ method, url, headers, body: Buffer.concat(chunks) });
    response.end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  return { received, host: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function runInBash(line: string): Promise<[code: number, errors: string]> {
  const child = spawn('bash', ['-c', line], { env: { ...process.env, MIXPEEK_API_KEY: ADMIN, http_proxy: '' } });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (errors += text));
  const [code] = await once(child, 'close');
  return [code, errors];
}

/** Headers that a connection has, not a request. */
const ITS_OWN = ['host', 'content-length', 'connection'];
const toComparable = (headers: [string, string][]) =>
  headers
    .filter(([name]) => !ITS_OWN.includes(name.toLowerCase()))
    .map(([name, value]) => `${name.toLowerCase()}: ${value}`)
    .sort();

const lineOf = ({ ask }: Awaited<ReturnType<typeof startControl>>, host = 'localhost') =>
  ask('GET', `${DEFAULT}/requests/1/curl`, undefined, { headers: { host } });

const AS_JSON = { 'content-type': 'application/json' };
const patch = (payload: string | Buffer, more: SendOptions = {}): SendOptions => ({
  method: 'PATCH',
  headers: AS_JSON,
  payload,
  ...more,
});

const HAS_CURL = spawnSync('bash', ['-c', 'curl --version']).status === 0;

describe.skipIf(!HAS_CURL)('the curl line of a request sends the same bytes (needs bash and curl)', () => {
  it.each<[string, SendOptions]>([
    ['nothing but a key', {}],
    ['no key', { authorization: null }],
    ['a key in another case of the scheme', { authorization: `bearer ${ADMIN}` }],
    ['JSON', patch('{"metadata":{"plan":"pro"}}')],
    ['single quotes', patch(`{"a":"it's ''quoted''"}`)],
    ['double quotes and backslashes', patch('{"a":"\\"\\\\ \\n"}')],
    ['lines', patch('{\n\t"a": 1\n}\n')],
    ['carriage returns', patch('{\r\n"a": 1}\r\n')],
    ['dollars and backticks', patch('$HOME $(id) `id` $x $1')],
    ['exclamation marks', patch('!! !$ "!"')],
    ['percent signs, stars and globs', patch('%s %41 * ? [a-z] {a,b} ~ # ; & | < >')],
    ['Unicode', patch('{"a":"Grüße 日本 🎉\u2028"}')],
    ['control characters', patch("\u0001\u001b[31m\u007f'\\'")],
    ['what is not UTF-8', patch(Buffer.from([0xff, 0xfe, 0x31, 0x80, 0x27, 0x5c, 0x0a, 0x33]))],
    ['every byte but NUL', patch(Buffer.from(Array.from({ length: 255 }, (_, index) => index + 1)))],
    ['what curl would take for a file', patch('@/etc/hostname')],
    ['what looks like an option', patch('-X DELETE')],
    ['a long body', patch('x'.repeat(64 * 1024))],
    ['no Content-Type', { method: 'POST', url: '/v1/none', payload: Buffer.from('a=b') }],
    ['a body with DELETE', { method: 'DELETE', url: '/v1/none', payload: '{}', headers: AS_JSON }],
    ['HEAD', { method: 'HEAD' }],
    ['another method', { method: 'OPTIONS', url: '/v1/none' }],
    ['a query with quotes and brackets', { url: "/v1/none?a='b'&c[]={1,2}&d=$x%20" }],
    ['dots in the path', { url: '/v1/../v1/./none' }],
    ['what curl would take for a fragment', { url: '/v1/none?a=#b' }],
    [
      'headers with quotes, without a value, twice',
      { headers: { 'x-a': `it's "$x"`, 'x-b': '', 'x-c': ['1', '2'] as never } },
    ],
    ['a header in Latin-1', { headers: { 'x-a': 'Gr\u00fc\u00dfe' } }],
  ])('%s', async (_name, options) => {
    const app = await startControl();
    const echo = await startEcho();
    await app.send(options);
    const { status, text, headers } = await lineOf(app, echo.host);
    expect([status, headers['content-type']]).toEqual([200, 'text/plain; charset=utf-8']);
    expect(text).not.toContain(ADMIN);
    expect(await runInBash(text)).toEqual([0, '']);
    const [entry] = (await app.findSandbox()).journal.list();
    const sent = entry?.headers.split('\n') ?? [];
    const pairs = sent.flatMap((name, at): [string, string][] => (at % 2 === 0 ? [[name, sent[at + 1] ?? '']] : []));
    const [received] = echo.received;
    expect([received?.method, received?.url]).toEqual([entry?.method, entry?.url]);
    expect(toComparable(received?.headers ?? [])).toEqual(toComparable(pairs));
    expect(received?.body.equals(Buffer.from(entry?.body ?? '', 'latin1'))).toBe(true);
  });
});

describe('there is no curl line', () => {
  const KEY = 'sk_live_secretsecret1';
  it.each<[string, SendOptions, string]>([
    [
      'a body that was kept in part',
      patch('x'.repeat(64 * 1024 + 1)),
      'the body has 65537 bytes, of which the first 64 KiB are kept',
    ],
    ['NUL bytes', patch('a\0b'), 'the body has NUL bytes, which no command line can have'],
    ['a body that was not read', patch('{}', { authorization: null }), 'the body is not kept'],
    ['a key in the body', patch(`{"a":"${KEY}"}`), 'the body has a key, which is not shown'],
    ['a key in the path', { url: `/v1/${KEY}` }, 'the URL has a key, which is not shown'],
    ['a secret in the query', { url: '/v1/none?api_key=x' }, 'the query has a secret, which is not shown'],
    ['a key in a header', { headers: { 'x-mine': KEY } }, 'the header x-mine has a key, which is not shown'],
    ['a cookie', { headers: { cookie: 'a=b' } }, 'the header cookie has a secret, which is not shown'],
    ['another scheme', { authorization: 'Basic YTpi' }, 'the header authorization has a secret, which is not shown'],
    ['what is no key', { authorization: 'Bearer x' }, 'the header authorization has a secret, which is not shown'],
  ])('for %s', async (_name, options, why) => {
    const app = await startControl();
    await app.send(options);
    const { status, json, text, headers } = await lineOf(app);
    expect([status, json.error.message]).toEqual([
      409,
      expect.stringContaining(`There is no curl line for this request: ${why}`),
    ]);
    expect(headers['x-mixpeek-mock-hint']).toBe('GET .../requests/ID has what is kept');
    expect(text).not.toContain('secretsecret');
  });

  it('for a request that there is not', async () => {
    const { status, headers } = await lineOf(await startControl());
    const hint = 'GET /_mock/sandboxes/default/requests lists what the journal has';
    expect([status, headers['x-mixpeek-mock-hint']]).toEqual([404, hint]);
  });
});
