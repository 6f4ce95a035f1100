// Sends random requests (bytes, JSON, headers) and looks for a 5xx, a hang, the end of the server, growth of memory.
// Usage: node bench/fuzz.js [requests] [seed]. The same seed sends the same requests.
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import fc from 'fast-check';
import { buildIfNeeded } from '../scripts/prepare.js';
import { readMemory, startServer } from './server-process.js';

const TOTAL = Number(process.argv[2] ?? 200_000);
const SEED = Number(process.argv[3] ?? Date.now() % 2 ** 31);
const CONCURRENCY = 32;
const HANG_MS = 10_000;
/** Of the peak of the second half over that of the first: V8 lets a heap grow for the first 200,000 requests or so. */
const MAX_GROWTH_MIB = 48;

const words = (text) => fc.constantFrom(...text.split(' '));
const list = (most, one) => fc.array(one, { maxLength: most });
const bytes = (most) => fc.uint8Array({ maxLength: most }).map((array) => Buffer.from(array));
const weigh = (...pairs) => fc.oneof(...pairs.map(([weight, arbitrary]) => ({ weight, arbitrary })));

const leaf = fc.oneof(
  words('0 1 -1 60 1.0 1.5 1e400 NaN -Infinity true null 12345678901234567890 01 nul " "\\x" "" "x" "7" "1_0"'),
  words('"\\ud800" "\\u0000" "😀" "a@b.com" "a@bücher.de" "a@xn--zz.de" "a@[IPv6:::1]" "enforce" "metadata"'),
  words('"sk_test_xyz789" "2026-01-01T00:00:00Z" "9999-12-31T23:59:59Z" "0001-01-01"'),
  fc.constantFrom('"Joe <a@b.com>"', `"${'y'.repeat(3000)}"`),
);
const name = words(
  'organization_name logo_url billing_email metadata rate_limits search data frozen_at running now ms mode api_key ' +
    'api_key_id category count __proto__ 10 é',
);
const { json, object } = fc.letrec((tie) => ({
  json: fc.oneof(
    { maxDepth: 5 },
    { weight: 5, arbitrary: leaf },
    { weight: 2, arbitrary: tie('array') },
    { weight: 3, arbitrary: tie('object') },
  ),
  array: list(3, tie('json')).map((items) => `[${items.join(',')}]`),
  object: fc
    .tuple(list(4, fc.tuple(name, tie('json'))), weigh([2, fc.constant(',')], [3, fc.constantFrom(', ', ',,', '')]))
    .map(([members, comma]) => `{${members.map(([key, value]) => `"${key}":${value}`).join(comma)}}`),
}));
const spoilt = fc.tuple(object, fc.nat(), fc.nat(255)).map(([text, at, byte]) => {
  const whole = Buffer.from(text);
  whole[at % whole.length] = byte;
  return whole;
});
const body = weigh(
  [15, object.map((text) => Buffer.from(text))],
  [2, fc.tuple(object, fc.nat()).map(([text, at]) => Buffer.from(text).subarray(0, at % text.length))],
  [1, spoilt],
  [1, fc.tuple(fc.constantFrom('[', '{"a":'), fc.nat(3000)).map(([open, depth]) => Buffer.from(open.repeat(depth)))],
  [1, bytes(200)],
);

const method = weigh([1, fc.constant('PATCH')], [2, words('GET POST DELETE HEAD OPTIONS PUT TRACE SEARCH')]);
const control = words(
  'clock clock/advance limits limits/spend limits/refill requests?limit=3 requests?cursor=x&since=2026-01-01&path=%2F reset',
).map((path) => `/_mock/sandboxes/default/${path}`);
const path = weigh(
  [3, fc.constant('/v1/organizations')],
  [5, words('/v1/organizations/?q=%20 /v1/health /v1/retrievers/x/execute /v1/%zz / /%00 /v1/../v1/organizations')],
  [1, fc.constantFrom(`/${'a'.repeat(3000)}`, `/_mock/sandboxes/default/requests/${'1'.repeat(200)}`)],
  [8, control],
);
const key = words('sk_test_xyz789 sk_test_xyz789 sk_live_abc123def456 sk_test_readonly sk_test_nobody x');
const sometimes = (arbitrary, usual) => weigh([5, fc.constant(usual)], [1, arbitrary]);
const headers = fc.record({
  authorization: sometimes(
    fc.tuple(fc.constantFrom('Bearer', 'bearer', 'Basic', ''), key).map((parts) => parts.join(' ')),
    'Bearer sk_test_xyz789',
  ),
  'content-type': sometimes(fc.constantFrom('text/plain', 'application/x+json', ';;;', '', 'é/é'), 'application/json'),
  'x-request-id': sometimes(fc.constantFrom('mine', 'y'.repeat(200), 'é', '')),
  origin: sometimes(words('null http://localhost')),
  expect: sometimes(words('100-continue nonsense')),
  connection: sometimes(words('close keep-alive upgrade')),
  'accept-encoding': sometimes(fc.constant('gzip')),
  'accept-version': sometimes(words('1 *')),
});

const head = fc
  .tuple(method, path)
  .map((line) => `${line.join(' ')} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk_test_xyz789\r\n`);
const rest = fc.oneof(
  bytes(300),
  fc.tuple(fc.nat(49), json).map(([length, text]) => Buffer.from(`Content-Length: ${length}\r\n\r\n${text}`)),
  fc
    .tuple(fc.nat(19), json)
    .map(([length, text]) =>
      Buffer.from(`Transfer-Encoding: chunked\r\n\r\n${length.toString(16)}\r\n${text}\r\n0\r\n\r\n`),
    ),
  fc.nat(30_000).map((length) => Buffer.from(`X-Long: ${'z'.repeat(length)}\r\n\r\n`)),
  fc.nat(3).map((lines) => Buffer.from('\r\n'.repeat(lines))),
);
const raw = weigh(
  [3, fc.tuple(head, rest).map(([start, end]) => Buffer.concat([Buffer.from(start), end]))],
  [1, bytes(400)],
);

const counts = new Map();
const count = (what) => counts.set(what, (counts.get(what) ?? 0) + 1);

/** @throws for a 5xx and for a hang */
function sendRequest(agent, { port }, { method, path, headers, body }) {
  const payload = method === 'HEAD' ? Buffer.alloc(0) : body;
  const given = Object.entries(headers).filter(([, value]) => value !== undefined);
  const encoded = given.map(([header, value]) => [header, Buffer.from(value).toString('latin1')]);
  // Left to itself, Node's client sends the body of a GET without its length: the start of a second request.
  const options = {
    agent,
    port,
    host: '127.0.0.1',
    method,
    path,
    headers: { ...Object.fromEntries(encoded), 'content-length': payload.length },
  };
  return new Promise((resolve, reject) => {
    const sent = request(options, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () => {
        count(response.statusCode);
        if (response.statusCode >= 500 && response.statusCode !== 501) reject(new Error(text));
        resolve();
      });
      response.on('error', resolve);
    });
    sent.setTimeout(HANG_MS, () => {
      reject(new Error('hang'));
      sent.destroy();
    });
    sent.on('error', ({ code }) => {
      count(code);
      resolve();
    });
    sent.end(payload);
  });
}

/** @throws for a 5xx */
function sendBytes({ port }, { payload, isGone }) {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => (text += chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      count('bytes');
      if (/^HTTP\/1\.1 5(?!01)/m.test(text)) reject(new Error(text));
      resolve();
    });
    socket.setTimeout(HANG_MS, () => socket.destroy());
    // A client that has sent all that it has to send; some go away without waiting.
    if (isGone) socket.write(payload, () => socket.resetAndDestroy());
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
const anything = weigh(
  [9, fc.record({ method, path, headers, body })],
  [1, fc.record({ payload: raw, isGone: fc.boolean() })],
);
const property = fc.asyncProperty(anything, async (one) => {
  if (server.hasEnded()) return;
  sent++;
  if (sent % Math.ceil(TOTAL / 10) === 0) memory.push(readMemory(server.pid));
  await (one.payload === undefined ? sendRequest(agent, server.url, one) : sendBytes(server.url, one));
});
const clients = Array.from({ length: CONCURRENCY }, (_, client) =>
  fc.check(property, { seed: SEED + client, numRuns: Math.ceil(TOTAL / CONCURRENCY) }),
);
const failures = (await Promise.all(clients)).filter(({ failed }) => failed);
agent.destroy();
const hasEnded = server.hasEnded();
await server.stop();

const [first, second] = [memory.slice(0, 5), memory.slice(5)].map((half) =>
  Math.max(0, ...half.map((mib) => mib ?? 0)),
);
const growth = Math.round(second - first);
console.log(`${sent} sent in ${Math.round((performance.now() - started) / 1000)} s`);
console.log(Object.fromEntries([...counts].map(([what, number]) => [String(what), number]).sort()));
console.log(`resident memory in MiB after each tenth: ${memory.map((mib) => Math.round(mib ?? 0)).join(' ')}`);
for (const { counterexample, errorInstance } of failures.slice(0, 5)) {
  const [{ body, payload, ...rest }] = counterexample;
  console.log('FAILURE', JSON.stringify({ ...rest, sent: String(body ?? payload) }), errorInstance.message);
}
const isGood = failures.length === 0 && !hasEnded && growth <= MAX_GROWTH_MIB;
console.log(
  isGood ? 'no 5xx, no hang, no growth' : `FAILED${hasEnded ? ': the server ended' : ''}, growth ${growth} MiB`,
);
process.exit(isGood ? 0 : 1);
