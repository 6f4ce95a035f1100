import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { toBanner, toReadyLine } from '../src/cli/banner.ts';
import { type Flags, readServeConfig } from '../src/cli/config.ts';
import { type RunningServer, startServer } from '../src/server.ts';
import { makeFolder } from './support/folder.ts';
import { runCli } from './support/process.ts';

const SECRET = 'Zq7SecretPart9xW';

/** A key of each shape that is taken, and what is not one but may well be a secret. */
const KEYS = [`sk_live_${SECRET}`, `sk_test_${SECRET}`, `sk_${SECRET}`, `mxp_sk_${SECRET}_-1`, `ret_sk_-${SECRET}`];
const OTHERS = [
  `sk_live_${SECRET.repeat(9)}`,
  `sk-${SECRET}`,
  `pk_live_${SECRET}`,
  `eyJhbGciOi.${SECRET}.sig`,
  `SK_LIVE_${SECRET}`,
];

interface Sent {
  method?: string;
  path?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

/** Every place where a client can put a key; those of the second list hold credentials of any shape. */
const places = (key: string): Sent[] => {
  const escaped = [...key].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
  const encoded = [...key].map((char) => `%${char.charCodeAt(0).toString(16)}`).join('');
  const json = { 'content-type': 'application/json' };
  const bodies = [
    `{"organization_name":"${key}"}`,
    `{"metadata":{"${key}":["${key}"]}}`,
    `{"metadata":{"k":"${escaped}"}}`,
    `{"logo_url":"https://x/?k=${encoded}"}`,
    `{"${key}":1}`,
    `{"rate_limits":{"${key}":1}}`,
    `{"billing_email":"${key}"}`,
    `{"billing_email":"a@${key}.com"}`,
    `{"rate_limits":"${key}"}`,
    `{"organization_name":"line\\n${key}`,
    Buffer.from(`{"logo_url":"${key}"}`, 'utf16le'),
    Buffer.from(`\ufeff{"logo_url":"${key}"}`, 'utf16le'),
  ];
  return [
    { path: `/v1/${key}` },
    { path: `/v1/organizations?q=${key}` },
    { path: `/v1/organizations?q=${encoded}` },
    { path: `/v1/organizations/${encoded}` },
    { path: `/${key}` },
    { path: `/%zz/${key}` },
    { path: `/docs/${key}` },
    { path: `/openapi.json?${key}` },
    { path: `/_mock/${key}` },
    { path: `/_mock/sandboxes/${key}/clock` },
    { path: `/_mock/sandboxes/default/requests/${key}` },
    { path: `/_mock/sandboxes/default/requests?${key}=1` },
    { path: `/_mock/sandboxes/default/requests?status=${key}` },
    { headers: { 'x-custom': key } },
    { headers: { 'user-agent': key, referer: `http://x/${key}` } },
    { headers: { origin: `http://${key}` } },
    { method: 'PATCH', headers: { 'content-type': key }, body: '{}' },
    ...bodies.map((body) => ({ method: 'PATCH', headers: json, body })),
    ...bodies.map((body) => ({ method: 'POST', path: '/v1/retrievers', headers: json, body })),
    ...bodies.map((body) => ({ method: 'PUT', path: '/_mock/sandboxes/default/clock', headers: json, body })),
    { path: `/_mock/sandboxes/default/requests?fault=${key}` },
    { method: 'POST', path: `/_mock/pact/provider-states?state=${key}` },
    { method: 'POST', path: '/_mock/pact/provider-states', body: `{"state":"${key}","params":{"${key}":"${key}"}}` },
    { path: `/_mock/sandboxes/default/requests?body=${key}` },
    { path: `/_mock/sandboxes/default/requests/${key}/curl` },
    ...[
      `{"request_id":"${key}"}`,
      `{"path":"/${key}"}`,
      `{"${key}":1}`,
      ...bodies.slice(0, 5).map((body) => `{"body":${body}}`),
    ].map((match) => ({
      method: 'POST',
      path: '/_mock/sandboxes/default/requests/verify',
      headers: json,
      body: `{"match":${match}}`,
    })),
    {
      method: 'POST',
      path: '/_mock/sandboxes/default/limits/spend',
      headers: json,
      body: `{"api_key":"${key}","category":"data"}`,
    },
  ];
};

const credentialPlaces = (key: string): Sent[] => [
  { headers: { authorization: `Bearer ${key}` } },
  { headers: { authorization: `Bearer  ${key} x` } },
  { headers: { authorization: key } },
  { headers: { authorization: `Token ${key}` } },
  { headers: { authorization: `Basic ${key}` } },
  { headers: { authorization: `${key} ${key}` } },
  { headers: { 'proxy-authorization': `Basic ${key}` } },
  { headers: { cookie: `session=${key}`, 'x-api-key': key, 'x-auth-token': key, 'x-client-secret': key } },
  { path: `/v1/organizations?api_key=${key}&access_token=${key}` },
  { path: `/v1/organizations?api%5Fkey=${key}&%74oken=${key}&page=1` },
  { headers: { 'x-token': key, 'private-token': key } },
  { path: '/_mock/sandboxes/default/clock', headers: { authorization: `Bearer ${key}` } },
];

async function start(flags: Record<string, string | string[]> = {}) {
  const log: string[] = [];
  const config = readServeConfig({ port: '0', db: ':memory:', journalSize: '10000', ...flags }, {}, makeFolder());
  const server = await startServer(config, (line) => log.push(line));
  onTestFinished(() => server.close());
  return { server, log };
}

/** The whole answer but for the request id, which is the caller's own, and the organization, whose data is. */
async function send({ url }: RunningServer, { method = 'GET', path = '/v1/organizations', headers, body }: Sent) {
  const sent = { authorization: 'Bearer sk_test_xyz789', 'content-length': String(body?.length ?? 0), ...headers };
  const sending = request(url, { method, path, headers: sent });
  sending.end(body);
  const [response] = (await once(sending, 'response')) as [IncomingMessage];
  const answered = await text(response);
  if (response.statusCode === 500) throw new Error(`an unexpected 500: ${answered}`);
  return JSON.stringify(response.headers) + (response.statusCode === 200 ? '' : answered);
}

/** Undoes what a text may be wrapped in, so that no escape hides a key. */
const unwrap = (shown: string) =>
  shown
    .replaceAll('\\u0000', '')
    .replace(/\\+u00([0-9a-f]{2})|%([0-9a-f]{2})/gi, (_, a, b) => String.fromCharCode(Number.parseInt(a ?? b, 16)));

/** Where the secret stands, with what is around it. */
const findSecrets = (shown: string) => unwrap(shown).match(new RegExp(`.{0,80}${SECRET}`, 'gs')) ?? [];

describe('a secret is nowhere shown whole', () => {
  it.each([...KEYS, ...OTHERS])('%s: in no answer, no line of the log and no entry of the journal', async (key) => {
    const { server, log } = await start();
    const sent = [...credentialPlaces(key), ...(KEYS.includes(key) || key.startsWith('sk_') ? places(key) : [])];
    const answers: string[] = [];
    for (const each of sent) answers.push(await send(server, each));
    const journal = await (await fetch(`${server.url}/_mock/sandboxes/default/requests?limit=1000`)).text();
    expect(JSON.parse(journal).requests.length).toBeGreaterThan(8);
    const { requests } = JSON.parse(journal);
    const ask = async (path: string, body?: string) => {
      const headers = { 'content-type': 'application/json' };
      const sent = body === undefined ? {} : { method: 'POST', headers, body };
      return (await fetch(`${server.url}/_mock/sandboxes/default/requests${path}`, sent)).text();
    };
    for (const { seq } of requests) answers.push(await ask(`/${seq}/curl`));
    for (const member of ['organization_name', 'metadata', 'logo_url']) {
      answers.push(await ask('/verify', `{"match":{"method":"GET","body":{"${member}":0}}}`));
    }
    answers.push(await ask('/verify', '{"match":{}}'), await ask('?view=summary&limit=1000'));
    expect([...answers, journal, ...log].flatMap(findSecrets)).toEqual([]);
    // What was asked for is there, masked.
    expect(journal).toContain('…');
  });

  it('of a flag: neither in the banner nor in the ready line, where those of the seed are whole', async () => {
    const { server } = await start({ apiKey: KEYS });
    const shown =
      toBanner(server, { version: '0.0.0', hasControl: true, generatedToken: undefined }) + toReadyLine(server);
    expect(shown).not.toContain(SECRET);
    expect(shown).toContain('mxp_sk_Zq7…');
    expect(shown).toContain('"key":null,"key_prefix":"mxp_sk_Zq7"');
    expect(shown).toContain('"key":"sk_test_xyz789"');
  });

  it.each([...OTHERS, ...KEYS.map((key) => `${key}=root`)])('%s, which cannot be used: not in the message', (key) => {
    const read = (flags: Flags, variables: Record<string, string>) => {
      try {
        readServeConfig(flags, variables, makeFolder());
        return 'taken';
      } catch (error) {
        return (error as Error).message;
      }
    };
    const messages = [
      read({ apiKey: ['sk_test_a', key] }, {}),
      read({}, { MIXPEEK_MOCK_API_KEY: `sk_test_a,${key}` }),
      read({ controlToken: `${key} x` }, {}),
      read({}, { MIXPEEK_MOCK_CONTROL_TOKEN: `${key}\u00e9` }),
    ];
    for (const message of messages) expect(message).toMatch(/cannot be used, and is not repeated here; allowed: /);
    expect(messages.flatMap(findSecrets)).toEqual([]);
  });

  it.each([
    [['--api-key', `pk_live_${SECRET}`]],
    [[`--apikey=sk-${SECRET}`]],
    [[`--control-tokn=${SECRET}`]],
    [[`mxp_sk_${SECRET}`]],
  ])('typed as %j: not on standard error', async (args) => {
    const { code, stdout, stderr } = await runCli(['--port', '0', '--db', ':memory:', ...args], makeFolder());
    expect([code, stdout, findSecrets(stderr)]).toEqual([2, '', []]);
  });
});
