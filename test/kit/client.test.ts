import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, it, onTestFinished, vi } from 'vitest';
import { connect, openControlClient } from '../../src/kit/client.ts';
import { SandboxPool } from '../../src/kit/sandbox-pool.ts';
import { withSandbox } from '../../src/kit/with-sandbox.ts';
import { expect } from '../../src/suites/vitest.ts';
import type { Parsed } from '../support/conformance.ts';
import { nameOf, rename, send, start } from '../support/handle.ts';

afterEach(() => vi.unstubAllEnvs());

const listSandboxes = async (url: string): Promise<string[]> => {
  const { sandboxes }: Parsed = await (await fetch(`${url}/_mock/sandboxes?limit=1000`)).json();
  return sandboxes.map(({ sandbox_id }: Parsed) => sandbox_id);
};

describe('connect', () => {
  it('finds a server by variables, and by options before them', async () => {
    const server = await start({ controlToken: 'a-token-of-ours' });
    vi.stubEnv('MIXPEEK_MOCK_URL', `${server.url}/`);
    vi.stubEnv('MIXPEEK_MOCK_CONTROL_TOKEN', 'a-token-of-ours');
    const sandbox = await connect().createSandbox({ accountType: 'team' });
    expect([sandbox.url, await nameOf(sandbox)]).toEqual([server.url, sandbox.organizationId]);
    await expect(connect({ controlToken: 'another-token' }).createSandbox()).rejects.toThrow(/401 .*its token/);
    await expect(connect({ url: 'http://localhost:1' }).createSandbox()).rejects.toThrow(
      'cannot be reached at http://localhost:1: ',
    );
  });

  it.each([
    [
      undefined,
      "MIXPEEK_MOCK_URL is not set: run the tests by 'mixpeek-mock exec -- …', or start a server and give its URL",
    ],
    ['', 'MIXPEEK_MOCK_URL is not set'],
    [
      'localhost:4030',
      'the URL localhost:4030 of the mock is not an origin such as http://localhost:4030: it has no path',
    ],
    ['http://localhost:4030/v1', 'the URL http://localhost:4030/v1 of the mock is not an origin'],
    ['ftp://localhost', 'is not an origin'],
    ['http://pact:secret-token@localhost:4030', 'the URL of the mock is not an origin'],
    ['http://:secret-token@localhost:4030/', 'the URL of the mock is not an origin'],
    ['http://pact:secret-token@localhost:99999/', 'the URL of the mock is not an origin'],
  ])('refuses %j', (url, message) => {
    vi.stubEnv('MIXPEEK_MOCK_URL', url);
    expect(() => connect()).toThrow(message);
    expect(() => connect()).not.toThrow('secret-token');
  });
});

it.each<[string, (response: ServerResponse) => void]>([
  ['a web page', (response) => response.end('<!doctype html>')],
  ['nothing', (response) => response.writeHead(502).end()],
  ['JSON of another program', (response) => response.writeHead(404).end('{"detail":"Not Found"}')],
  ['an empty object', (response) => response.end('{}')],
])('a program that answers %s is not taken for the mock', async (_name, answer) => {
  const server = createServer((_request, response) => answer(response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await expect(connect({ url }).createSandbox()).rejects.toThrow(
    /has no control plane \(status \d+\): is it mixpeek-mock's URL/,
  );
});

it('a server without a control plane says so', async () => {
  const { url } = await start({ control: 'off' });
  await expect(connect({ url }).createSandbox()).rejects.toThrow('is --control on?');
});

describe('withSandbox', () => {
  it('lends a sandbox for as long as it is used', async () => {
    const { url } = await start();
    const id = await withSandbox(
      async (sandbox) => {
        await expect(sandbox).toHaveOrganization({ account_type: 'free' });
        return sandbox.sandboxId;
      },
      { url, accountType: 'free' },
    );
    expect(id).toMatch(/^sbx_/);
    expect(await listSandboxes(url)).toEqual(['default']);
  });

  it('says what a sandbox received, in what is thrown, and removes it', async () => {
    const { url } = await start();
    const failing = withSandbox(
      async (sandbox) => {
        await rename(sandbox, 'New');
        throw new TypeError('wrong');
      },
      { url },
    );
    const error: Error = await failing.catch((thrown) => thrown);
    expect(error).toBeInstanceOf(TypeError);
    const report =
      /^wrong\n\nIts sandbox received 1 request:\n {2}PATCH \/v1\/organizations 200 {2}organization_name: "org_\w+" -> "New"$/;
    expect(error.message).toMatch(report);
    expect(error.stack).toContain(error.message);
    expect(await listSandboxes(url)).toEqual(['default']);
    await expect(withSandbox(() => Promise.reject('no error'), { url })).rejects.toBe('no error');
    const silent = withSandbox(() => Promise.reject(new Error('wrong')), { url, report: false });
    await expect(silent).rejects.toThrow(/^wrong$/);
  });

  it('says nothing of what it cannot change, and of a sandbox that is closed', async () => {
    const { url } = await start();
    const aborted = withSandbox(() => Promise.reject(new DOMException('too late', 'TimeoutError')), { url });
    await expect(aborted).rejects.toThrow(/^too late\n\nIts sandbox received no request/);
    const frozen = Object.freeze(new Error('frozen'));
    await expect(withSandbox(() => Promise.reject(frozen), { url })).rejects.toBe(frozen);
    await withSandbox((sandbox) => sandbox.close(), { url });
    const off = await start({ journalSize: 0 });
    await withSandbox((sandbox) => nameOf(sandbox), { url: off.url });
  });

  it('fails where something was asked for that is not served, unless that does not matter', async () => {
    const { url } = await start();
    const ask = (options = {}) =>
      withSandbox(
        async ({ apiUrl, apiKey }) => {
          await fetch(`${apiUrl}/collections`, { headers: { authorization: `Bearer ${apiKey}` } });
        },
        { url, ...options },
      );
    await expect(ask()).rejects.toThrow(
      /^The test asked for what is not served; [\s\S]*GET \/v1\/collections: this mock serves/,
    );
    await ask({ onUnserved: 'ignore' });
  });
});

describe('a pool of sandboxes', () => {
  it('makes them ahead, ten in a request, and gives each to one only', async () => {
    const { url } = await start();
    const client = openControlClient({ url });
    const call = vi.spyOn(client, 'call');
    const pool = new SandboxPool(client);
    const taken = await Promise.all(Array.from({ length: 23 }, () => pool.open({})));
    const ids = new Set(taken.map(({ sandboxId }) => sandboxId));
    expect(ids.size).toBe(23);
    expect(call.mock.calls.length).toBeLessThanOrEqual(5);
    for (const sandbox of taken) pool.release(sandbox);
    await pool.close();
    expect(await listSandboxes(url)).toEqual(['default']);
  });

  it('keeps apart what is to be something else, and issues no key twice', async () => {
    const { url } = await start();
    const pool = new SandboxPool(openControlClient({ url }));
    const seed = {
      version: 1 as const,
      organizations: [{ organization_id: 'org_a', api_keys: [{ key: 'sk_test_kept' }] }],
    };
    const [free, team, kept] = await Promise.all([
      pool.open({ accountType: 'free' }),
      pool.open({ accountType: 'team', report: false }),
      pool.open({ seed, keys: 'as_given' }),
    ]);
    await expect(free).toHaveOrganization({ account_type: 'free' });
    await expect(team).toHaveOrganization({ account_type: 'team' });
    expect((await send({ ...kept, apiKey: 'sk_test_kept' }, 'GET')).status).toBe(200);
    pool.release(kept);
    await pool.close();
    // What nobody gave back is there still, and goes with its time.
    expect(new Set(await listSandboxes(url))).toEqual(new Set(['default', free.sandboxId, team.sandboxId]));
    const { ttl_left_seconds }: Parsed = await (await fetch(`${url}/_mock/sandboxes/${free.sandboxId}`)).json();
    expect(ttl_left_seconds).toBeGreaterThan(800);
  });

  it('makes one for a kind that one test has, and removes at once what keeps its keys', async () => {
    const { url } = await start();
    const pool = new SandboxPool(openControlClient({ url }));
    for (let test = 0; test < 30; test++) await pool.release(await pool.open({ name: `test ${test}` }));
    expect((await listSandboxes(url)).length).toBeLessThanOrEqual(1 + 30);
    const seed = {
      version: 1 as const,
      organizations: [{ organization_id: 'org_a', api_keys: [{ key: 'sk_test_kept' }] }],
    };
    for (let test = 0; test < 2; test++) await pool.release(await pool.open({ seed, keys: 'as_given' }));
    await pool.close();
    expect(await listSandboxes(url)).toEqual(['default']);
  });

  it('removes what is made for somebody who asks too late', async () => {
    const { url } = await start();
    const pool = new SandboxPool(openControlClient({ url }));
    const late = Promise.allSettled(Array.from({ length: 3 }, () => pool.open({})));
    await pool.close();
    expect((await late).map(({ status }) => status)).toContain('rejected');
    const { length } = (await late).filter(({ status }) => status === 'fulfilled');
    expect(await listSandboxes(url)).toHaveLength(1 + length);
  });

  it('says what is wrong with the options, to everybody who asks', async () => {
    const { url } = await start();
    const pool = new SandboxPool(openControlClient({ url }));
    const wrong = { accountType: 'gold' as 'free' };
    for (let asked = 0; asked < 2; asked++) await expect(pool.open(wrong)).rejects.toThrow('422 account_type:');
    await pool.close();
  });
});
