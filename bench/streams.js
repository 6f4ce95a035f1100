// What streams cost: one that nobody reads, in memory, and eight that are read, in CPU time of the requests that they show.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { measureCpu, runLoad } from './load.js';
import { COLLECTING, collect } from './server-process.js';
import { printTable, summarize, toText } from './statistics.js';

const MAX_GROWTH_MB = 10;
const MAX_RATIO = 1.07;
const STREAMS = 8;
/** Requests a second, and how many are sent at once. */
const RATE = 1000;
const AT_ONCE = 10;
const PATH = '/_mock/sandboxes/default/stream';

/** A stream; one that is not read takes what the system buffers, and nothing more. */
async function openStream({ url }, isRead) {
  const socket = connect(Number(url.port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write(`GET ${PATH} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  await once(socket, 'readable');
  if (isRead) socket.resume();
  socket.on('error', () => {});
  return socket;
}

/** So many requests a second, for so long. */
async function sendSteadily({ url }, key, seconds) {
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const headers = { authorization: `Bearer ${key}` };
  const get = () =>
    new Promise((resolve, reject) => {
      const sent = request(new URL('/v1/organizations', url), { agent, headers }, (response) => {
        response.resume().on('end', resolve);
      });
      sent.on('error', reject).end();
    });
  const started = performance.now();
  for (let sent = 0; sent < seconds * RATE; sent += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, get));
    const due = started + ((sent + AT_ONCE) / RATE) * 1000;
    if (due > performance.now()) await sleep(due - performance.now());
  }
  agent.destroy();
}

/** Heap and external memory in MB once garbage is collected. */
async function readHeap(server, home) {
  await collect(server);
  const { heapUsed, external } = JSON.parse(readFileSync(join(home, `collected-${server.pid}.json`), 'utf8'));
  return (heapUsed + external) / 1e6;
}

/** What a server holds after a minute at a thousand requests a second, with and without a stream that nobody reads. */
async function measureUnread({ folder, seed, key, startOurs, isQuick, progress }) {
  const held = {};
  for (const name of ['without', 'with']) {
    const server = await startOurs(`stream-${name}`, ['--seed', seed], COLLECTING);
    const socket = name === 'with' ? await openStream(server, false) : undefined;
    await sendSteadily(server, key, isQuick ? 5 : 60);
    held[name] = await readHeap(server, join(folder, `stream-${name}`));
    socket?.destroy();
    await server.stop();
    progress(`memory ${name} a stream that is not read`);
  }
  return { ...held, growth: held.with - held.without };
}

/** Microseconds of CPU time of a PATCH, with streams that are read and without any. */
async function measureRead({ folder, seed, key, startOurs, isQuick, progress }) {
  const [sittings, rounds, seconds] = isQuick ? [1, 2, 1] : [5, 2, 2];
  const measured = [];
  for (let sitting = 0; sitting < sittings; sitting++) {
    const servers = [];
    for (const name of ['none', 'again', 'streams']) {
      const server = await startOurs(`read-${name}${sitting}`, ['--seed', seed]);
      const count = name === 'streams' ? STREAMS : 0;
      const sockets = await Promise.all(Array.from({ length: count }, () => openStream(server, true)));
      servers.push({ name, server, sockets });
    }
    for (let round = 0; round < rounds; round++) {
      const costs = {};
      for (const { name, server } of servers) {
        const load = { method: 'PATCH', keys: [key], seconds };
        await runLoad(folder, server.url, { ...load, seconds: 1 });
        costs[name] = await measureCpu(folder, server, load);
      }
      measured.push(costs);
      servers.push(servers.shift());
      progress(`a PATCH with ${STREAMS} streams, sitting ${sitting + 1}/${sittings}, round ${round + 1}/${rounds}`);
    }
    for (const { server, sockets } of servers) {
      for (const socket of sockets) socket.destroy();
      await server.stop();
    }
  }
  return {
    none: summarize(measured.flatMap(({ none, again }) => [none, again])),
    ratio: summarize(measured.map(({ none, again, streams }) => (2 * streams) / (none + again))),
    itself: summarize(measured.map(({ none, again }) => again / none)),
  };
}

export async function measureStreams(context) {
  const read = await measureRead(context);
  const unread = await measureUnread(context);
  console.log('\nstreams\n');
  printTable([
    ['CPU time of a PATCH, microseconds', toText(read.none, 1)],
    [`with ${STREAMS} streams, against that`, toText(read.ratio, 3)],
    ['without any, against itself', toText(read.itself, 3)],
    ['heap and external memory with one that is not read, MB', unread.with.toFixed(1)],
    ['without it', unread.without.toFixed(1)],
  ]);
  const verdict = (isMet, text) => console.log(`${isMet ? 'met   ' : 'MISSED'}  ${text}`);
  verdict(
    read.ratio.median <= MAX_RATIO,
    `CPU time of a PATCH with ${STREAMS} streams <= ${MAX_RATIO}: ${read.ratio.median.toFixed(3)}`,
  );
  verdict(
    unread.growth < MAX_GROWTH_MB,
    `growth by a stream that is not read, in MB < ${MAX_GROWTH_MB}: ${unread.growth.toFixed(1)}`,
  );
  return { read, unread };
}
