// `node scripts/replicas.js check`: three servers on one PostgreSQL keep their promises, a line each; exits with 1 if one is broken.
// `node scripts/replicas.js break [--seconds 60]`: kills servers, connections and the engine under load, and counts what was lost.
// `node scripts/replicas.js soak [--seconds 600]`: mixed load, and what it leaves: sizes of tables, memory of the servers.
// It starts a PostgreSQL of its own, on loopback, in a temporary folder, and ends by itself.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { COLLECTING, collect } from '../bench/server-process.js';
import { Engine } from './engine.js';
import { buildIfNeeded } from './prepare.js';

const KEY = 'sk_live_abc123def456';
const CONTROL = '/_mock/sandboxes/default';
/** No answer may be later than that, whatever becomes of the engine: real milliseconds. */
const LATEST_MS = 3500;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '60' } },
});
await buildIfNeeded();
const folder = mkdtempSync(join(tmpdir(), 'mixpeek-mock-replicas-'));
const engine = await Engine.start();
await engine.ask('CREATE DATABASE mock');
const servers = [];
let isBroken = false;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    for (const { child } of servers) child.kill('SIGKILL');
    engine.close().finally(() => process.exit(1));
  });
}
try {
  const [command = 'check'] = positionals;
  const seconds = Number(values.seconds);
  if (command === 'break') await breakIt(seconds);
  else if (command === 'soak') await soak(seconds);
  else await check();
} finally {
  for (const { child } of servers) child.kill('SIGKILL');
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = isBroken ? 1 : 0;

async function check() {
  await Promise.all(
    Array.from({ length: 3 }, (_, n) => startServer(n, ['--limits', 'enforce', '--clock', '2026-01-01T00:00:00Z'])),
  );
  const at = (n) => servers[n % 3];
  const asked = await Promise.all(Array.from({ length: 150 }, (_, n) => ask(at(n), 'GET', '/v1/organizations')));
  const passed = asked.filter(({ status }) => status === 200).length;
  say(passed === 100, `limits: 150 -> ${passed}`);
  await ask(at(0), 'PUT', `${CONTROL}/limits`, { mode: 'off' });

  let stale = 0;
  for (let n = 0; n < 300; n++) {
    await ask(at(n), 'PATCH', '/v1/organizations', { metadata: { n } });
    if ((await ask(at(n + 1), 'GET', '/v1/organizations')).json?.metadata.n !== n) stale++;
  }
  say(stale === 0, `fresh: 300 pairs, ${stale} stale`);

  let older = 0;
  for (let n = 0; n < 30; n++) {
    const { json } = await ask(at(n), 'POST', `${CONTROL}/clock/advance`, { ms: 1000 });
    const told = await Promise.all(
      [0, 1, 2].map((one) => ask(at(one), 'PATCH', '/v1/organizations', { metadata: { at: n } })),
    );
    older += told.filter(
      ({ json: organization }) => !(organization?.updated_at === undefined || organization.updated_at >= json.now),
    ).length;
    const clocks = await Promise.all([0, 1, 2].map((one) => ask(at(one), 'GET', `${CONTROL}/clock`)));
    older += clocks.filter(({ json: clock }) => clock.now < json.now).length;
  }
  say(older === 0, `clock: 90, ${older} older`);

  const statuses = [];
  let isOver = false;
  const changing = [0, 1, 2].map(async (n) => {
    while (!isOver) statuses.push((await ask(at(n), 'PATCH', '/v1/organizations', { organization_name: 'x' })).status);
  });
  for (let n = 0; n < 50; n++) await ask(at(n), 'POST', `${CONTROL}/reset`, {});
  isOver = true;
  await Promise.all(changing);
  const failed = statuses.filter((status) => status !== 200).length;
  say(failed === 0, `reset: ${failed} x other than 200 of ${statuses.length}`);

  for (const { child } of servers.splice(0)) child.kill('SIGKILL');
  await engine.ask('DROP DATABASE mock WITH (FORCE)');
  await engine.ask('CREATE DATABASE mock');
  const started = await Promise.allSettled(Array.from({ length: 8 }, (_, n) => startServer(n)));
  const ready = started.filter(({ status }) => status === 'fulfilled').length;
  const [row] = await engine.ask(
    'SELECT (SELECT count(*) FROM mixpeek_mock.migrations) AS migrations, (SELECT max(generation - place) FROM mixpeek_mock.sandboxes) AS since_made',
    'mock',
  );
  say(
    // Whoever filled it again would have given it a much later generation.
    ready === 8 && Number(row.since_made) === 1,
    `starts: ${ready} of 8, ${row.migrations} migrations, filled ${Number(row.since_made) === 1 ? 'once' : 'again'}`,
  );
}

async function breakIt(seconds) {
  await Promise.all([0, 1, 2].map((n) => startServer(n)));
  const until = performance.now() + seconds * 1000;
  const counts = { acknowledged: 0, lost: 0, stale: 0, unavailable: 0, late: 0, cut: 0, other: 0 };
  /** The newest number that was acknowledged, and the newest that was sent, by organization. */
  const clients = ['sk_live_abc123def456', 'sk_test_free', 'sk_test_team', 'sk_test_enterprise'].map((key) => ({
    key,
    acknowledged: 0,
    sent: 0,
  }));
  let isOver = false;
  const timed = async (...args) => {
    const started = performance.now();
    const answer = await ask(...args);
    const ms = Math.round(performance.now() - started);
    // What a server that hangs itself answers is late.
    if (ms > LATEST_MS && !args[0].isHung) {
      counts.late++;
      console.log(`late: ${args[1]} ${answer.status} after ${ms} ms`);
    }
    if (answer.status === 503) counts.unavailable++;
    else if (answer.status === 0) counts.cut++;
    else if (answer.status !== 200) counts.other++;
    return answer;
  };
  const write = async (client) => {
    for (let turn = 0; !isOver; turn++) {
      const n = ++client.sent;
      const { status } = await timed(servers[turn % 3], 'PATCH', '/v1/organizations', { metadata: { n } }, client.key);
      if (status === 200) {
        client.acknowledged = n;
        counts.acknowledged++;
      }
      if (status !== 200) await sleep(20);
    }
  };
  const read = async (client, first) => {
    for (let turn = first; !isOver; turn++) {
      const before = client.acknowledged;
      const { status, json } = await timed(servers[turn % 3], 'GET', '/v1/organizations', undefined, client.key);
      if (status === 200 && Number(json.metadata.n ?? 0) < before) counts.stale++;
      if (status !== 200) await sleep(20);
    }
  };
  const working = clients.flatMap((client) => [write(client), read(client, 0), read(client, 1)]);
  const deaths = [];
  for (const server of servers) watch(server, deaths);
  const faults = [
    terminateAll,
    restartEngine('fast'),
    killServer,
    restartEngine('immediate'),
    hangEngine,
    killEngine,
    hangServer,
  ];
  for (let n = 0; performance.now() < until; n++) {
    const fault = faults[n % faults.length];
    console.log(`${fault.title ?? fault.name} …`);
    await fault();
    await sleep(1500);
  }
  isOver = true;
  await Promise.all(working);
  for (const client of clients) {
    const { json } = await ask(servers[0], 'GET', '/v1/organizations', undefined, client.key);
    counts.lost += Math.max(0, client.acknowledged - Number(json?.metadata.n ?? 0));
  }
  const { acknowledged, lost, stale, unavailable, late, cut, other } = counts;
  console.log(`503: ${unavailable}, cut: ${cut}`);
  say(
    lost + stale + other + late + deaths.length === 0,
    `acknowledged ${acknowledged}, lost ${lost}, stale ${stale}, other than 200/503/cut: ${other}, later than ${LATEST_MS} ms: ${late}, servers that died by themselves: ${deaths.length}`,
  );
}

/** The journal full, sandboxes that come and go, resets, moved clocks, fault rules: whatever writes. */
async function soak(seconds) {
  await Promise.all([0, 1, 2].map((n) => startServer(n, [], COLLECTING)));
  const started = performance.now();
  const until = started + seconds * 1000;
  const counts = { requests: 0, other: 0 };
  const send = async (...args) => {
    const answer = await ask(...args);
    counts.requests++;
    if (answer.status === 0 || answer.status >= 400) counts.other++;
    return answer;
  };
  const at = (n) => servers[n % 3];
  const work = async (turn, first) => {
    for (let n = first; performance.now() < until; n++) await turn(n);
  };
  const turns = [
    (n) => send(at(n), 'PATCH', '/v1/organizations', { metadata: { n } }),
    (n) => send(at(n), 'PATCH', '/v1/organizations', { metadata: { text: 'x'.repeat(n % 5000) } }, 'sk_test_free'),
    (n) => send(at(n), 'GET', '/v1/organizations', undefined, 'sk_test_team'),
    async (n) => {
      const { status, json } = await send(at(n), 'POST', '/_mock/sandboxes', {});
      if (status !== 201) return;
      const [{ sandbox_id, api_keys }] = json.sandboxes;
      for (let m = 0; m < 20; m++) {
        await send(at(n + m), 'PATCH', '/v1/organizations', { metadata: { m } }, api_keys.admin);
      }
      await send(at(n + 1), 'POST', `/_mock/sandboxes/${sandbox_id}/reset`, {});
      await send(at(n + 2), 'DELETE', `/_mock/sandboxes/${sandbox_id}`);
    },
    async (n) => {
      await send(at(n), 'POST', `${CONTROL}/clock/advance`, { ms: 1000 });
      await send(at(n), 'GET', `${CONTROL}/requests?limit=50`);
      await send(at(n), 'POST', `${CONTROL}/faults`, { delay_ms: 1, times: 3 });
      if (n % 20 === 0) await send(at(n), 'POST', `${CONTROL}/reset`, {});
    },
  ];
  const working = turns.flatMap((turn) => [work(turn, 0), work(turn, 1)]);
  const rows = [];
  // Journals fill in the first of these times, caches in the first two.
  for (const part of [0.1, 0.4, 0.7, 1]) {
    await sleep(Math.max(0, started + part * seconds * 1000 - performance.now()));
    rows.push({ after: `${Math.round(part * seconds)} s`, ...(await readSizes()), ...(await readMemories()) });
  }
  await Promise.all(working);
  console.table(rows);
  const [, , settled, last] = rows;
  const rest = await readSizes();
  say(counts.other === 0, `${counts.requests} requests, ${counts.other} without an answer or refused`);
  say(last.MiB <= settled.MiB * 1.2 + 8, `database ${settled.MiB} -> ${last.MiB} MiB, ${rest.MiB} at the end`);
  const growth = Math.max(...servers.map((_, n) => last[`server ${n}`] - settled[`server ${n}`]));
  say(growth <= 4, `memory of a server: grew by ${growth} MiB at most since then`);
}

/** MiB of the database and of its largest tables, indexes included. */
async function readSizes() {
  const [{ bytes }] = await engine.ask("SELECT pg_database_size('mock') AS bytes");
  const tables = await engine.ask(
    `SELECT relname AS name, pg_total_relation_size(relid) AS bytes FROM pg_stat_user_tables
     WHERE schemaname = 'mixpeek_mock' ORDER BY 2 DESC LIMIT 5`,
    'mock',
  );
  const toMib = (size) => Math.round(Number(size) / 2 ** 20);
  return { MiB: toMib(bytes), tables: tables.map((table) => `${table.name} ${toMib(table.bytes)}`).join(', ') };
}

/** MiB that each server holds once its garbage is collected. */
async function readMemories() {
  await Promise.all(servers.map(({ child }) => collect(child)));
  const read = ({ child }) => JSON.parse(readFileSync(join(folder, `collected-${child.pid}.json`), 'utf8'));
  const toMib = ({ heapUsed, external }) => Math.round((heapUsed + external) / 2 ** 20);
  return Object.fromEntries(servers.map((server, n) => [`server ${n}`, toMib(read(server))]));
}

function watch(server, deaths) {
  server.child.once('exit', () => server.isKilled || deaths.push(server));
}

async function terminateAll() {
  for (let time = 0; time < 8; time++) {
    await engine
      .ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'mixpeek-mock'")
      .catch(() => {});
    await sleep(250);
  }
}

function restartEngine(mode) {
  const restart = async () => {
    await engine.stop(mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
    await sleep(700);
    await engine.start();
  };
  restart.title = `restartEngine ${mode}`;
  return restart;
}

async function killEngine() {
  await engine.stop('SIGKILL');
  await sleep(700);
  await engine.start();
}

async function hangEngine() {
  const all = engine.listProcesses();
  for (const pid of all) process.kill(pid, 'SIGSTOP');
  await sleep(5000);
  for (const pid of all) process.kill(pid, 'SIGCONT');
}

async function killServer() {
  const [server] = servers;
  server.isKilled = true;
  server.child.kill('SIGKILL');
  await once(server.child, 'exit');
  await startServer(0);
}

async function hangServer() {
  const [, server] = servers;
  server.isHung = true;
  server.child.kill('SIGSTOP');
  await sleep(3000);
  server.child.kill('SIGCONT');
  await sleep(1000);
  server.isHung = false;
}

async function startServer(place, args = [], program = [fileURLToPath(new URL('../dist/cli.cjs', import.meta.url))]) {
  const child = spawn(
    process.execPath,
    [...program, '--port', '0', '--json', '--log-level', 'fatal', '--db', engine.urlOf('mock'), ...args],
    {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const [line] = await Promise.race([
    once(createInterface(child.stdout), 'line'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`exit code ${code}`))),
  ]);
  servers[place] = { child, url: JSON.parse(line).url };
}

/** @returns status 0 where there was no answer */
async function ask(server, method, path, body, key = KEY) {
  try {
    const response = await fetch(server.url + path, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
    return { status: response.status, json: await response.json().catch(() => undefined) };
  } catch {
    return { status: 0 };
  }
}

function say(isKept, line) {
  isBroken ||= !isKept;
  console.log(`${isKept ? 'ok      ' : 'BROKEN  '}${line}`);
}
