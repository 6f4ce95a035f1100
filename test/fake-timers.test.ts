import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createMockServer } from '../src/index.ts';
import { get, patch } from './support/requests.ts';

/** All that vitest can fake without stopping `fetch` too, or the process. */
const TIMERS = [
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'setImmediate',
  'clearImmediate',
] as const;
const toFake = [...TIMERS, 'Date', 'performance', 'hrtime'] as const;

function fakeTimers(): void {
  vi.useFakeTimers({ toFake: [...toFake], now: 0 });
  onTestFinished(() => void vi.useRealTimers());
}

it('a PATCH and later ones are answered under the fake timers of vitest', async () => {
  const before = await createMockServer();
  onTestFinished(() => before.close());
  fakeTimers();
  for (const server of [before, await createMockServer()]) {
    for (const organization_name of ['One', 'Two']) {
      expect((await patch(server.url, { organization_name }, server.apiKeys.admin)).status).toBe(200);
      expect((await get(server.url)).organization_name).toBe(organization_name);
    }
    await server.close();
  }
});

it('a faked Date changes nothing that a client sees', async () => {
  const server = await createMockServer();
  onTestFinished(() => server.close());
  const started = Math.floor(Date.now() / 1000) * 1000;
  fakeTimers();
  const answer = await patch(server.url, { organization_name: 'Today' });
  const { updated_at } = await get(server.url);
  const { requests } = JSON.parse(await (await fetch(`${server.url}/_mock/sandboxes/default/requests`)).text());
  vi.useRealTimers();
  const reset = Number(answer.headers.get('x-ratelimit-reset')) * 1000;
  for (const time of [updated_at, answer.headers.get('date'), reset, requests[0].received_at]) {
    expect(new Date(time).getTime()).toBeGreaterThanOrEqual(started);
  }
  expect(requests[0].ms).toBeGreaterThan(0);
});

it('a frozen clock is the one that clients see, whatever timers are faked', async () => {
  const server = await createMockServer({ clock: '2030-01-01T00:00:00Z' });
  onTestFinished(() => server.close());
  fakeTimers();
  await patch(server.url, { logo_url: 'x' });
  expect((await get(server.url)).updated_at).toBe('2030-01-01T00:00:00Z');
});

/** Every timer, the microtasks and all clocks of a process stop; `process.nextTick` would stop its sockets. */
const STOP_EVERYTHING = `
  import timers from 'node:timers';
  for (const name of ['setTimeout', 'setInterval', 'setImmediate']) globalThis[name] = timers[name] = () => ({});
  globalThis.queueMicrotask = () => {};
  globalThis.performance.now = () => 0;
  globalThis.Date = class { static now() { return 0; } };`;

it.each([
  ['of node:test', "import { mock } from 'node:test';\nmock.timers.enable();"],
  ['that stop everything', STOP_EVERYTHING],
])('the package as it is published starts, answers and closes under fake timers %s', async (_name, fake) => {
  const index = fileURLToPath(new URL('../dist/index.js', import.meta.url));
  const program = `
    const { createMockServer } = await import(${JSON.stringify(index)});
    const first = await createMockServer();
    const { stop } = await import(${JSON.stringify(`data:text/javascript,${encodeURIComponent(`${fake}\nexport const stop = 1;`)}`)});
    const second = await createMockServer();
    console.log(JSON.stringify([first.url, second.url]));
    process.stdin.once('data', async () => {
      await Promise.all([first.close(), second.close()]);
      process.exit(0);
    });`;
  const child = spawn(process.execPath, ['--no-warnings', '--input-type=module', '-e', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = await once(createInterface(child.stdout), 'line');
  for (const url of JSON.parse(String(line))) {
    for (const organization_name of ['One', 'Two']) await patch(url, { organization_name });
    const { organization_name, updated_at } = await get(url);
    expect([organization_name, updated_at > '2001', (await fetch(`${url}/docs`)).status]).toEqual(['Two', true, 200]);
  }
  child.stdin.write('close');
  expect(await once(child, 'exit')).toEqual([0, null]);
});
