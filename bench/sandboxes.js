// What a sandbox costs: to make one, to take it back, to keep a thousand of them, and to be one of a thousand.
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { measureCpu, runLoad } from './load.js';
import { COLLECTING, collect, readMemory } from './server-process.js';
import { summarize } from './statistics.js';

export const SANDBOXES = 1000;
/** The most that one request makes. */
const AT_ONCE = 100;
/** Of a sandbox that is taken back. */
export const ORGANIZATIONS = 100;
/** A sandbox has a key for each permission, `admin` among them; these are besides. */
const KEYS = 2;
/** The base, twice, since two processes of one program differ; one that is asked among many; and many that are asked in turn. */
const SERVERS = [
  ['one', 1],
  ['again', 1],
  ['among', SANDBOXES],
  ['inTurn', SANDBOXES],
];

/** A client of the control plane on one connection. */
class Client {
  constructor(url) {
    this.url = url;
    this.agent = new Agent({ keepAlive: true, maxSockets: 1 });
  }

  /**
   * @returns what is answered, and how many milliseconds that took
   * @throws for anything but a success
   */
  send(method, path, { body, key } = {}) {
    const headers = { 'content-type': 'application/json', ...(key && { authorization: `Bearer ${key}` }) };
    const started = performance.now();
    return new Promise((resolve, reject) => {
      const sent = request(new URL(path, this.url), { method, headers, agent: this.agent }, async (response) => {
        try {
          const text = (await response.toArray()).join('');
          const ms = performance.now() - started;
          if (response.statusCode >= 300) throw new Error(`${method} ${path}: ${response.statusCode} ${text}`);
          resolve({ ms, value: JSON.parse(text) });
        } catch (error) {
          reject(error);
        }
      });
      sent.on('error', reject);
      sent.end(body && JSON.stringify(body));
    });
  }

  /** Milliseconds of a POST without members, many times; the first ones only warm up. */
  async time(path, times) {
    const taken = [];
    for (let count = -Math.ceil(times / 5); count < times; count++) {
      const { ms } = await this.send('POST', path);
      if (count >= 0) taken.push(ms);
    }
    return summarize(taken);
  }

  /** @returns a key of each of so many new sandboxes */
  async makeMany(count) {
    const keys = [];
    while (keys.length < count) {
      const body = { count: Math.min(AT_ONCE, count - keys.length) };
      const { value } = await this.send('POST', '/_mock/sandboxes', { body });
      keys.push(...value.sandboxes.map((sandbox) => sandbox.api_keys.admin));
    }
    return keys;
  }

  close() {
    this.agent.destroy();
  }
}

/** Milliseconds to make sandboxes, and to take one of many organizations back, alone and among others like it. */
async function measureTimes({ startOurs, isQuick, progress }) {
  const server = await startOurs('sandboxes', ['--max-sandboxes', '10000']);
  const client = new Client(server.url);
  const [calls, batches] = isQuick ? [20, 5] : [100, 15];
  const createOne = await client.time('/_mock/sandboxes', calls);
  const taken = [];
  for (let batch = 0; batch <= batches; batch++) {
    const { ms } = await client.send('POST', '/_mock/sandboxes', { body: { count: AT_ONCE } });
    if (batch > 0) taken.push(ms);
  }
  const seed = { version: 1, organizations: Array.from({ length: ORGANIZATIONS }, (_, index) => toSeeded(index)) };
  const made = await client.send('POST', '/_mock/sandboxes', { body: { seed } });
  const path = `/_mock/sandboxes/${made.value.sandboxes[0].sandbox_id}`;
  await client.send('PUT', `${path}/snapshots/seeded`);
  const takeBack = async () => ({
    reset: await client.time(`${path}/reset`, calls),
    restore: await client.time(`${path}/snapshots/seeded/restore`, calls),
  });
  progress('reset of a sandbox');
  const alone = await takeBack();
  await client.send('POST', '/_mock/sandboxes', { body: { seed, count: AT_ONCE } });
  progress('reset of a sandbox among others');
  const among = await takeBack();
  client.close();
  await server.stop();
  return { createOne, createMany: summarize(taken), alone, among };
}

const toSeeded = (index) => ({
  organization_id: `org_bench${index}`,
  api_keys: Array.from({ length: KEYS }, (_, key) => ({ key: `sk_test_bench${index}of${key}` })),
});

/** MiB that sandboxes add once garbage is collected: each used once, and with full journals; and what a load adds at most. */
async function measureMemory({ folder, startOurs, isQuick, progress }) {
  const server = await startOurs('memory', [], COLLECTING);
  const client = new Client(server.url);
  const read = async () => {
    await collect(server);
    return readMemory(server.pid);
  };
  // The code of the control plane is loaded by the first request for it.
  await client.send('GET', '/_mock');
  const empty = await read();
  const keys = await client.makeMany(SANDBOXES);
  for (const key of keys) await client.send('GET', '/v1/organizations', { key });
  const used = (await read()) - empty;
  const [full, loaded] = [[], []];
  for (let round = 0; round < (isQuick ? 3 : 10); round++) {
    await runLoad(folder, server.url, { method: round % 2 ? 'PATCH' : 'GET', keys, seconds: 2 });
    loaded.push(readMemory(server.pid) - empty);
    full.push((await read()) - empty);
    progress(`journals of ${SANDBOXES} sandboxes ${round + 1}`);
  }
  client.close();
  await server.stop();
  return { empty, used, full: summarize(full), loaded: summarize(loaded) };
}

/** CPU time of a request to one among many sandboxes, and to each of them in turn, against one alone; in sittings, as in against.js. */
async function measureRequests({ folder, startOurs, isQuick, progress }) {
  const [sittings, rounds, seconds] = isQuick ? [1, 2, 1] : [5, 2, 2];
  const measured = { PATCH: [], GET: [] };
  for (let sitting = 0; sitting < sittings; sitting++) {
    const servers = [];
    for (const [name, count] of SERVERS) {
      const db = ['--db', join(folder, `${name}${sitting}.db`)];
      const maker = await startOurs(name, db);
      const client = new Client(maker.url);
      const made = await client.makeMany(count);
      client.close();
      await maker.stop();
      // One that has made a thousand has machine code and a heap that fit that.
      const server = await startOurs(name, db);
      // As many for each, so that the client does the same.
      const keys = Array.from({ length: SANDBOXES }, (_, index) => made[name === 'inTurn' ? index % count : 0]);
      servers.push({ name, server, keys });
    }
    for (let round = 0; round <= rounds; round++) {
      for (const method of ['PATCH', 'GET']) {
        const costs = {};
        for (const { name, server, keys } of servers) {
          // A server that has waited for its turn has shrunk its young generation, which takes a second to grow again.
          await runLoad(folder, server.url, { method, keys, seconds: 1 });
          costs[name] = await measureCpu(folder, server, { method, keys, seconds });
        }
        // The first round only warms up.
        if (round > 0) measured[method].push(costs);
      }
      servers.push(servers.shift());
      progress(`a request to ${SANDBOXES} sandboxes, sitting ${sitting + 1}/${sittings}, round ${round}/${rounds}`);
    }
    await Promise.all(servers.map(({ server }) => server.stop()));
  }
  return { patch: toComparison(measured.PATCH), get: toComparison(measured.GET) };
}

const toComparison = (costs) => {
  const toRatio = (name) => summarize(costs.map((cost) => (2 * cost[name]) / (cost.one + cost.again)));
  return {
    one: summarize(costs.flatMap(({ one, again }) => [one, again])),
    itself: summarize(costs.map(({ one, again }) => again / one)),
    among: toRatio('among'),
    inTurn: toRatio('inTurn'),
  };
};

export async function measureSandboxes(context) {
  return {
    times: await measureTimes(context),
    memory: await measureMemory(context),
    requests: await measureRequests(context),
  };
}
