import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Flags, readServeConfig } from '../src/cli/config.ts';
import { createMockServer } from '../src/index.ts';
import { type RunningServer, startServer } from '../src/server.ts';
import { makeFolder } from './support/folder.ts';
import { get, patch } from './support/requests.ts';

async function start(flags: Flags = {}): Promise<RunningServer & { log: string[]; port: number }> {
  const log: string[] = [];
  const config = readServeConfig({ port: '0', db: ':memory:', ...flags }, {}, makeFolder());
  const server = await startServer(config, (line) => log.push(line));
  onTestFinished(() => server.close().catch(() => {}));
  return Object.assign(server, { log, port: Number(new URL(server.url).port) });
}

/** Every client of the tests. */
const sockets = new Set<Socket>();

async function open(port: number, bytes: string | Buffer = ''): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  sockets.add(socket);
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  await once(socket, 'connect');
  if (bytes.length > 0) socket.write(bytes);
  return socket;
}

/** Everything that comes back until the server closes the connection. */
async function send(port: number, bytes: string | Buffer): Promise<string> {
  const socket = await open(port, bytes);
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1');
  });
  await once(socket, 'close');
  return answer;
}

const request = (headers: string, body = '') =>
  `PATCH /v1/organizations HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer sk_test_xyz789\r\n${headers}\r\n${body}`;

describe('two servers in one process', () => {
  it('are strangers', async () => {
    const [one, two] = [await start(), await start()];
    await patch(one.url, { organization_name: 'One' });
    expect((await get(one.url)).organization_name).toBe('One');
    expect((await get(two.url)).organization_name).toBe('Acme Corporation');
    await one.close();
    expect((await get(two.url)).organization_name).toBe('Acme Corporation');
  });

  it('share no database file', async () => {
    const db = `${makeFolder()}/mock.db`;
    await start({ db });
    await expect(start({ db })).rejects.toThrow('is in use by process');
  });
});

describe('what a client may send', () => {
  it.each([
    ['no HTTP', 'hello\r\n\r\n', 'The request is not valid HTTP'],
    ['TLS', Buffer.from('160301020001000100', 'hex'), 'The request is not valid HTTP'],
    ['an unknown method', 'NONSENSE / HTTP/1.1\r\nHost: x\r\n\r\n', 'The request is not valid HTTP'],
    ['a header of 20 kB', request(`X-Large: ${'x'.repeat(20_000)}\r\n`), 'The header of the request is too large'],
    ['a wrong Content-Length', request('Content-Length: x\r\n'), 'The request is not valid HTTP'],
    ['a broken chunk', request('Transfer-Encoding: chunked\r\n', 'zz\r\n'), 'The request is not valid HTTP'],
    ['CONNECT', 'CONNECT example.com:80 HTTP/1.1\r\nHost: x\r\n\r\n', 'This server is not a proxy'],
    ...['/v1/health', '/openapi.json', '/docs', '/nope', '/_mock/sandboxes/default/clock'].map(
      (path): [string, string, string] => [
        `no Host for ${path}`,
        `GET ${path} HTTP/1.1\r\nConnection: close\r\n\r\n`,
        'A request needs a Host header',
      ],
    ),
    [
      'no Host for a preflight',
      'OPTIONS /v1/organizations HTTP/1.1\r\nConnection: close\r\nOrigin: http://x\r\nAccess-Control-Request-Method: PATCH\r\n\r\n',
      'A request needs a Host header',
    ],
    [
      'a URL that cannot be decoded',
      'GET /v1/%ff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      'The URL cannot be decoded',
    ],
  ])('%s is a 400 in the envelope', async (_name, bytes, message) => {
    const { port, url } = await start();
    const answer = await send(port, bytes);
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answer).toMatch(/x-request-id: req_[0-9a-f]{24}\r\n/);
    expect(answer).toMatch(/content-type: application\/json\r\n/);
    const error = { type: 'BadRequestError', message, details: {} };
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toEqual({ success: false, status: 400, error });
    expect((await get(url)).organization_id).toBe('org_demo123');
  });

  it('garbage behind a request does not cost the request its answer', async () => {
    const { port, url } = await start();
    const body = '{"logo_url":"kept"}';
    const bytes = request(`Content-Length: ${body.length}\r\n`, body).replace('Connection: close\r\n', '');
    const answer = await send(port, `${bytes}garbage\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK.*HTTP\/1\.1 400 Bad Request/s);
    expect((await get(url)).logo_url).toBe('kept');
  });

  it('of requests that are sent together, one that breaks off does not cost those before it their answers', async () => {
    const { port, url } = await start();
    const body = '{"logo_url":"kept"}';
    const first = request(`Content-Length: ${body.length}\r\n`, body).replace('Connection: close\r\n', '');
    const answer = await send(port, first + request('Transfer-Encoding: chunked\r\n', 'ZZ\r\n'));
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK.*HTTP\/1\.1 400 Bad Request/s);
    expect((await get(url)).logo_url).toBe('kept');
  });

  it('CONNECT behind a request does not cost the request its answer', async () => {
    const { port } = await start();
    const body = '{"logo_url":"kept"}';
    const first = request(`Content-Length: ${body.length}\r\n`, body).replace('Connection: close\r\n', '');
    const answer = await send(port, `${first}CONNECT x:1 HTTP/1.1\r\nHost: x\r\nX-Request-Id: mine\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK.*HTTP\/1\.1 400 Bad Request\r\nx-request-id: mine\r\n/s);
  });

  it('CONNECT behind a request does not cut an answer that is written piece by piece', async () => {
    const { port, url } = await start();
    const path = '/docs/static/swagger-ui-bundle.js';
    const whole = await (await fetch(url + path)).text();
    const answer = await send(port, `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\nCONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(answer.length).toBeGreaterThan(whole.length);
    expect(answer).toMatch(/HTTP\/1\.1 400 Bad Request/);
  });

  it('CONNECT from a client that resets the line at once harms nobody', async () => {
    const { port, url } = await start();
    for (let call = 0; call < 10; call++) {
      const socket = await open(port, 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n');
      socket.resetAndDestroy();
      expect((await get(url)).organization_id).toBe('org_demo123');
    }
  });

  it('what breaks off in its body has one log line, with what could be read', async () => {
    const { port, log } = await start({ requestTimeout: '100ms' });
    const half = request('Content-Length: 10\r\n', '{');
    await send(port, half.replace('organizations', 'organizations?q=1'));
    await send(port, half.replace('sk_test_xyz789', 'sk_test_revoked'));
    const socket = await open(port);
    socket.end(half);
    await once(socket.resume(), 'close');
    expect(log).toEqual([
      'PATCH /v1/organizations 400 — --request-timeout gives more time\n',
      expect.stringMatching(/^PATCH \/v1\/organizations 401 /),
      'PATCH /v1/organizations 400 — the connection was closed before the request was wholly received\n',
    ]);
  });

  it.each(['/livez', '/readyz', '/v1/health'])(
    'a probe that is refused, %s without Host, has a log line',
    async (path) => {
      const { port, log } = await start();
      await send(port, `GET ${path} HTTP/1.1\r\nConnection: close\r\n\r\n`);
      await send(port, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      expect(log).toEqual([expect.stringMatching(new RegExp(`^GET ${path} 400 `))]);
    },
  );

  it('a half-sent request that has its answer gets no second one', async () => {
    const { port } = await start({ requestTimeout: '50ms' });
    const bytes = 'PATCH /v1/organizations HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{';
    const answer = await send(port, bytes);
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 401']);
  });

  it('a body of 1 MiB + 1 is a 413 that the client gets to read', async () => {
    const { port } = await start();
    const body = 'x'.repeat(1024 * 1024 + 1);
    expect(await send(port, request(`Content-Length: ${body.length}\r\n`, body))).toMatch(/^HTTP\/1\.1 413 /);
    const chunked = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    expect(await send(port, request('Transfer-Encoding: chunked\r\n', chunked))).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('a request that stays half-sent ends by the timeout', async () => {
    const { port } = await start({ requestTimeout: '50ms' });
    const halves = ['', 'PATCH /v1/org', request('Content-Length: 100\r\n', '{"logo_url":')];
    const answers = await Promise.all(halves.map((half) => send(port, half)));
    for (const answer of answers) expect(answer).toMatch(/^(HTTP\/1\.1 400 .*not received in time|$)/s);
    const named = await send(port, request('X-Request-Id: mine\r\nContent-Length: 100\r\n', '{'));
    expect(named).toMatch(/^HTTP\/1\.1 400 .*\r\nx-request-id: mine\r\n/s);
  });

  it('a client that goes away in the middle harms nobody', async () => {
    const { port, url, log } = await start();
    for (const half of ['PATCH /v1/org', request('Content-Length: 100\r\n', '{"logo_url":')]) {
      const socket = await open(port, half);
      socket.resetAndDestroy();
    }
    expect((await get(url)).logo_url).toBeNull();
    expect(log.join('')).not.toContain('unexpected error');
  });

  it('an expectation, an upgrade and an absolute URL are answered like any request', async () => {
    const { port } = await start();
    for (const header of ['Expect: nonsense', 'Upgrade: websocket', 'Connection: upgrade, close\r\nUpgrade: h2c']) {
      const bytes = `GET http://example.com/v1/health HTTP/1.1\r\nHost: x\r\n${header}\r\nConnection: close\r\n\r\n`;
      expect(await send(port, bytes)).toMatch(/^HTTP\/1\.1 200 /);
    }
  });

  it('HTTP/1.0 needs no Host', async () => {
    const { port } = await start();
    expect(await send(port, 'GET /v1/health HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('a connection is kept longer than clients keep it', async () => {
    const { port } = await start();
    const socket = await open(port, 'GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n');
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toMatch(/\r\nKeep-Alive: timeout=72\r\n/i);
  });

  it('500 idle connections keep nobody out and do not delay the end', async () => {
    const server = await start();
    await Promise.all(Array.from({ length: 500 }, () => open(server.port)));
    expect((await patch(server.url, { logo_url: 'x' })).status).toBe(200);
    const started = performance.now();
    await server.close();
    expect(performance.now() - started).toBeLessThan(4000);
  });
});

describe('a start that fails', () => {
  it('leaves the data as it was, whatever it was asked to do', async () => {
    const db = `${makeFolder()}/mock.db`;
    const first = await start({ db });
    await patch(first.url, { organization_name: 'Kept' });
    await first.close();
    const busy = await start();
    await expect(start({ db, reset: true, apiKey: ['sk_test_ci=read@org_typo'] })).rejects.toThrow('org_typo');
    await expect(start({ db, reset: true, port: String(busy.port) })).rejects.toThrow('is in use');
    const second = await start({ db });
    expect((await get(second.url)).organization_name).toBe('Kept');
  });

  it('does not seed an empty database', async () => {
    const db = `${makeFolder()}/mock.db`;
    await expect(start({ db, apiKey: ['sk_test_ci=read@org_mine'] })).rejects.toThrow('org_mine');
    const seed = `${makeFolder()}/seed.yaml`;
    writeFileSync(seed, 'version: 1\norganizations: [{ organization_id: org_mine }]');
    const server = await start({ db, seed, apiKey: ['sk_test_ci=read@org_mine'] });
    expect((await get(server.url, 'sk_test_ci')).organization_id).toBe('org_mine');
  });
});

describe('the control plane', () => {
  it('demands a token, made up if need be, where the server is bound to more than loopback', async () => {
    const server = await start({ host: '0.0.0.0' });
    expect(server.controlToken).toMatch(/^[0-9a-f-]{36}$/);
    const url = `http://127.0.0.1:${server.port}/_mock/sandboxes/default/clock`;
    expect((await fetch(url)).status).toBe(401);
    expect((await fetch(url, { headers: { authorization: `Bearer ${server.controlToken}` } })).status).toBe(200);
    expect((await start({ host: '127.0.0.1' })).controlToken).toBeUndefined();
    expect((await start({ host: '0.0.0.0', controlToken: 'my-own-token' })).controlToken).toBe('my-own-token');
    const guarded = await createMockServer({ controlToken: 'my-own-token' });
    onTestFinished(() => guarded.close());
    const clock = `${guarded.url}/_mock/sandboxes/default/clock`;
    expect([guarded.controlToken, (await fetch(clock)).status]).toEqual(['my-own-token', 401]);
    expect((await start({ host: '0.0.0.0', control: 'off' })).controlToken).toBeUndefined();
  });
});

describe('what nobody answers by a route', () => {
  const hint = (answer: string) => /^x-mixpeek-mock-hint: (.*)\r$/m.exec(answer)?.[1];

  it.each([
    [
      'a method in lower case',
      'patch /v1/organizations HTTP/1.1\r\nHost: x\r\n\r\n',
      'methods are written in upper case: PATCH',
    ],
    ['TLS', Buffer.from('160301020001000100', 'hex'), 'this server has no TLS: its URL begins with http://'],
    [
      'CONNECT',
      'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n',
      "use this server's URL as the base URL of the client, not as its proxy",
    ],
    ['a wrong Content-Length', request('Content-Length: x\r\n'), "Node's parser says HPE_INVALID_CONTENT_LENGTH"],
    ['no HTTP', 'hello\r\n\r\n', 'a request begins with a method, a path and HTTP/1.1'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'this server speaks HTTP/1.1, not HTTP/2'],
    [
      'a URL in plain UTF-8',
      'GET /v1/caf\u00e9 HTTP/1.1\r\nHost: x\r\n\r\n',
      'a URL begins with / or http://, and is percent-encoded as UTF-8',
    ],
  ])('%s has a hint, and a page sees it; its log line ends with it', async (_name, bytes, expected) => {
    const { port, log } = await start();
    const answer = await send(port, bytes);
    expect([answer.slice(0, 12), hint(answer)]).toEqual(['HTTP/1.1 400', expected]);
    expect(log).toEqual([expect.stringMatching(/^(?:CONNECT x:1 )?400 — /)]);
    expect(log[0]).toContain(` — ${expected}\n`);
    expect(answer).toMatch(/^access-control-allow-origin: \*\r\naccess-control-expose-headers: \*\r$/m);
  });

  it('fetch with a method in lower case reads what is wrong in the body too', async () => {
    const { url } = await start();
    const answer = await fetch(`${url}/v1/organizations`, { method: 'patch', body: '{}' });
    expect(await answer.json()).toMatchObject({
      error: { message: 'The request is not valid HTTP: methods are written in upper case: PATCH' },
    });
  });

  it.each(['/v1/organizations', '/v1/health', '/docs', '/nope', '/_mock', '/_mock/', '/_mock/app.js'])(
    'two Host headers are a 400 at %s',
    async (path) => {
      const { port } = await start();
      const answer = await send(
        port,
        `GET ${path} HTTP/1.1\r\nHost: localhost\r\nhOST: other\r\nConnection: close\r\n\r\n`,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 400 .*"message":"A request has one Host header"/s);
      expect(hint(answer)).toBe('a proxy may have added the second one');
    },
  );

  it('the docs page answers HEAD, and a page of another origin', async () => {
    const { url } = await start();
    const origin = { origin: 'http://a.example' };
    for (const path of [
      '/docs',
      '/docs/',
      '/docs/static/index.css',
      '/docs/nope',
      '/openapi.json',
      '/openapi-3.0.json',
    ]) {
      const [head, get] = [
        await fetch(url + path, { method: 'HEAD', headers: origin }),
        await fetch(url + path, { headers: origin }),
      ];
      expect([path, head.status, await head.text()]).toEqual([path, get.status, '']);
      expect(head.headers.get('content-length') ?? '').toBe(get.headers.get('content-length') ?? '');
      expect(get.headers.get('access-control-allow-origin')).toBe('*');
      await get.text();
      const other = await fetch(url + path, { method: 'DELETE' });
      expect([path, other.status, other.headers.get('allow')]).toEqual([path, 405, 'GET, HEAD']);
    }
  });
});

describe('createMockServer', () => {
  it('gives a server with a key for each permission', async () => {
    const server = await createMockServer();
    onTestFinished(() => server.close());
    expect(server.apiKeys).toEqual({
      admin: 'sk_live_abc123def456',
      delete: 'sk_test_deleter',
      write: 'sk_test_writer',
      read: 'sk_test_readonly',
    });
    expect((await get(server.url, server.apiKeys.read)).organization_id).toBe('org_demo123');
  });

  it('generates the keys that a seed has not: random, in memory, still there after a reset, gone when it closes', async () => {
    const folder = makeFolder();
    const [seed, db] = [`${folder}/seed.yaml`, `${folder}/mock.db`];
    writeFileSync(seed, 'version: 1\norganizations: [{ organization_id: org_a, api_keys: [{ key: sk_test_mine }] }]');
    const first = await createMockServer({ seed, db });
    const { admin, ...generated } = first.apiKeys;
    expect(admin).toBe('sk_test_mine');
    for (const key of Object.values(generated)) expect(key).toMatch(/^sk_test_[\w-]{32}$/);
    const headers = { 'content-type': 'application/json' };
    await fetch(`${first.url}/_mock/sandboxes/default/reset`, { method: 'POST', headers });
    expect((await get(first.url, generated.read)).organization_id).toBe('org_a');
    expect((await patch(first.url, {}, generated.write)).status).toBe(403);
    await first.close();
    const second = await createMockServer({ seed, db });
    onTestFinished(() => second.close());
    expect((await patch(second.url, {}, generated.write)).status).toBe(401);
    expect(new Set([...Object.values(first.apiKeys), ...Object.values(second.apiKeys)]).size).toBe(7);
  });

  it('generates none where keys are given, as a text or a list', async () => {
    const seed = `${makeFolder()}/seed.yaml`;
    writeFileSync(seed, 'version: 1\norganizations: [{ organization_id: org_a }]');
    for (const apiKey of ['sk_test_ci', ['sk_test_ci', 'mxp_sk_ci_1=read']]) {
      const server = await createMockServer({ seed, apiKey });
      onTestFinished(() => server.close());
      const read = Array.isArray(apiKey) ? 'mxp_sk_ci_1' : undefined;
      expect(server.apiKeys).toEqual({ admin: 'sk_test_ci', delete: undefined, write: undefined, read });
      expect((await patch(server.url, {}, 'sk_test_ci')).status).toBe(200);
    }
    const seeded = await createMockServer({ apiKey: 'sk_test_ci' });
    onTestFinished(() => seeded.close());
    expect(seeded.apiKeys).toMatchObject({ admin: 'sk_test_ci', read: 'sk_test_readonly' });
  });

  it('rejects when the port is taken, a value is wrong, or an option is none', async () => {
    const server = await createMockServer();
    onTestFinished(() => server.close());
    const port = Number(new URL(server.url).port);
    await expect(createMockServer({ port })).rejects.toThrow(`port ${port} is in use`);
    await expect(createMockServer({ requestTimeout: 'soon' })).rejects.toThrow("requestTimeout: 'soon' was given");
    for (const name of ['json', 'constructor']) {
      await expect(createMockServer({ [name]: 'true' })).rejects.toThrow(`unknown option ${name}; there are`);
    }
    const misspelt = { unknownFeilds: 'reject' } as object;
    await expect(createMockServer(misspelt)).rejects.toThrow('unknown option unknownFeilds; there are port, host, db');
  });
});

describe('closing', () => {
  it('twice waits twice for the same end', async () => {
    const server = await start();
    await open(server.port, request('Content-Length: 100\r\n', '{'));
    await get(server.url);
    let isFirstDone = false;
    const first = server.close().then(() => {
      isFirstDone = true;
    });
    for (const socket of sockets) socket.destroy();
    await server.close();
    await first;
    expect(isFirstDone).toBe(true);
  });

  it('answers what is in flight', async () => {
    const server = await start();
    const body = '{"logo_url":"late"}';
    const head = request(`Content-Length: ${body.length}\r\n`, body.slice(0, 5)).replace('Connection: close\r\n', '');
    const socket = await open(server.port, head);
    // The head was read once a request that came later is answered.
    await get(server.url);
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    const closed = server.close();
    socket.write(body.slice(5));
    await Promise.all([once(socket, 'close'), closed]);
    expect(answer).toMatch(/^HTTP\/1\.1 200 .*"logo_url":"late"/s);
  });
});
