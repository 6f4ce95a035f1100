import { describe, expect, it } from 'vitest';
import { makeFolder } from '../support/folder.ts';
import { ask, MISSING, makeDatabase } from '../support/postgres-database.ts';
import { type RunningServer, startServer } from '../support/process.ts';
import { openStream } from '../support/stream.ts';

const KEY = 'sk_live_abc123def456';
const CONTROL = '/_mock/sandboxes/default';

async function call({ ready }: RunningServer, method: string, path: string, body?: object, headers = {}) {
  const response = await fetch(ready.url + path, {
    method,
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', ...headers },
    body: body === undefined ? null : JSON.stringify(body),
  });
  return { status: response.status, json: JSON.parse((await response.text()) || 'null') };
}
const read = (server: RunningServer, path = '/v1/organizations') => call(server, 'GET', path);
const list = async (server: RunningServer) => (await call(server, 'GET', `${CONTROL}/requests?limit=1000`)).json;
const verify = (server: RunningServer, question: object) =>
  call(server, 'POST', `${CONTROL}/requests/verify`, question);

async function startThree(args: string[] = []) {
  const url = await makeDatabase();
  const start = () => startServer(['--db', url, '--log-level', 'error', ...args], makeFolder());
  const servers = await Promise.all([start(), start(), start()]);
  const at = (n: number) => servers[n % 3] as RunningServer;
  return { url, servers, at, start };
}

describe.skipIf(MISSING !== undefined)(MISSING ?? 'the journal of servers that share a database', () => {
  it('is the same at each, complete, and in the order of its numbers', async () => {
    const { at, servers } = await startThree();
    await Promise.all(Array.from({ length: 60 }, (_, n) => read(at(n), `/v1/number-${n}`)));
    const lists = await Promise.all(servers.map(list));
    for (const { requests, dropped, complete } of lists) {
      expect(requests.map(({ seq }: { seq: number }) => seq)).toEqual(Array.from({ length: 60 }, (_, n) => n + 1));
      expect([new Set(requests.map(({ path }: { path: string }) => path)).size, dropped, complete]).toEqual([
        60,
        0,
        undefined,
      ]);
    }
    expect(lists[1]).toEqual(lists[0]);
    expect(lists[2]).toEqual(lists[0]);
  });

  it('has what was answered before it was asked, whoever answered and whoever is asked', async () => {
    const { at } = await startThree();
    for (let n = 0; n < 12; n++) {
      await call(at(n), 'PATCH', '/v1/organizations', { metadata: { n } });
      const { requests } = await list(at(n + 1));
      expect(requests.at(-1)).toMatchObject({
        method: 'PATCH',
        body: `{"metadata":{"n":${n}}}`,
        status: 200,
        outcome: 'answered',
      });
      expect(requests.at(-1).changes[0]).toMatchObject({ member: 'metadata', after: { n } });
      expect((await verify(at(n + 2), { match: { method: 'PATCH' }, times: n + 1 })).status).toBe(200);
    }
  });

  it('lets a test wait at one server for what another one receives', async () => {
    const { at } = await startThree();
    const waiting = verify(at(0), { match: { path: '/v1/awaited' }, times: 2, within_ms: 20_000 });
    await read(at(1), '/v1/awaited');
    await read(at(2), '/v1/awaited');
    expect((await waiting).json.requests).toHaveLength(2);
    expect((await verify(at(1), { match: { path: '/v1/never' }, times: 0, within_ms: 50 })).status).toBe(200);
  });

  it('is emptied, and reset, for all, and keeps no more than it may', async () => {
    const { at, servers } = await startThree(['--journal-size', '10']);
    for (let n = 0; n < 15; n++) await read(at(n));
    for (const server of servers) expect(await list(server)).toMatchObject({ dropped: 5, requests: { length: 10 } });
    expect((await verify(at(1), { match: {}, times: 0 })).status).toBe(409);
    expect((await call(at(0), 'DELETE', `${CONTROL}/requests`)).json).toEqual({ deleted: 10 });
    for (const server of servers) expect(await list(server)).toMatchObject({ dropped: 0, requests: [] });
    await read(at(1));
    await call(at(2), 'POST', `${CONTROL}/reset`, {});
    await read(at(0), '/v1/behind');
    for (const server of servers) {
      expect((await list(server)).requests).toMatchObject([{ path: '/v1/behind' }]);
    }
  });

  it('is streamed at each, with the ends of what was open', async () => {
    const { at } = await startThree();
    const stream = await openStream(at(0).ready.url);
    await stream.next('hello');
    await read(at(1), '/v1/elsewhere');
    const shown = await stream.next('requests', ({ requests }) =>
      requests.some(({ path }: { path: string }) => path === '/v1/elsewhere'),
    );
    expect(shown?.data.requests).toMatchObject([{ seq: 1, outcome: 'answered', status: 501 }]);
    stream.close();
  });

  it('goes on with its numbers when a server starts again, and has what those that are gone have written', async () => {
    const { at, start } = await startThree();
    await read(at(0), '/v1/first');
    expect(await at(0).stop()).toBe(0);
    const again = await start();
    await read(again, '/v1/second');
    expect((await list(at(1))).requests).toMatchObject([
      { seq: 1, path: '/v1/first' },
      { seq: 2, path: '/v1/second' },
    ]);
  });

  it('says that it is not complete while a server that may know more does not answer', async () => {
    const { at } = await startThree();
    await Promise.all([read(at(0)), read(at(1)), read(at(2))]);
    expect((await list(at(0))).complete).toBeUndefined();
    at(1).child.kill('SIGSTOP');
    expect((await list(at(0))).complete).toBe(false);
    expect((await verify(at(2), { match: { path: '/v1/none' }, times: 0 })).status).toBe(503);
    at(1).child.kill('SIGCONT');
    await expect.poll(async () => (await list(at(0))).complete, { timeout: 5000 }).toBeUndefined();
    at(1).child.kill('SIGKILL');
    await expect.poll(async () => (await list(at(0))).complete, { timeout: 8000 }).toBeUndefined();
    expect((await list(at(2))).requests).toHaveLength(3);
  });

  it('holds no key and no other secret in the database', async () => {
    const { at, url } = await startThree();
    await call(
      at(0),
      'PATCH',
      `/v1/organizations?api_key=${KEY}&password=of-a-query`,
      { organization_name: KEY },
      {
        'x-api-key': KEY,
        cookie: 'session=of-a-cookie',
        'proxy-authorization': 'Basic b2YtYS1wcm94eQ==',
      },
    );
    const entry = (await list(at(1))).requests[0];
    expect(entry.headers).toMatchObject({
      authorization: 'Bearer sk_live_ab…',
      cookie: '…',
      'x-api-key': 'sk_live_ab…',
    });
    const kept = JSON.stringify(await ask('SELECT * FROM mixpeek_mock.journal', url));
    expect(kept).toContain('sk_live_ab…');
    for (const secret of [KEY, 'of-a-query', 'of-a-cookie', 'b2YtYS1wcm94eQ']) expect(kept).not.toContain(secret);
  });
});
