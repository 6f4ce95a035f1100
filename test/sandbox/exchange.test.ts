import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freezeAt } from '../../src/domain/clock.ts';
import { Exchange } from '../../src/sandbox/exchange.ts';
import { buildSeed } from '../../src/seed/build.ts';
import { ADMIN, buildTestApp, START } from '../support/harness.ts';

const OTHER_KEY = 'sk_test_other';
const OTHER_TIME = Date.UTC(2030, 0, 1);
const NOW = 'Thu, 01 Jan 2026 00:00:00 GMT';
const OTHER_NOW = 'Tue, 01 Jan 2030 00:00:00 GMT';

/** A second sandbox, of another time, in which every request above the first is a 429. */
async function start(options: Parameters<typeof buildTestApp>[0] = {}) {
  const app = await buildTestApp(options);
  const { state } = buildSeed(
    {
      version: 1,
      organizations: [
        {
          organization_id: 'org_other',
          rate_limits_override: { metadata: 2 },
          api_keys: [
            { key: OTHER_KEY, permissions: ['read'] },
            { key: 'sk_test_revoked2', status: 'revoked' },
            { key: 'sk_test_expired2', expires_at: '2029-12-31T23:59:59Z' },
          ],
        },
      ],
    },
    '2030-01-01T00:00:00Z',
  );
  await app.sandboxes.create([{ sandbox_id: 'other', name: null, ttl_ms: null, state }]);
  await app.store.updateSettings('other', (settings) => ({
    ...settings,
    clock: freezeAt(OTHER_TIME),
    limits: 'enforce',
  }));
  const read = async (sandbox: string) => {
    const found = await app.sandboxes.find(sandbox);
    return found?.sandbox.journal.list() ?? [];
  };
  return { ...app, read };
}

/** What a kept exchange has to let go. */
const listLive = (entry: object | undefined) => {
  const { live, caller, refusal, bytes, json } = entry as Exchange;
  return { live, caller, refusal, bytes, json };
};
const NOTHING = { live: undefined, caller: undefined, refusal: undefined, bytes: undefined, json: undefined };

describe('a request', () => {
  it.each<[string, string | null, string, string]>([
    ['a key of default', `Bearer ${ADMIN}`, 'default', NOW],
    ['a key of another', `Bearer ${OTHER_KEY}`, 'other', OTHER_NOW],
    ['a revoked key of another', 'Bearer sk_test_revoked2', 'other', OTHER_NOW],
    ['an expired key of another', 'Bearer sk_test_expired2', 'other', OTHER_NOW],
    ['an unknown key', 'Bearer sk_test_unknown', 'default', NOW],
    ['a malformed key', 'Bearer x', 'default', NOW],
    ['another scheme', `Basic ${OTHER_KEY}`, 'default', NOW],
    ['no key', null, 'default', NOW],
  ])('with %s is filed in its sandbox and told the time there', async (_name, authorization, sandbox, date) => {
    const { send, read } = await start();
    const paths = ['/v1/organizations', '/v1/nope'];
    const answers = [];
    for (const url of paths) answers.push(await send({ method: 'GET', url, authorization }));
    expect(answers.map(({ headers }) => headers.date)).toEqual([date, date]);
    const both = { default: await read('default'), other: await read('other') };
    expect({
      default: both.default.map(({ url, received_at }) => [url, received_at]),
      other: both.other.map(({ url, received_at }) => [url, received_at]),
    }).toEqual({
      default: [],
      other: [],
      [sandbox]: paths.map((url) => [url, sandbox === 'default' ? START : OTHER_TIME]),
    });
    expect(
      Object.values(both)
        .flat()
        .map(({ seq }) => seq),
    ).toEqual([1, 2]);
  });

  it.each<[string, string, Record<string, string>]>([
    ['for a path that is published without a key', '/v1/public/nope', {}],
    ['whose URL cannot be decoded', '/v1/%zz', {}],
  ])('%s is filed in default, whatever key it has', async (_name, url, headers) => {
    const { send, read } = await start();
    const answer = await send({ method: 'GET', url, authorization: `Bearer ${OTHER_KEY}`, headers });
    expect(answer.headers.date).toBe(NOW);
    expect([(await read('default')).map((entry) => entry.url), await read('other')]).toEqual([[url], []]);
  });

  it('that is refused before its key matters has a sandbox, but no caller', async () => {
    const { app, read } = await start();
    const headers = { authorization: `Bearer ${OTHER_KEY}`, 'access-control-request-method': 'PATCH' };
    const { statusCode } = await app.inject({ method: 'OPTIONS', url: '/v1/organizations', headers });
    const [entry] = await read('other');
    expect(listLive(entry)).toEqual(NOTHING);
    expect([statusCode, entry?.status, entry?.api_key_id, entry?.organization_id]).toEqual([
      204,
      204,
      undefined,
      undefined,
    ]);
  });

  it('beyond the limit is pointed to the clock of its own sandbox', async () => {
    const { get } = await start();
    const authorization = `Bearer ${OTHER_KEY}`;
    for (let call = 0; call < 2; call++) expect((await get({ authorization })).status).toBe(200);
    const { status, headers } = await get({ authorization });
    expect([status, headers['x-mixpeek-mock-hint']]).toEqual([
      429,
      'wait 30 s, or move the clock: POST /_mock/sandboxes/other/clock/advance {"ms":30000}; --limits headers never refuses',
    ]);
  });

  it('to the control plane is told the time of the sandbox that it names', async () => {
    const { send } = await start();
    const dates = [];
    for (const path of ['sandboxes/other/clock', 'sandboxes/default/clock', 'sandboxes/none/clock', 'openapi.json']) {
      const url = `/_mock/${path}`;
      dates.push(
        (await send({ method: 'GET', url, authorization: null, headers: { host: 'localhost' } })).headers.date,
      );
    }
    expect(dates).toEqual([OTHER_NOW, NOW, NOW, NOW]);
  });

  it('is in the journal that the control plane shows for its sandbox, and in no other', async () => {
    const { get, send } = await start();
    await get({ authorization: `Bearer ${OTHER_KEY}` });
    const read = async (sandbox: string, rest = '') =>
      send({
        method: 'GET',
        url: `/_mock/sandboxes/${sandbox}/requests${rest}`,
        authorization: null,
        headers: { host: 'localhost' },
      });
    const { json } = await read('other');
    expect(json.requests).toMatchObject([{ organization_id: 'org_other', received_at: '2030-01-01T00:00:00Z' }]);
    expect((await read('default')).json.requests).toEqual([]);
    expect((await read('other', '/9')).headers['x-mixpeek-mock-hint']).toBe(
      'GET /_mock/sandboxes/other/requests lists what the journal has',
    );
  });
});

describe('a kept exchange', () => {
  it('holds neither sandbox, nor caller, nor what was received', async () => {
    const { get, patch, read } = await start();
    await get();
    await get({ authorization: null });
    await patch({ metadata: { a: 1 } });
    await patch('{');
    expect((await read('default')).map(listLive)).toEqual([NOTHING, NOTHING, NOTHING, NOTHING]);
  });

  it('whose answer was decided, but never got out, lets go at once and shows no answer', async () => {
    const { sandboxes, read } = await start();
    const live = await sandboxes.find('default');
    if (live === undefined) throw new Error('there is always a default sandbox');
    const exchange = Object.assign(new Exchange('r', 'GET', '/', {}), { live, json: {}, bytes: Buffer.from('{}') });
    exchange.open(live, ['Host', 'localhost']);
    exchange.decide('{"late":true}');
    exchange.end(null, true, live.sandbox.journal);
    expect(listLive(exchange)).toEqual(NOTHING);
    const [entry] = await read('default');
    expect(entry).toMatchObject({
      headers: 'Host\nlocalhost',
      answer: undefined,
      status: null,
      body: '{}',
      body_bytes: 2,
    });
  });

  it('whose client is gone before the answer lets all of it go with the answer, and has the change', async () => {
    const { app, store, read } = await start();
    const update = store.updateOrganization.bind(store);
    let goOn = () => {};
    const held = new Promise<void>((reached) => {
      store.updateOrganization = async (...args) => {
        await new Promise<void>((resolve) => {
          goOn = resolve;
          reached();
        });
        return update(...args);
      };
    });
    const url = new URL(await app.listen({ host: '127.0.0.1', port: 0 }));
    const socket = connect(Number(url.port), url.hostname);
    onTestFinished(() => void socket.destroy());
    const body = '{"logo_url":"https://example.com/a.png"}';
    socket.write(
      `PATCH /v1/organizations HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${ADMIN}\r\n` +
        `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    await held;
    socket.destroy();
    await once(socket, 'close');
    await expect.poll(async () => (await read('default'))[0]?.ms).toBeDefined();
    const [gone] = await read('default');
    expect(listLive(gone)).not.toEqual(NOTHING);
    goOn();
    await expect.poll(() => listLive(gone)).toEqual(NOTHING);
    expect(gone).toMatchObject({
      status: null,
      answer: undefined,
      body,
      changes: [{ member: 'logo_url', before: 'null', after: '"https://example.com/a.png"' }],
    });
  });
});
