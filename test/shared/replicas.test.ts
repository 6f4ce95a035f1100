import { describe, expect, it } from 'vitest';
import { openProxy } from '../support/engine-proxy.ts';
import { makeFolder } from '../support/folder.ts';
import { ask, lockOrganization, MISSING, makeDatabase } from '../support/postgres-database.ts';
import { type RunningServer, runCli, startServer } from '../support/process.ts';

const KEY = 'sk_live_abc123def456';
const CONTROL = '/_mock/sandboxes/default';

const start = (url: string, args: string[] = []) =>
  startServer(['--db', url, '--log-level', 'error', ...args], makeFolder());

async function call({ ready }: RunningServer, method: string, path: string, body?: object, key = KEY) {
  const response = await fetch(ready.url + path, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, json: JSON.parse((await response.text()) || 'null') };
}
const rename = (server: RunningServer, organization_name: string) =>
  call(server, 'PATCH', '/v1/organizations', { organization_name });
const nameOf = async (server: RunningServer) => (await call(server, 'GET', '/v1/organizations')).json.organization_name;

async function startThree(args: string[] = []): Promise<[RunningServer, RunningServer, RunningServer]> {
  const url = await makeDatabase();
  return Promise.all([start(url, args), start(url, args), start(url, args)]);
}

describe.skipIf(MISSING !== undefined)(MISSING ?? 'three servers that share a database', () => {
  it('show each change at once, whichever is asked, also several at a time', async () => {
    const servers = await startThree();
    for (let round = 0; round < 20; round++) {
      const [writer, reader] = [servers[round % 3], servers[(round + 1) % 3]] as [RunningServer, RunningServer];
      expect((await rename(writer, `Round ${round}`)).status).toBe(200);
      expect(await Promise.all([nameOf(reader), nameOf(reader)])).toEqual([`Round ${round}`, `Round ${round}`]);
    }
    const numbers = Array.from({ length: 30 }, (_, n) => n);
    const patches = numbers.map((n) =>
      call(servers[n % 3] as RunningServer, 'PATCH', '/v1/organizations', { metadata: { n } }),
    );
    expect(new Set((await Promise.all(patches)).map(({ status }) => status))).toEqual(new Set([200]));
  });

  it('let exactly as many requests pass as the limit says', async () => {
    const servers = await startThree(['--limits', 'enforce', '--clock', '2026-01-01T00:00:00Z']);
    const asked = Array.from({ length: 150 }, (_, n) =>
      call(servers[n % 3] as RunningServer, 'GET', '/v1/organizations'),
    );
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    expect([
      statuses.filter((status) => status === 200).length,
      statuses.filter((status) => status === 429).length,
    ]).toEqual([100, 50]);
    await call(servers[1], 'POST', `${CONTROL}/clock/advance`, { ms: 600 });
    const next = await Promise.all(servers.map((server) => call(server, 'GET', '/v1/organizations')));
    expect(next.map(({ status }) => status).sort()).toEqual([200, 429, 429]);
    const limits = await Promise.all(servers.map((server) => call(server, 'GET', `${CONTROL}/limits`)));
    expect(new Set(limits.map(({ json }) => JSON.stringify(json))).size).toBe(1);
  });

  it('have one clock, one set of fault rules and one world', async () => {
    const [first, second, third] = await startThree(['--clock', '2026-01-01T00:00:00Z']);
    const steps = Array.from({ length: 12 }, (_, n) => [first, second, third][n % 3] as RunningServer);
    await Promise.all(steps.map((server) => call(server, 'POST', `${CONTROL}/clock/advance`, { ms: 1000 })));
    expect((await call(second, 'GET', `${CONTROL}/clock`)).json.now).toBe('2026-01-01T00:00:12Z');
    await call(first, 'POST', `${CONTROL}/faults`, { id: 'flt_a', status: 503, times: 4 });
    const asked = await Promise.all(Array.from({ length: 9 }, (_, n) => nameOfStatus(steps[n] as RunningServer)));
    expect(asked.filter((status) => status === 503)).toHaveLength(4);
    expect((await call(third, 'GET', `${CONTROL}/faults`)).json.faults).toMatchObject([{ matched: 9, fired: 4 }]);
    await rename(first, 'Before the reset');
    expect((await call(second, 'POST', `${CONTROL}/reset`, {})).status).toBe(200);
    expect(await nameOf(third)).toBe('Acme Corporation');
    expect((await call(first, 'GET', `${CONTROL}/faults`)).json.faults).toEqual([]);
    const made = (await call(third, 'POST', '/_mock/sandboxes', {})).json.sandboxes[0];
    expect((await call(first, 'GET', '/v1/organizations', undefined, made.api_keys.admin)).status).toBe(200);
    await call(second, 'DELETE', `/_mock/sandboxes/${made.sandbox_id}`);
    expect((await call(first, 'GET', '/v1/organizations', undefined, made.api_keys.admin)).status).toBe(401);
    expect((await call(first, 'GET', `/_mock/sandboxes/${made.sandbox_id}`)).status).toBe(404);
  });

  it('answer no change with a 500 while they are reset', async () => {
    const [first, second, third] = await startThree();
    const statuses: number[] = [];
    let isOver = false;
    const change = async (server: RunningServer) => {
      while (!isOver) statuses.push((await rename(server, 'x')).status);
    };
    const changing = [change(first), change(second), change(third)];
    for (let time = 0; time < 20; time++)
      await call([first, second, third][time % 3] as RunningServer, 'POST', `${CONTROL}/reset`, {});
    isOver = true;
    await Promise.all(changing);
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(statuses.length).toBeGreaterThan(20);
  });

  it('start together on an empty database, and fill it once', async () => {
    const url = await makeDatabase();
    const servers = await Promise.all(Array.from({ length: 8 }, () => start(url, ['--api-key', 'sk_test_of_ci'])));
    for (const server of servers) {
      expect((await call(server, 'GET', '/v1/organizations', undefined, 'sk_test_of_ci')).status).toBe(200);
    }
    const [row] = await ask(
      `SELECT (SELECT max(generation - place) FROM mixpeek_mock.sandboxes) AS numbers_in_between,
        (SELECT count(*) FROM mixpeek_mock.migrations) AS migrations`,
      url,
    );
    // Whoever filled it again would have given it a much later generation.
    expect([Number(row?.numbers_in_between), Number(row?.migrations)]).toEqual([1, 2]);
  });

  it('keep what was there when one starts again, whatever its flags say', async () => {
    const url = await makeDatabase();
    const first = await start(url, ['--limits', 'enforce']);
    await rename(first, 'Kept');
    expect(await first.stop()).toBe(0);
    const second = await start(url, ['--limits', 'off', '--clock', '2020-01-01T00:00:00Z']);
    expect(await nameOf(second)).toBe('Kept');
    expect((await call(second, 'GET', `${CONTROL}/limits`)).json.mode).toBe('enforce');
    expect((await call(second, 'GET', `${CONTROL}/clock`)).json.mode).toBe('running');
  });
});

const nameOfStatus = async (server: RunningServer) => (await call(server, 'GET', '/v1/organizations')).status;

describe('a server whose database is an engine', () => {
  const URL = 'postgres://u:secret@127.0.0.1:1/x';

  it.each<[string, string[], RegExp]>([
    ['nobody is there', [], /^mixpeek-mock: postgres:\/\/u:…@127\.0\.0\.1:1\/x: .*ECONNREFUSED/],
    ['--reset', ['--reset'], /--reset: .*POST \/_mock\/sandboxes\/default\/reset/],
    ['--random-seed', ['--random-seed', '1'], /--random-seed: .*leave it out/],
    ['no token, and not loopback', ['--host', '0.0.0.0'], /--control-token: .*give one, or --control off/],
    ['an unknown parameter', ['--db', `${URL}?sslmode=maybe`], /--db: .*sslmode=maybe.*disable, require, verify-full/],
  ])('ends with one line where there is %s, and tells no password', async (_, args, words) => {
    const { code, stdout, stderr } = await runCli(['--port', '0', '--db', URL, ...args], makeFolder());
    expect([code === 0, stdout]).toEqual([false, '']);
    expect(stderr).toMatch(words);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stdout + stderr).not.toContain('secret');
  });

  it('refuses --wait-for-db without one', async () => {
    const { code, stderr } = await runCli(['--db', ':memory:', '--wait-for-db', '1s'], makeFolder());
    expect(code).not.toBe(0);
    expect(stderr).toContain('--wait-for-db: goes with --db postgres://… only');
  });
});

describe.skipIf(MISSING !== undefined)(MISSING ?? 'a server whose engine fails', () => {
  /** From its end on no answer is later than that, whatever becomes of the engine: real milliseconds. */
  const LATEST_MS = 3500;

  async function startBehindProxy() {
    const proxy = await openProxy(await makeDatabase());
    return { proxy, server: await start(proxy.url) };
  }
  const readyOf = async (server: RunningServer) => (await call(server, 'GET', '/readyz')).status;

  it.each([
    ['is gone', 'cut'],
    ['hangs', 'hold'],
  ] as const)('answers 503 while it %s, and goes on when it is back', async (_, fail) => {
    const { proxy, server } = await startBehindProxy();
    await rename(server, 'Before');
    proxy[fail]();
    const started = performance.now();
    const answers = await Promise.all([
      rename(server, 'Meanwhile'),
      call(server, 'GET', '/v1/organizations'),
      call(server, 'GET', `${CONTROL}/clock`),
    ]);
    expect(performance.now() - started).toBeLessThan(LATEST_MS);
    for (const { status, headers, json } of answers) {
      expect([status, headers.get('retry-after'), json.error.type]).toEqual([503, '1', 'ServiceUnavailableError']);
    }
    expect(await readyOf(server)).toBe(503);
    expect((await call(server, 'GET', '/livez')).status).toBe(200);
    proxy.free();
    await expect.poll(() => readyOf(server), { timeout: 5000 }).toBe(200);
    expect(await nameOf(server)).toBe('Before');
    expect((await rename(server, 'Behind')).status).toBe(200);
    expect(server.stderr()).not.toContain('of-the-tests');
    expect(await server.stop()).toBe(0);
  });

  it('outlives the end of all its connections, again and again, and loses no change that was acknowledged', async () => {
    const { proxy, server } = await startBehindProxy();
    const database = new URL(proxy.url).pathname.slice(1);
    let isOver = false;
    const statuses = new Set<number>();
    let acknowledged = 0;
    const change = async () => {
      for (let n = 1; !isOver; n++) {
        const { status } = await call(server, 'PATCH', '/v1/organizations', { metadata: { n } });
        statuses.add(status);
        if (status === 200) acknowledged = n;
      }
    };
    const read = async () => {
      while (!isOver) {
        const before = acknowledged;
        const { status, json } = await call(server, 'GET', '/v1/organizations');
        statuses.add(status);
        if (status === 200) expect(Number(json.metadata.n ?? 0)).toBeGreaterThanOrEqual(before);
      }
    };
    const working = [change(), read(), read(), read()];
    const end = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}' AND application_name = 'mixpeek-mock'`;
    for (let time = 0; time < 8; time++) {
      const before = acknowledged;
      await ask(end);
      await expect.poll(() => acknowledged).toBeGreaterThan(before);
    }
    isOver = true;
    await Promise.all(working);
    expect([...statuses].every((status) => status === 200 || status === 503)).toBe(true);
    await expect.poll(() => readyOf(server)).toBe(200);
    const { json } = await call(server, 'GET', '/v1/organizations');
    expect(json.metadata.n).toBeGreaterThanOrEqual(acknowledged);
    expect(server.child.exitCode).toBe(null);
  });

  it('waits at the start for an engine that comes later', async () => {
    const proxy = await openProxy(await makeDatabase());
    proxy.cut();
    const starting = start(proxy.url, ['--wait-for-db', '30s']);
    // Tried, and refused, at least once.
    await proxy.refused;
    proxy.free();
    expect(await nameOf(await starting)).toBe('Acme Corporation');
  });

  it('holds up nobody but who wants what is locked elsewhere', async () => {
    const url = await makeDatabase();
    const server = await start(url);
    const release = await lockOrganization(url, 'org_demo123');
    const started = performance.now();
    const locked = rename(server, 'Locked');
    const others = await Promise.all([
      call(server, 'GET', '/v1/organizations'),
      call(server, 'PATCH', '/v1/organizations', { organization_name: 'Free' }, 'sk_test_free'),
    ]);
    expect(others.map(({ status }) => status)).toEqual([200, 200]);
    expect((await locked).status).toBe(503);
    expect(performance.now() - started).toBeLessThan(LATEST_MS);
    await release();
    expect((await rename(server, 'Released')).status).toBe(200);
  });
});
