// Sends random requests (bytes, JSON, headers) and looks for a 500, a hang, the end of the server, growth of memory.
// Usage: node bench/fuzz.js [requests] [seed]. The same seed sends the same requests.
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { buildIfNeeded } from '../scripts/prepare.js';
import { readMemory, startServer } from './server-process.js';

const TOTAL = Number(process.argv[2] ?? 200_000);
const SEED = Number(process.argv[3] ?? Date.now() % 2 ** 32);
const CONCURRENCY = 32;
const HANG_MS = 10_000;
const MAX_GROWTH_MIB = 32;

let state = SEED >>> 0;
/** A number from 0 to below `below`: mulberry32. */
function random(below) {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
}
const pick = (list) => list[random(list.length)];
const times = (most, make) => Array.from({ length: random(most + 1) }, make);
const bytes = (most) => Buffer.from(times(most, () => random(256)));

const LEAVES = [
  ...['0', '1', '-1', '60', '1.0', '1.5', '1e400', 'NaN', '-Infinity', 'true', 'null', '12345678901234567890', '01'],
  ...['""', '"x"', '"7"', '"1_0"', '"\\ud800"', '"\\u0000"', '"😀"', '"a@b.com"', '"a@bücher.de"', '"a@xn--zz.de"'],
  ...['"Joe <a@b.com>"', '"a@[IPv6:::1]"', '"\\x"', '"', 'nul', `"${'y'.repeat(3000)}"`],
  ...[
    '"enforce"',
    '"metadata"',
    '"sk_test_xyz789"',
    '"2026-01-01T00:00:00Z"',
    '"9999-12-31T23:59:59Z"',
    '"0001-01-01"',
  ],
];
const NAMES = [
  'organization_name',
  'logo_url',
  'billing_email',
  'metadata',
  'rate_limits',
  'search',
  'data',
  ...['frozen_at', 'running', 'now', 'ms', 'mode', 'api_key', 'api_key_id', 'category', 'count'],
  '__proto__',
  '10',
  'é',
];
function json(depth = 0) {
  const kind = random(10);
  if (depth > 4 || kind < 5) return pick(LEAVES);
  if (kind < 7) return `[${times(3, () => json(depth + 1)).join(',')}]`;
  return `{${times(4, () => `"${pick(NAMES)}":${json(depth + 1)}`).join(pick([',', ',', ', ', ',,', '']))}}`;
}
function body() {
  const kind = random(20);
  if (kind === 0) return bytes(200);
  if (kind === 1) return Buffer.from(pick(['[', '{"a":']).repeat(random(3000)));
  const text = `{${times(4, () => `"${pick(NAMES)}":${json()}`).join(',')}}`;
  if (kind > 4) return Buffer.from(text);
  const spoilt = Buffer.from(text);
  spoilt[random(spoilt.length)] = random(256);
  return kind === 2 ? spoilt : spoilt.subarray(0, random(spoilt.length));
}

const KEYS = [
  'sk_test_xyz789',
  'sk_test_xyz789',
  'sk_test_xyz789',
  'sk_live_abc123def456',
  'sk_test_readonly',
  'sk_test_nobody',
  'x',
];
const TYPES = ['application/json', 'application/json', 'text/plain', 'application/x+json', ';;;', '', 'é/é'];
const CONTROL = '/_mock/sandboxes/default';
const PATHS = [
  '/v1/organizations',
  '/v1/organizations',
  '/v1/organizations',
  '/v1/organizations/?q=%20',
  '/v1/health',
  '/v1/retrievers/x/execute',
  '/v1/%zz',
  '/',
  '/%00',
  `/${'a'.repeat(3000)}`,
  '/v1/../v1/organizations',
  `${CONTROL}/clock`,
  `${CONTROL}/clock/advance`,
  `${CONTROL}/limits`,
  `${CONTROL}/limits/spend`,
  `${CONTROL}/limits/refill`,
  `${CONTROL}/requests?limit=3`,
  `${CONTROL}/requests?cursor=x&since=2026-01-01&path=%2F`,
  `${CONTROL}/requests/${'1'.repeat(200)}`,
  `${CONTROL}/reset`,
];
const METHODS = [
  'PATCH',
  'PATCH',
  'PATCH',
  'PATCH',
  'GET',
  'POST',
  'DELETE',
  'HEAD',
  'OPTIONS',
  'PUT',
  'TRACE',
  'SEARCH',
];
const HEADERS = [
  ['authorization', () => `${pick(['Bearer', 'Bearer', 'Bearer', 'bearer', 'Basic', ''])} ${pick(KEYS)}`],
  ['content-type', () => pick(TYPES)],
  ['x-request-id', () => pick(['mine', 'y'.repeat(200), 'é', ''])],
  ['origin', () => pick(['null', 'http://localhost'])],
  ['expect', () => pick(['100-continue', 'nonsense'])],
  ['connection', () => pick(['close', 'keep-alive', 'upgrade'])],
  ['accept-encoding', () => 'gzip'],
  ['accept-version', () => pick(['1', '*'])],
];

const counts = new Map();
const failures = [];
const count = (what) => counts.set(what, (counts.get(what) ?? 0) + 1);

function sendRequest(agent, url) {
  const headers = { authorization: 'Bearer sk_test_xyz789', 'content-type': 'application/json' };
  for (const [name, make] of HEADERS) if (random(6) === 0) headers[name] = Buffer.from(make()).toString('latin1');
  const options = { agent, port: url.port, host: '127.0.0.1', method: pick(METHODS), path: pick(PATHS), headers };
  const payload = options.method === 'HEAD' ? Buffer.alloc(0) : body();
  // Left to itself, Node's client sends the body of a GET without its length: the start of a second request.
  headers['content-length'] = payload.length;
  const described = { method: options.method, path: options.path, headers };
  return new Promise((resolve) => {
    const sent = request(options, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => {
        count(response.statusCode);
        if (response.statusCode >= 500 && response.statusCode !== 501) failures.push([described, payload, text]);
        resolve();
      });
      response.on('error', resolve);
    });
    sent.setTimeout(HANG_MS, () => {
      failures.push([described, payload, 'hang']);
      sent.destroy();
    });
    sent.on('error', ({ code }) => {
      count(code);
      resolve();
    });
    sent.end(payload);
  });
}

function sendBytes(url) {
  const head = `${pick(METHODS)} ${pick(PATHS)} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk_test_xyz789\r\n`;
  const rest = pick([
    () => bytes(300),
    () => Buffer.from(`Content-Length: ${random(50)}\r\n\r\n${json()}`),
    () => Buffer.from(`Transfer-Encoding: chunked\r\n\r\n${random(20).toString(16)}\r\n${json()}\r\n0\r\n\r\n`),
    () => Buffer.from(`X-Long: ${'z'.repeat(random(30_000))}\r\n\r\n`),
    () => Buffer.from('\r\n'.repeat(random(4))),
  ])();
  const payload = random(4) === 0 ? bytes(400) : Buffer.concat([Buffer.from(head), rest]);
  return new Promise((resolve) => {
    const socket = connect(Number(url.port), '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      count('bytes');
      if (/^HTTP\/1\.1 5(?!01)/m.test(text)) failures.push(['bytes', payload, text]);
      resolve();
    });
    socket.setTimeout(HANG_MS, () => socket.destroy());
    // A client that has said all it has to say; some go away without waiting.
    if (random(3) === 0) socket.write(payload, () => socket.resetAndDestroy());
    else socket.end(payload);
  });
}

await buildIfNeeded();
const server = await startServer(['--db', ':memory:', '--log-level', 'fatal'], tmpdir());
const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });
const memory = [];
let sent = 0;
const started = performance.now();
console.log(`${TOTAL} requests, seed ${SEED}`);
await Promise.all(
  Array.from({ length: CONCURRENCY }, async () => {
    while (sent < TOTAL && failures.length < 5 && !server.hasEnded()) {
      sent++;
      if (sent % Math.ceil(TOTAL / 10) === 0) memory.push(readMemory(server.pid));
      await (random(10) === 0 ? sendBytes(server.url) : sendRequest(agent, server.url));
    }
  }),
);
agent.destroy();
const hasEnded = server.hasEnded();
await server.stop();

const [early = 0] = memory.slice(2);
const growth = (memory.at(-1) ?? 0) - early;
console.log(`${sent} sent in ${Math.round((performance.now() - started) / 1000)} s`);
console.log(Object.fromEntries([...counts].map(([what, number]) => [String(what), number]).sort()));
console.log(`resident memory in MiB after each tenth: ${memory.map((mib) => Math.round(mib ?? 0)).join(' ')}`);
for (const [sent, payload, text] of failures) console.log('FAILURE', sent, payload.toString(), text);
const isGood = failures.length === 0 && !hasEnded && growth <= MAX_GROWTH_MIB;
console.log(
  isGood ? 'no 5xx, no hang, no growth' : `FAILED${hasEnded ? ': the server ended' : ''}, growth ${growth} MiB`,
);
process.exit(isGood ? 0 : 1);
