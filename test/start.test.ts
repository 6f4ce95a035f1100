import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { get as request } from 'node:http';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Flags, readServeConfig } from '../src/cli/config.ts';
import { listen } from '../src/http/listener.ts';
import { type RunningServer, startServer } from '../src/server.ts';
import { makeFolder } from './support/folder.ts';
import { startServer as startProcess } from './support/process.ts';
import { RawClient } from './support/raw-client.ts';
import { get, patch } from './support/requests.ts';

/** A server in this process; `folder` is where it finds its seed. */
async function start(folder: string, flags: Flags = {}): Promise<RunningServer & { log: string[] }> {
  const log: string[] = [];
  const config = readServeConfig({ port: '0', db: join(folder, 'data', 'mock.db'), ...flags }, {}, folder);
  const server = await startServer(config, (line) => log.push(line));
  onTestFinished(() => server.close().catch(() => {}));
  return Object.assign(server, { log });
}

const SEED = `version: 1
organizations:
  - organization_id: org_mine
    api_keys: [{ key: sk_test_mine }, { key: mxp_sk_a-b_c, permissions: [read] }]
`;
function writeSeed(folder: string, text = SEED, name = 'mixpeek-mock.yaml'): Flags {
  writeFileSync(join(folder, name), text);
  return {};
}
const keysOf = ({ apiKeys }: RunningServer) => apiKeys.map(({ key }) => key);

describe('a start that fails', () => {
  it.each<[string, (folder: string) => Promise<Flags>, RegExp]>([
    ['whose port is in use', async () => ({ port: new URL((await start(makeFolder())).url).port }), /is in use/],
    ['whose address is not of this machine', async () => ({ host: '203.0.113.1' }), /is no(?:t an)? address/],
    ['whose seed has a mistake', async (folder) => writeSeed(folder, 'version: 2'), /organizations/],
    ['whose seed is not there', async () => ({ seed: 'nope.yaml' }), /nope\.yaml: there is no such file/],
    ['with a key for an organization that the seed has not', async () => ({ apiKey: ['sk_a=read@org_x'] }), /org_x/],
  ])('%s leaves no database behind', async (_, prepare, message) => {
    const folder = makeFolder();
    await expect(start(folder, await prepare(folder))).rejects.toThrow(message);
    expect(existsSync(join(folder, 'data'))).toBe(false);
  });

  it('lets go of its port at once, whoever waits there', async () => {
    const toBadRequest = () => 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n';
    const listener = await listen({ host: '127.0.0.1', port: 0, requestTimeout: 30_000, toBadRequest });
    const waiting = request(listener.url);
    const failed = once(waiting, 'error');
    await once(waiting, 'finish');
    // Once what came later is answered the request was read.
    const later = await RawClient.open(Number(new URL(listener.url).port));
    await later.write('no HTTP\r\n\r\n');
    expect(await later.readToEnd()).toMatch(/^HTTP\/1\.1 400/);
    const started = performance.now();
    await listener.close();
    expect((await failed)[0]).toMatchObject({ code: 'ECONNRESET' });
    expect(performance.now() - started).toBeLessThan(4000);
  });
});

describe('who asks before there is an answer', () => {
  it('waits for it, in order', async () => {
    const listener = await listen({ host: 'localhost', port: 0, requestTimeout: 30_000, toBadRequest: () => '' });
    onTestFinished(() => listener.close());
    const answers = Promise.all(['/a', '/b'].map(async (path) => (await fetch(listener.url + path)).text()));
    const third = request(`${listener.url}/c`);
    await once(third, 'finish');
    const [response] = await Promise.all([
      once(third, 'response').then(([first]) => first),
      listener.serve((asked, answer) => answer.end(asked.url)),
    ]);
    response.resume();
    expect(await answers).toEqual(['/a', '/b']);
    expect(await (await fetch(`${listener.url}/d`)).text()).toBe('/d');
  });
});

describe('a database that is kept', () => {
  it('says whether the seed has changed since', async () => {
    const folder = makeFolder();
    const file = join(folder, 'mixpeek-mock.yaml');
    writeSeed(folder);
    const origins: string[] = [];
    const restart = async (flags: Flags = {}) => {
      const server = await start(folder, flags);
      origins.push(server.origin);
      const warnings = server.log.filter((line) => line.includes('"level":40'));
      await server.close();
      return warnings.length;
    };
    const warned = [await restart({ json: true }), await restart({ json: true })];
    writeSeed(folder, `${SEED}# changed\n`);
    warned.push(await restart({ json: true }), await restart());
    const other = join(folder, 'other.yaml');
    writeSeed(folder, SEED.replace('org_mine', 'org_other'), 'other.yaml');
    warned.push(await restart({ json: true, seed: other }));
    warned.push(await restart({ json: true, reset: true }), await restart({ json: true }));
    expect(origins).toEqual([
      `seeded from ${file}`,
      `existing data, seeded from ${file}; --reset starts over`,
      `existing data, seeded from ${file}, which has changed since; --reset uses the new version`,
      `existing data, seeded from ${file}, which has changed since; --reset uses the new version`,
      `existing data, seeded from ${file}; --reset uses ${other}`,
      `seeded from ${file}`,
      `existing data, seeded from ${file}; --reset starts over`,
    ]);
    expect(warned).toEqual([0, 0, 1, 0, 1, 0, 0]);
  });

  it('that is older than this was recorded says nothing of it', async () => {
    const folder = makeFolder();
    await (await start(folder)).close();
    new Sqlite(join(folder, 'data', 'mock.db')).exec('UPDATE sandboxes SET seed = NULL').close();
    const server = await start(folder, { json: true });
    expect(server.log).toEqual([]);
    expect(server.origin).toBe('existing data; the built-in seed is used only for an empty database or with --reset');
  });

  it('says so after a reset over HTTP too', async () => {
    const folder = makeFolder();
    writeSeed(folder);
    const first = await start(folder);
    const headers = { 'content-type': 'application/json' };
    expect((await fetch(`${first.url}/_mock/sandboxes/default/reset`, { method: 'POST', headers })).status).toBe(200);
    await first.close();
    expect((await start(folder)).origin).toMatch(/^existing data, seeded from .*mixpeek-mock\.yaml;/);
  });

  it('takes nothing of the seed but the keys that it has, however they stand there', async () => {
    const folder = makeFolder();
    writeSeed(folder);
    const first = await start(folder);
    expect(keysOf(first)).toEqual(['sk_test_mine', 'mxp_sk_a-b_c']);
    await first.close();
    // Not even YAML: nobody reads it until --reset.
    writeSeed(folder, '}{ "mxp_sk_a-b_c" task_id: sk_test_unknown\nsk_test_mine # xsk_test_mine sk_test_mine');
    const second = await start(folder);
    expect(keysOf(second)).toEqual(['mxp_sk_a-b_c', 'sk_test_mine']);
    expect((await get(second.url, 'sk_test_mine')).organization_id).toBe('org_mine');
    await second.close();
    await expect(start(folder, { reset: true })).rejects.toThrow('mixpeek-mock.yaml:1:');
    expect(keysOf(await start(folder))).toEqual(['mxp_sk_a-b_c', 'sk_test_mine']);
  });

  it('keeps its clock, and the one that a flag sets from then on', async () => {
    const folder = makeFolder();
    const times: string[] = [];
    for (const flags of [{ clock: '2030-01-01T00:00:00Z' }, {}, { clock: '2031-01-01T00:00:00Z' }, {}]) {
      const server = await start(folder, flags);
      const clock = (await (await fetch(`${server.url}/_mock/sandboxes/default/clock`)).json()) as { now: string };
      times.push(clock.now);
      await server.close();
    }
    expect(times.map((time) => time.slice(0, 4))).toEqual(['2030', '2030', '2031', '2031']);
  });

  it('is told when others can read it, in the log', async () => {
    const folder = makeFolder();
    await (await start(folder)).close();
    const file = join(folder, 'data', 'mock.db');
    const mode = 0o644;
    writeFileSync(`${file}.copy`, readFileSync(file), { mode });
    const server = await start(folder, { db: `${file}.copy` });
    expect(server.log).toEqual([`warn: ${file}.copy: other users of this machine can read it; chmod 600 ends that\n`]);
  });
});

describe('stopping with a delay', () => {
  it('goes on for that long, while /readyz is a 503, then ends; later calls wait for the same end', async () => {
    const server = await start(makeFolder(), { db: ':memory:', shutdownDelay: '1s' });
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    const started = performance.now();
    const closing = Promise.all([server.close(), server.close()]);
    const ready = await fetch(`${server.url}/readyz`);
    expect([ready.status, ready.headers.get('x-mixpeek-mock-hint')]).toEqual([503, 'this server is stopping']);
    expect((await fetch(`${server.url}/livez`)).status).toBe(200);
    expect((await patch(server.url, { logo_url: 'late' })).status).toBe(200);
    await closing;
    expect(performance.now() - started).toBeGreaterThan(990);
    await expect(fetch(`${server.url}/livez`)).rejects.toThrow('fetch failed');
  });

  it('ends at once with the second signal', async () => {
    const server = await startProcess(['--db', ':memory:', '--shutdown-delay', '10m'], makeFolder());
    server.child.kill('SIGTERM');
    const isStopping = async () => (await fetch(`${server.ready.url}/readyz`)).status === 503;
    for (let attempt = 0; attempt < 1000 && !(await isStopping()); attempt++);
    expect(await isStopping()).toBe(true);
    expect((await get(server.ready.url)).organization_id).toBe('org_demo123');
    expect(await server.stop('SIGTERM')).toBe(1);
  });
});
