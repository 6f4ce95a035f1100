import { describe, expect, it } from 'vitest';
import { type ControlApp, startControl } from '../support/control.ts';
import { ADMIN } from '../support/harness.ts';

const CLOCK = '2030-05-06T07:08:09Z';
const DATE = 'Mon, 06 May 2030 07:08:09 GMT';
const OF_DEFAULT = 'Thu, 01 Jan 2026 00:00:00 GMT';
const LOOPBACK = { host: 'localhost:4030' };

/** An app with a sandbox that has another time, and who may assign requests to it. */
async function start(options: Parameters<typeof startControl>[0] = {}) {
  const app = await startControl(options);
  const authorization = options.control && options.control !== 'off' ? `Bearer ${options.control.token}` : null;
  const { json } = await app.ask('POST', '/sandboxes', { clock: CLOCK }, { authorization });
  const [{ sandbox_id, api_keys }] = json.sandboxes;
  return { ...app, authorization, sandbox_id, key: api_keys.read as string };
}
type Started = Awaited<ReturnType<typeof start>>;

/** The paths that each journal has, and the `Date` of the answer. */
async function send(app: Started, authorization: string | null, headers: Record<string, string> = {}, url = '/v1/x') {
  const named = { 'x-mixpeek-mock-sandbox': app.sandbox_id, ...headers };
  const answer = await app.send({ method: 'GET', url, authorization, headers: { ...LOOPBACK, ...named } });
  return { date: answer.headers.date, in: await findJournals(app, app.sandbox_id, app.authorization) };
}

async function findJournals({ ask }: Pick<ControlApp, 'ask'>, id: string, authorization: string | null) {
  const found: string[] = [];
  for (const one of ['default', id]) {
    const { json } = await ask('GET', `/sandboxes/${one}/requests`, undefined, { authorization });
    if (json.requests.length > 0) found.push(one === 'default' ? 'default' : 'other');
  }
  return found;
}

const OTHER = { date: DATE, in: ['other'] };
const DEFAULT = { date: OF_DEFAULT, in: ['default'] };

it('a known key decides wherever it is sent, also where /v1 was forgotten', async () => {
  const app = await start();
  const named = { 'x-mixpeek-mock-sandbox': 'default' };
  expect(await send(app, `Bearer ${app.key}`, named, '/organizations')).toEqual(OTHER);
  expect(await send(await start(), 'Bearer sk_test_xyz789', {}, '/organizations')).toEqual(DEFAULT);
});

it('a known key decides wherever it is sent, also where /v1 was forgotten', async () => {
  const app = await start();
  const named = { 'x-mixpeek-mock-sandbox': 'default' };
  expect(await send(app, `Bearer ${app.key}`, named, '/organizations')).toEqual(OTHER);
  expect(await send(await start(), 'Bearer sk_test_xyz789', {}, '/organizations')).toEqual(DEFAULT);
});

describe('X-Mixpeek-Mock-Sandbox', () => {
  it.each<[string, string | null]>([
    ['without a key', null],
    ['with an unknown key', 'Bearer sk_test_unknown'],
    ['with what is not a key', 'Bearer x'],
    ['with another scheme', 'Basic eDp5'],
  ])('assigns a request %s', async (_name, authorization) => {
    const app = await start();
    expect(await send(app, authorization, {}, '/v1/organizations')).toEqual(OTHER);
    expect(await send(app, authorization)).toEqual(OTHER);
    expect(await send(app, authorization, {}, '/nope')).toEqual(OTHER);
  });

  it.each(['Bearer sk_test_xyz789', 'Bearer sk_test_revoked', 'Bearer sk_test_expired'])(
    'assigns no request of a known key, whatever its status: %s',
    async (authorization) => {
      const app = await start();
      expect(await send(app, authorization, {}, '/v1/organizations')).toEqual(DEFAULT);
    },
  );

  it('takes no request from the sandbox of its key to default', async () => {
    const app = await start();
    expect(await send(app, `Bearer ${app.key}`, { 'x-mixpeek-mock-sandbox': 'default' })).toEqual(OTHER);
    await app.ask('PATCH', `/sandboxes/${app.sandbox_id}/api-keys/${await findId(app)}`, { status: 'revoked' });
    await app.ask('DELETE', `/sandboxes/${app.sandbox_id}/requests`);
    expect(await send(app, `Bearer ${app.key}`, { 'x-mixpeek-mock-sandbox': 'default' })).toEqual(OTHER);
  });

  it.each([
    ['names a sandbox that there is not', { 'x-mixpeek-mock-sandbox': 'nope' }],
    ['is empty', { 'x-mixpeek-mock-sandbox': '' }],
    ['comes from a page of another origin', { origin: 'https://evil.example' }],
    ['comes from a page of another site', { 'sec-fetch-site': 'cross-site' }],
    ['comes under a Host that is not this machine', { host: 'mock.internal' }],
  ])('leaves requests to default where it %s', async (_name, headers) => {
    expect(await send(await start(), null, headers)).toEqual(DEFAULT);
  });

  it('assigns a request of our own page', async () => {
    expect(await send(await start(), null, { origin: 'http://localhost:4030' })).toEqual(OTHER);
  });

  it.each<[string, string | null, typeof OTHER]>([
    ['the token', 'Bearer very-secret', OTHER],
    ['the token as a password', `Basic ${Buffer.from('x:very-secret').toString('base64')}`, OTHER],
    ['no token', null, DEFAULT],
    ['another token', 'Bearer very-secreT', DEFAULT],
    ['a key', `Bearer ${ADMIN}`, DEFAULT],
  ])('where a token is required, for who sends %s', async (_name, authorization, expected) => {
    const app = await start({ control: { token: 'very-secret' } });
    expect(await send(app, authorization, { host: 'mock.internal' })).toEqual(expected);
  });

  it('is nothing where the control plane is off', async () => {
    const app = await startControl({ control: 'off' });
    const headers = { ...LOOPBACK, 'x-mixpeek-mock-sandbox': 'other' };
    const { headers: answered } = await app.send({ method: 'GET', url: '/v1/x', authorization: null, headers });
    expect(answered.date).toBe(OF_DEFAULT);
  });
});

const findId = async ({ ask, sandbox_id }: Started) =>
  (await ask('GET', `/sandboxes/${sandbox_id}/api-keys`)).json.api_keys[0].api_key_id;
