import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeFolder } from '../support/folder.ts';
import { runCli, spawnCli, startServer } from '../support/process.ts';
import { get, patch } from '../support/requests.ts';

const ROUNDS = 10;

it('the program that is packed reads domains beyond ASCII', async () => {
  const { ready, stop } = await startServer([], makeFolder());
  const answer = await patch(ready.url, { billing_email: 'a@xn--bcher-kva.example' });
  expect(await answer.json()).toMatchObject({ billing_email: 'a@bücher.example' });
  expect(await stop()).toBe(0);
});

describe('the ready line', () => {
  it('tells where the server answers and which keys it has', async () => {
    const { ready, stop } = await startServer([], makeFolder());
    expect(ready).toMatchObject({ event: 'ready', db: '.mixpeek-mock/mock.db' });
    expect(ready.url).toMatch(/^http:\/\/localhost:\d+$/);
    expect(ready.api_keys[0]).toEqual({
      key: 'sk_live_abc123def456',
      organization_id: 'org_demo123',
      account_type: 'pro',
      permissions: ['admin'],
    });
    expect(ready.api_keys.map(({ key, status }) => [key, status])).toEqual([
      ['sk_live_abc123def456', undefined],
      ['sk_test_xyz789', undefined],
      ['sk_test_deleter', undefined],
      ['sk_test_writer', undefined],
      ['sk_test_readonly', undefined],
      ['sk_test_revoked', 'revoked'],
      ['sk_test_expired', 'expired'],
      ['sk_test_free', undefined],
      ['sk_test_team', undefined],
      ['sk_test_enterprise', undefined],
    ]);
    for (const name of ['localhost', '127.0.0.1']) {
      expect(await (await fetch(`${ready.url.replace('localhost', name)}/v1/health`)).json()).toMatchObject({
        status: 'OK',
      });
    }
    expect(await stop()).toBe(0);
  });
});

describe('a token of the control plane', () => {
  const OPEN = ['--host', '0.0.0.0', '--db', ':memory:'];

  it('that was generated goes to standard error, and is the one that is demanded', async () => {
    const { ready, stderr } = await startServer(OPEN, makeFolder());
    await expect.poll(stderr).toContain('control_token');
    const { event, control_token } = JSON.parse(
      stderr()
        .split('\n')
        .find((line) => line.includes('token')) ?? '{}',
    );
    expect([event, control_token]).toEqual(['control_token', expect.stringMatching(/^[0-9a-f-]{36}$/)]);
    const headers = { authorization: `Bearer ${control_token}` };
    expect((await fetch(`${ready.url}/_mock/sandboxes/default/clock`, { headers })).status).toBe(200);
  });

  it('that was given is shown nowhere', async () => {
    const { ready, stderr, stop } = await startServer([...OPEN, '--control-token', 'my-own-token'], makeFolder());
    expect(await stop()).toBe(0);
    expect(JSON.stringify(ready) + stderr()).not.toMatch(/my-own-token|control_token/);
  });
});

describe('what was acknowledged', () => {
  it(`is there after SIGKILL, ${ROUNDS} times`, async () => {
    const folder = makeFolder();
    const expected: Record<string, number> = {};
    for (let round = 1; round <= ROUNDS; round++) {
      const server = await startServer([], folder);
      const { url } = server.ready;
      expect((await get(url)).metadata).toEqual(expected);
      for (let change = 1; change <= 3; change++) {
        expected[`change${change}`] = round;
        expect((await patch(url, { metadata: expected })).status).toBe(200);
      }
      expect(await server.stop('SIGKILL')).toBe('SIGKILL');
    }
  });

  it('comes back to the byte after a restart', async () => {
    const folder = makeFolder();
    const metadata = '{"b":1,"10":12345678901234567890,"2":1.10,"__proto__":{"x":1e400}}';
    const first = await startServer([], folder);
    const headers = { authorization: 'Bearer sk_test_xyz789', 'content-type': 'application/json' };
    await fetch(`${first.ready.url}/v1/organizations`, { method: 'PATCH', headers, body: `{"metadata":${metadata}}` });
    await first.stop();
    expect(existsSync(join(folder, '.mixpeek-mock/mock.db-wal'))).toBe(false);
    const second = await startServer([], folder);
    const answer = await fetch(`${second.ready.url}/v1/organizations`, { headers });
    expect(await answer.text()).toContain(`"metadata":${metadata},`);
  });
});

describe('the clock', () => {
  it('stands where --clock says, and what it was set to survives a restart', async () => {
    const folder = makeFolder();
    const first = await startServer(['--clock', '2030-01-01T00:00:00Z'], folder);
    const advance = await fetch(`${first.ready.url}/_mock/sandboxes/default/clock/advance`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"ms":1000}',
    });
    const expected = { now: '2030-01-01T00:00:01Z', mode: 'frozen' };
    expect(await advance.json()).toMatchObject(expected);
    await first.stop('SIGKILL');
    const second = await startServer([], folder);
    expect(await (await fetch(`${second.ready.url}/_mock/sandboxes/default/clock`)).json()).toMatchObject(expected);
    const changed = await patch(second.ready.url, { logo_url: 'x' });
    expect(await changed.json()).toMatchObject({ updated_at: '2030-01-01T00:00:01Z' });
  });

  it('has a control plane that --control off removes', async () => {
    const { ready } = await startServer(['--control', 'off', '--db', ':memory:'], makeFolder());
    expect((await fetch(`${ready.url}/_mock/sandboxes/default/clock`)).status).toBe(404);
  });
});

describe('a database that has data', () => {
  it('keeps it whatever the seed says, until --reset', async () => {
    const folder = makeFolder();
    const first = await startServer([], folder);
    await patch(first.ready.url, { organization_name: 'Kept' });
    await first.stop();
    writeFileSync(
      join(folder, 'mixpeek-mock.yaml'),
      'version: 1\norganizations: [{ organization_id: org_mine, api_keys: [{ key: sk_test_mine }] }]\n',
    );
    const second = await startServer([], folder);
    expect(second.ready.api_keys).toEqual([]);
    expect((await get(second.ready.url)).organization_name).toBe('Kept');
    await second.stop();
    const third = await startServer(['--reset'], folder);
    expect(third.ready.api_keys.map(({ key }) => key)).toEqual(['sk_test_mine']);
    expect((await get(third.ready.url, 'sk_test_mine')).organization_id).toBe('org_mine');
    expect((await patch(third.ready.url, {})).status).toBe(401);
  });

  it('lets keys of --api-key be used, and keeps them', async () => {
    const folder = makeFolder();
    const args = ['--api-key', 'sk_test_ci', '--api-key', 'sk_live_ci=read@org_team'];
    await (await startServer([], folder)).stop();
    const second = await startServer(args, folder);
    expect(second.ready.api_keys.slice(-2)).toEqual([
      {
        key: null,
        key_prefix: 'sk_test_c',
        organization_id: 'org_demo123',
        account_type: 'pro',
        permissions: ['admin'],
      },
      {
        key: null,
        key_prefix: 'sk_live_c',
        organization_id: 'org_team',
        account_type: 'team',
        permissions: ['read'],
      },
    ]);
    await second.stop();
    const third = await startServer([], folder);
    expect((await get(third.ready.url, 'sk_live_ci')).organization_id).toBe('org_team');
    const file = readFileSync(join(folder, '.mixpeek-mock/mock.db'), 'latin1');
    expect(file).not.toMatch(/sk_live_abc123def456|sk_test_xyz789|sk_live_ci/);
    await third.stop();
    const wrong = await runCli(['--port', '0', '--api-key', 'sk_test_x=read@org_nope'], folder);
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      "mixpeek-mock: --api-key: no organization 'org_nope'; there are org_demo123, org_free, org_team, org_enterprise\n",
    ]);
  });

  it('a key that another sandbox has is not granted: one line says whose it is, and the data stays', async () => {
    const folder = makeFolder();
    const first = await startServer([], folder);
    const send = (method: string, path: string, body: unknown) =>
      fetch(`${first.ready.url}/_mock/sandboxes/${path}`, {
        method,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    await send('PUT', 'ci/state', { version: 1, organizations: [{ organization_id: 'org_ci' }] });
    expect((await send('POST', 'ci/api-keys', { key: 'sk_test_of_ci' })).status).toBe(201);
    await first.stop();
    const wrong = await runCli(['--port', '0', '--api-key', 'sk_test_of_ci'], folder);
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      'mixpeek-mock: --api-key: The key sk_test_of… belongs to the sandbox ci: give another key, or delete the sandbox ci first\n',
    ]);
    const second = await startServer([], folder);
    expect((await get(second.ready.url, 'sk_test_of_ci')).organization_id).toBe('org_ci');
    await second.stop();
  });

  it('belongs to one process: the second is told who has it, the first goes on', async () => {
    const folder = makeFolder();
    const first = await startServer([], folder);
    const second = await runCli(['--port', '0'], folder);
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(
      new RegExp(`^mixpeek-mock: .*mock\\.db: is in use by process ${first.child.pid} on .*${first.ready.url}.*\\n$`),
    );
    expect((await patch(first.ready.url, { logo_url: 'x' })).status).toBe(200);
  });
});

describe('stopping', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    '%s ends an idle server with 0, and does not wait for connections that are kept open',
    async (signal) => {
      const server = await startServer(['--db', ':memory:'], makeFolder());
      // Keeps a connection open.
      await get(server.ready.url);
      const started = performance.now();
      expect(await server.stop(signal)).toBe(0);
      expect(performance.now() - started).toBeLessThan(4000);
    },
  );

  it('keeps what the database has, and leaves nothing beside it', async () => {
    const folder = makeFolder();
    const server = await startServer([], folder);
    await patch(server.ready.url, { logo_url: 'x' });
    expect(await server.stop('SIGHUP')).toBe(0);
    expect(readdirSync(join(folder, '.mixpeek-mock')).sort()).toEqual(['.gitignore', 'mock.db']);
  });
});

describe('what is wrong at the start', () => {
  it.each([
    [['--port', '99999'], 2, "mixpeek-mock: --port: '99999' was given; allowed: 0 to 65535\n"],
    [['--log-level', 'x'], 2, /^mixpeek-mock: --log-level: 'x' was given; allowed: fatal, /],
    [['--seed', 'nope.yaml'], 1, 'mixpeek-mock: nope.yaml: there is no such file\n'],
    [['--db', '.'], 1, 'mixpeek-mock: .: is a folder: name a file in it with --db\n'],
    [
      ['--host', '203.0.113.1', '--db', ':memory:'],
      1,
      /^mixpeek-mock: '203\.0\.113\.1' is not an address of this machine/,
    ],
  ])('%j', async (args, code, message) => {
    const result = await runCli(args, makeFolder());
    expect(result.code).toBe(code);
    expect(result.stdout).toBe('');
    if (typeof message === 'string') expect(result.stderr).toBe(message);
    else expect(result.stderr).toMatch(message);
  });

  it('a port in use is one clear line', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as { port: number };
    const result = await runCli(['--port', `${port}`, '--db', ':memory:'], makeFolder());
    expect([result.code, result.stderr]).toEqual([
      1,
      `mixpeek-mock: port ${port} is in use: stop what listens there, or choose another with --port (0 takes a free one)\n`,
    ]);
  });
});

describe('for people', () => {
  it('the banner shows the address, the keys, the data and a request; each request is a line', async () => {
    const folder = makeFolder();
    const child = spawnCli(['--port', '0'], folder);
    let banner = '';
    const isComplete = new Promise<void>((resolve) => {
      child.stdout?.on('data', (chunk) => {
        banner += chunk;
        if (banner.includes('Ctrl-C')) resolve();
      });
    });
    await isComplete;
    const [, url = ''] = /listening on (\S+)/.exec(banner) ?? [];
    expect(banner).toContain(join(folder, '.mixpeek-mock/mock.db'));
    expect(banner).toMatch(/sk_test_revoked +org_demo123 +pro +admin +revoked/);
    expect(banner).toContain(
      `curl -X PATCH ${url}/v1/organizations -H 'Authorization: Bearer sk_live_abc123def456' -H 'Content-Type: application/json'`,
    );
    const line = new Promise((resolve) => child.stderr?.once('data', (chunk) => resolve(String(chunk))));
    await patch(url, {});
    expect(await line).toMatch(/^PATCH \/v1\/organizations 200 [\d.]+ ms org_demo123\n$/);
  });
});

describe('health', () => {
  it('asks a running server', async () => {
    const folder = makeFolder();
    const { ready } = await startServer(['--db', ':memory:'], folder);
    const port = new URL(ready.url).port;
    expect(await runCli(['health', '--port', port], folder)).toMatchObject({ code: 0, stderr: '' });
    expect((await runCli(['health', '--wait', '10s'], folder, { MIXPEEK_MOCK_PORT: port })).code).toBe(0);
  });

  it('fails where no server answers', async () => {
    const { code, stdout } = await runCli(['health', '--port', '1', '--wait', '150ms'], makeFolder());
    expect([code, stdout]).toEqual([
      1,
      'http://localhost:1/v1/health is not healthy: ECONNREFUSED; is the server running, on this port?\n',
    ]);
  });
});
