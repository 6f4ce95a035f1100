import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createMockServer, type MockServerOptions, type SandboxControl, type Seed } from '../../src/index.ts';
import { makeFolder } from '../support/folder.ts';
import { FULL_ANSWER, FULL_KEY, FULL_SEED } from '../support/full.ts';
import {
  CLOCK,
  type Client,
  failure,
  get,
  nameOf,
  readJson,
  rename,
  SEED,
  start,
  statusOf,
} from '../support/handle.ts';

describe('a server', () => {
  it('is its sandbox default, and says where and with which keys', async () => {
    const { url, organizationId, apiKey, keys, apiKeys, env, sandboxId, baseUrl, apiUrl, controlToken } = await start();
    expect(url).toMatch(/^http:\/\/localhost:\d+$/);
    const expected = {
      admin: 'sk_live_abc123def456',
      delete: 'sk_test_deleter',
      write: 'sk_test_writer',
      read: 'sk_test_readonly',
    };
    expect({ organizationId, apiKey, keys, apiKeys, env, sandboxId, baseUrl, apiUrl, controlToken }).toEqual({
      organizationId: 'org_demo123',
      apiKey: expected.admin,
      keys: expected,
      apiKeys: expected,
      env: { MIXPEEK_API_KEY: expected.admin, MIXPEEK_BASE_URL: url, MIXPEEK_API_URL: url },
      sandboxId: 'default',
      baseUrl: url,
      apiUrl: `${url}/v1`,
      controlToken: undefined,
    });
  });

  it('closes twice, and at the end of its block', async () => {
    const server = await start();
    await Promise.all([server.close(), server.close()]);
    await server[Symbol.asyncDispose]();
    await expect(get(server)).rejects.toThrow();
    const disposed = await start();
    await disposed[Symbol.asyncDispose]();
    await expect(get(disposed)).rejects.toThrow();
    const error = await failure(disposed.reset());
    expect(error.message).toMatch(
      /^POST \/_mock\/sandboxes\/default\/reset: the mock cannot be reached at \S+: .*ECONNREFUSED/,
    );
    expect(error.status).toBeUndefined();
  });

  it('takes a seed as an object and as a file', async () => {
    const file = join(makeFolder(), 'seed.yaml');
    writeFileSync(file, FULL_SEED);
    const full = await start({ seed: file });
    expect(await (await get({ ...full, apiKey: FULL_KEY })).text()).toBe(FULL_ANSWER['0.81']);
    const server = await start({ seed: SEED, clock: CLOCK });
    expect([server.organizationId, server.apiKey]).toEqual(['org_a', 'sk_test_a']);
    expect((await server.state()).organizations[0]?.metadata).toEqual({ a: 1 });
  });

  it.each<[string, object, RegExp]>([
    ['a file that is not there', { seed: '/nonexistent.yaml' }, /^\/nonexistent\.yaml: there is no such file$/],
    [
      'an object with a mistake',
      { seed: { ...SEED, limit: 'off' } },
      /^seed:1:\d+: limit: unknown member: did you mean limits\?$/,
    ],
  ])('refuses a seed that is %s', async (_name, options, message) => {
    await expect(createMockServer(options)).rejects.toThrow(message);
  });

  it('whose control plane is off says so, whatever is asked of it', async () => {
    const server = await start({ control: 'off' });
    expect(await statusOf(server)).toBe(200);
    for (const work of [
      () => server.reset(),
      () => server.state(),
      () => server.clock.now(),
      () => server.limits.exhaust(),
      () => server.createSandbox(),
      () => server.sandbox('x').close(),
    ]) {
      const error = await failure(work());
      expect(error.message).toMatch(/: the control plane is off: start without control: 'off'$/);
      expect([error.name, error.status]).toEqual(['ControlError', undefined]);
    }
  });

  it('that requires a token sends it by itself', async () => {
    const server = await start({ controlToken: 'my-own-token' });
    expect((await fetch(`${server.url}/_mock/sandboxes`)).status).toBe(401);
    const { organizationId } = await server.createSandbox();
    expect([server.controlToken, organizationId]).toEqual(['my-own-token', expect.stringMatching(/^org_/)]);
  });

  it('does not stop under fake timers, nor does its handle', async () => {
    const server = await start({ clock: CLOCK });
    vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'setImmediate', 'Date', 'performance'], now: 0 });
    onTestFinished(() => void vi.useRealTimers());
    const sandbox = await server.createSandbox();
    await sandbox.clock.advance(1000);
    await rename(sandbox, 'Later');
    await sandbox.snapshot('later');
    await sandbox.reset();
    await sandbox.restore('later');
    expect([await nameOf(sandbox), await sandbox.clock.now()]).toEqual(['Later', new Date('2030-01-01T00:00:01Z')]);
    await sandbox.close();
    await server.close();
  });

  it('keeps no process alive once it is closed, whatever was open', () => {
    const index = new URL('../../dist/index.js', import.meta.url).href;
    const program = `
      const { createMockServer } = await import(${JSON.stringify(index)});
      const server = await createMockServer();
      const [one] = await server.createSandboxes(2, { ttlSeconds: 60 });
      await Promise.all([server.state(), one.state(), one.reset(), server.limits.exhaust('data')]);
      await server.close();
      console.log('closed');`;
    const cwd = fileURLToPath(new URL('../..', import.meta.url));
    const args = ['--input-type=module', '-e', program];
    const { status, signal, stdout } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8', timeout: 20_000 });
    expect({ status, signal, stdout }).toEqual({ status: 0, signal: null, stdout: 'closed\n' });
  });
});

/** What default and any other sandbox can do. */
describe.each(['default', 'another'])('the sandbox %s', (kind) => {
  async function open(options: MockServerOptions & { apiKey?: undefined } = {}): Promise<SandboxControl & Client> {
    const server = await start({ clock: CLOCK, ...options });
    return kind === 'default' ? server : server.createSandbox();
  }

  it('goes back to its start, and to snapshots', async () => {
    const sandbox = await open();
    const first = await sandbox.state();
    await rename(sandbox, 'One');
    await sandbox.snapshot('one');
    const one = await sandbox.state();
    await rename(sandbox, 'Two');
    await sandbox.restore('one');
    expect([await nameOf(sandbox), await sandbox.state()]).toEqual(['One', one]);
    await sandbox.reset();
    expect(await sandbox.state()).toEqual(first);
    await sandbox.restore('before-reset');
    expect(await sandbox.state()).toEqual(one);
  });

  it('has a clock that is frozen, moved, and let run', async () => {
    const { clock } = await open();
    expect(await clock.now()).toEqual(new Date(CLOCK));
    await clock.advance(90_000);
    expect(await clock.now()).toEqual(new Date('2030-01-01T00:01:30Z'));
    await clock.advance(-90_500);
    expect(await clock.now()).toEqual(new Date('2029-12-31T23:59:59.5Z'));
    for (const at of ['2031-01-01T00:00:00Z', new Date('2032-01-01T00:00:00Z')]) {
      await clock.freeze(at);
      expect(await clock.now()).toEqual(new Date(at));
    }
    for (const from of ['2033-01-01T00:00:00Z', new Date('2034-01-01T00:00:00Z'), undefined]) {
      await clock.run(from);
      const since = Number(await clock.now()) - Number(new Date(from ?? '2034-01-01T00:00:00Z'));
      expect(since).toBeGreaterThanOrEqual(0);
      expect(since).toBeLessThan(60_000);
    }
    await clock.freeze();
    const now = await clock.now();
    expect([await clock.now(), now.getUTCFullYear()]).toEqual([now, 2034]);
  });

  it('has limits that are enforced, exhausted and refilled', async () => {
    const sandbox = await open();
    await sandbox.limits.exhaust('search');
    await sandbox.limits.enforce();
    expect(await statusOf(sandbox)).toBe(200);
    await sandbox.limits.exhaust('metadata');
    const refused = await get(sandbox);
    expect([refused.status, refused.headers.get('x-ratelimit-remaining')]).toEqual([429, '0']);
    await sandbox.limits.refill();
    expect((await get(sandbox)).headers.get('x-ratelimit-remaining')).toBe('99');
    await sandbox.limits.exhaust();
    await sandbox.limits.exhaust();
    expect(await statusOf(sandbox)).toBe(429);
    const { buckets } = await readJson(fetch(`${sandbox.baseUrl}/_mock/sandboxes/${sandbox.sandboxId}/limits`));
    expect(new Set(buckets.map(({ remaining }: { remaining: number }) => remaining))).toEqual(new Set([0]));
  });

  it('says what it refuses, and what to do', async () => {
    const sandbox = await open();
    const base = `/sandboxes/${sandbox.sandboxId}`;
    const cases: [work: () => Promise<unknown>, status: number, message: string][] = [
      [
        () => sandbox.restore('nope'),
        404,
        `POST ${base}/snapshots/nope/restore: 404 Not Found; GET /_mock${base}/snapshots`,
      ],
      [
        () => sandbox.snapshot('initial'),
        409,
        `PUT ${base}/snapshots/initial: 409 The snapshot initial cannot be written; `,
      ],
      [
        () => sandbox.clock.freeze('soon'),
        422,
        `PUT ${base}/clock: 422 frozen_at: expected a time like 2026-01-01T00:00:00Z`,
      ],
      [() => sandbox.clock.advance(0.5), 422, `POST ${base}/clock/advance: 422 ms: `],
      [() => sandbox.limits.exhaust('serach' as 'search'), 422, `POST ${base}/limits/spend: 422 category: `],
    ];
    for (const [work, status, message] of cases) {
      const error = await failure(work());
      expect([error.status, error.message.slice(0, message.length)]).toEqual([status, message]);
    }
    expect((await failure(sandbox.snapshot('no name'))).message).toContain('64 at most');
  });
});

it('exhaust takes what is left of lent keys too, and does not mind those whose organization is gone', async () => {
  const seed: Seed = { version: 1, organizations: [{ organization_id: 'org_lent' }] };
  const server = await start({ seed, limits: 'enforce' });
  expect((await server.state()).organizations[0]?.api_keys).toEqual([]);
  await server.limits.exhaust();
  for (const apiKey of Object.values(server.keys)) expect(await statusOf({ ...server, apiKey })).toBe(429);
  const headers = { 'content-type': 'application/json' };
  const put = { method: 'PUT', headers, body: JSON.stringify({ ...SEED, limits: 'enforce' }) };
  await fetch(`${server.url}/_mock/sandboxes/default/state`, put);
  await server.limits.exhaust('metadata');
  expect(await statusOf({ ...server, apiKey: 'sk_test_a' })).toBe(429);
});
