// What several servers on one PostgreSQL cost, beside one on SQLite, one that only echoes, and a store as one writes it first.
// Two servers each, 16 connections to each of them, a second at a time, in turns. The engine waits for its disk.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Engine } from '../scripts/engine.js';
import { CONNECTIONS, runLoad } from './load.js';
import { readCpu, readCpuOfAll, startProcess } from './server-process.js';
import { printTable, summarize, toText } from './statistics.js';

const SERVERS = 2;
const KEYS = 500;
const inBench = (name) => fileURLToPath(new URL(name, import.meta.url));
const keyOf = (number) => `sk_test_bench${number}`;
const ALL_KEYS = Array.from({ length: KEYS }, (_, index) => keyOf(index + 1));

const LOADS = [
  { name: 'GET of one', method: 'GET', keys: [keyOf(1)] },
  { name: 'PATCH of one', method: 'PATCH', keys: [keyOf(1)] },
  { name: `PATCH of ${KEYS} in turn`, method: 'PATCH', keys: ALL_KEYS },
];

function writeSeed(folder) {
  const file = join(folder, 'postgres-seed.json');
  const organizations = ALL_KEYS.map((key, index) => ({
    organization_id: `org_bench${index + 1}`,
    account_type: 'pro',
    api_keys: [{ key }],
  }));
  writeFileSync(file, JSON.stringify({ version: 1, organizations }));
  return file;
}

/** What is compared: each starts its servers, one after the other. */
const VARIANTS = {
  'SQLite, one server': ({ startOurs, seed }) => [() => startOurs('beside-postgres', ['--seed', seed])],
  echo: ({ folder, organization }) => [() => startProcess([inBench('echo.js'), organization], folder)],
  'naive: a query each': ({ folder, engine }) =>
    Array.from(
      { length: SERVERS },
      () => () => startProcess([inBench('naive-postgres.js'), engine.urlOf('naive')], folder),
    ),
  'grouped, without limits and journal': (tools) =>
    startShared(tools, 'plain', ['--limits', 'off', '--journal-size', '0']),
  '… with limits, exact over both': (tools) => startShared(tools, 'limits', ['--journal-size', '0']),
  '… and with the journal: as it comes': (tools) => startShared(tools, 'whole', []),
};

const startShared = ({ startOurs, seed, engine }, name, args) =>
  Array.from(
    { length: SERVERS },
    (_, place) => () => startOurs(`postgres-${name}-${place}`, ['--db', engine.urlOf(name), '--seed', seed, ...args]),
  );

/** Requests a second of all servers together, the slowest of them, and microseconds of CPU time of servers and engine. */
async function measure({ folder, engine }, servers, load) {
  const cpuOf = (pids) => pids.reduce((sum, pid) => sum + readCpu(pid), 0);
  const pids = servers.map(({ pid }) => pid);
  const before = [cpuOf(pids), readCpuOfAll(engine.pid)];
  const connections = CONNECTIONS / servers.length;
  const done = await Promise.all(servers.map(({ url }) => runLoad(folder, url, { ...load, connections })));
  const requests = done.reduce((sum, one) => sum + one.requests, 0);
  return {
    rate: done.reduce((sum, one) => sum + one.rate, 0),
    p50: Math.max(...done.map(({ p50 }) => p50)),
    p99: Math.max(...done.map(({ p99 }) => p99)),
    cpu: [(cpuOf(pids) - before[0]) / requests, (readCpuOfAll(engine.pid) - before[1]) / requests],
  };
}

/** @returns the rate of a grouped PATCH of one organization, of that of a naive one; neither has limits or a journal */
export async function measurePostgres({ folder, startOurs, isQuick, progress }) {
  const engine = await Engine.start();
  const seed = writeSeed(folder);
  const tools = { folder, engine, seed, startOurs };
  const rounds = isQuick ? 2 : 5;
  try {
    for (const name of ['naive', 'plain', 'limits', 'whole']) await engine.ask(`CREATE DATABASE ${name}`);
    const running = {};
    for (const [name, toStarts] of Object.entries(VARIANTS)) {
      running[name] = [];
      for (const start of toStarts(tools)) running[name].push(await start());
      if (name.startsWith('SQLite')) tools.organization = await fillNaive(engine, running[name][0]);
    }
    const figures = new Map();
    for (let round = 0; round <= rounds; round++) {
      for (const load of LOADS) {
        for (const [name, servers] of Object.entries(running)) {
          const measured = await measure(tools, servers, { ...load, seconds: 1 });
          const place = `${load.name} ${name}`;
          // The first round only warms up.
          if (round > 0) figures.set(place, [...(figures.get(place) ?? []), measured]);
          progress(`postgres ${round}/${rounds}: ${load.name}, ${name}`);
        }
      }
    }
    await Promise.all(
      Object.values(running)
        .flat()
        .map((server) => server.stop()),
    );
    progress('');
    return print(figures);
  } finally {
    await engine.close();
  }
}

/** What the naive one knows is what ours answers. */
async function fillNaive(engine, { url }) {
  const answer = await fetch(new URL('/v1/organizations', url), { headers: { authorization: `Bearer ${keyOf(1)}` } });
  const organization = await answer.text();
  await engine.ask(
    `CREATE TABLE naive (key text PRIMARY KEY, organization text NOT NULL);
     INSERT INTO naive SELECT 'sk_test_bench' || n, $$${organization}$$ FROM generate_series(1, ${KEYS}) AS n`,
    'naive',
  );
  return organization;
}

function print(figures) {
  const of = (load, name) => figures.get(`${load.name} ${name}`);
  for (const load of LOADS) {
    console.log(`\npostgres, ${load.name}: median (min to max) of a second each\n`);
    const echo = of(load, 'echo');
    const rows = Object.keys(VARIANTS).map((name) => {
      const all = of(load, name);
      const ratios = all.map(({ rate }, round) => rate / echo[round].rate);
      const median = (read) => summarize(all.map(read)).median;
      return [
        name,
        toText(summarize(all.map(({ rate }) => rate)), 0),
        summarize(ratios).median.toFixed(2),
        `${median(({ p50 }) => p50).toFixed(1)} / ${median(({ p99 }) => p99).toFixed(1)}`,
        `${median(({ cpu }) => cpu[0]).toFixed(0)} + ${median(({ cpu }) => cpu[1]).toFixed(0)}`,
      ];
    });
    printTable([['', 'requests a second', 'of the echo', 'p50 / p99 in ms', 'CPU us: servers + engine'], ...rows]);
  }
  const [, one] = LOADS;
  const [naive, grouped] = [of(one, 'naive: a query each'), of(one, 'grouped, without limits and journal')];
  return summarize(grouped.map(({ rate }, round) => rate / naive[round].rate)).median;
}
