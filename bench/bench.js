// Measures the server against servers that do nothing, and says whether it is as fast and as small as it should be.
// Usage: node bench/bench.js [--quick] [--sandboxes | --streams | --postgres | --against REF]. It needs wrk. The figures also go to bench/results.json.
// With --sandboxes it measures what sandboxes cost, with --streams what streams cost, with --postgres several servers on one engine,
// and nothing else: see the files of the names.
// With --against it measures something else: what a request costs here and in another commit, see against.js.
// What is compared runs in turns, round by round, so that whatever else the machine does meets both.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import Sqlite from 'better-sqlite3';
import { buildIfNeeded } from '../scripts/prepare.js';
import { compareWith } from './against.js';
import { cleanUpAtExit } from './clean-up.js';
import { checkWrk, runLoad, writeScripts } from './load.js';
import { measurePostgres } from './postgres.js';
import { measureManySandboxes } from './postgres-sandboxes.js';
import { judge, printComparisons, printSandboxes } from './report.js';
import { measureSandboxes } from './sandboxes.js';
import { CLI, readMemory, startProcess, startServer } from './server-process.js';
import { compare } from './statistics.js';
import { measureStreams } from './streams.js';

const {
  quick: isQuick,
  sandboxes: isOfSandboxes,
  streams: isOfStreams,
  postgres: isOfPostgres,
  against,
} = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    sandboxes: { type: 'boolean', default: false },
    streams: { type: 'boolean', default: false },
    postgres: { type: 'boolean', default: false },
    against: { type: 'string' },
  },
}).values;
const ROUNDS = isQuick ? 3 : 10;
const SECONDS = isQuick ? 1 : 2;
const STARTS = isQuick ? 5 : 15;
const MANY = 100_000;
const MANY_KEYS = 1000;

const inBench = (name) => fileURLToPath(new URL(name, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'mixpeek-mock-bench-'));

/** Starts the server on a database of its own; `--db` among the arguments names another one. */
function startOurs(name, args = [], program = undefined) {
  const home = join(folder, name);
  mkdirSync(home, { recursive: true });
  return startServer(['--db', join(home, 'mock.db'), '--log-level', 'warn', ...args], home, program);
}

const keyOf = (number) => `sk_test_bench${number}`;
const idOf = (number) => `org_bench${number}`;

/** A seed of one organization: all that is compared with one another starts from the same. */
function writeSeed() {
  const file = join(folder, 'seed.json');
  const organization = { organization_id: idOf(1), account_type: 'pro', api_keys: [{ key: keyOf(1) }] };
  writeFileSync(file, JSON.stringify({ version: 1, organizations: [organization] }));
  return file;
}

/** Loads the server, one that logs each request into a file, and an echo of it with PATCH and GET; memory is that of the first. */
async function measureThroughput(seed) {
  const ours = await startOurs('throughput', ['--seed', seed]);
  const logged = await startServer(
    ['--db', join(folder, 'logged.db'), '--seed', seed, '--log-level', 'info'],
    folder,
    [CLI],
    join(folder, 'requests.log'),
  );
  await sleep(1000);
  const memory = { idle: needMemory(ours), loaded: [] };
  const authorization = `Bearer ${keyOf(1)}`;
  const answer = await fetch(new URL('/v1/organizations', ours.url), { headers: { authorization } });
  // With the metadata that the load leaves behind.
  const organization = { ...(await answer.json()), metadata: { hello: 'world', n: 10_000 } };
  const echo = await startProcess([inBench('echo.js'), JSON.stringify(organization)], folder);

  const rounds = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const measured = {};
    for (const method of ['PATCH', 'GET']) {
      const load = { method, keys: [keyOf(1)], seconds: SECONDS };
      measured[method] = {
        ours: await runLoad(folder, ours.url, load),
        logged: await runLoad(folder, logged.url, load),
        bare: await runLoad(folder, echo.url, load),
      };
    }
    memory.loaded.push(needMemory(ours));
    // The first round only warms up.
    if (round > 0) rounds.push(measured);
    progress(`throughput ${round}/${ROUNDS}`);
  }
  await Promise.all([ours.stop(), logged.stop(), echo.stop()]);
  const compareLogged = (method) => compare(rounds.map(({ [method]: { logged: one, bare } }) => [one.rate, bare.rate]));
  const compareAll = (method, figure) =>
    compare(rounds.map(({ [method]: { ours, bare } }) => [ours[figure], bare[figure]]));
  return {
    patch: compareAll('PATCH', 'rate'),
    patchP99: compareAll('PATCH', 'p99'),
    get: compareAll('GET', 'rate'),
    getP99: compareAll('GET', 'p99'),
    patchLogged: compareLogged('PATCH'),
    getLogged: compareLogged('GET'),
    memory,
  };
}

function needMemory({ pid }) {
  const memory = readMemory(pid);
  if (memory === undefined) throw new Error('the memory of a process can only be read where there is /proc');
  return memory;
}

/** From spawn to the first line on standard output. */
async function measureStart() {
  const pairs = [];
  for (let start = 0; start <= STARTS; start++) {
    const pair = [
      await timeStart([CLI, '--json', '--db', ':memory:', '--port', '0']),
      await timeStart([inBench('bare.js')]),
    ];
    // The first start reads the files from the disk.
    if (start > 0) pairs.push(pair);
    progress(`start ${start}/${STARTS}`);
  }
  return compare(pairs);
}

async function timeStart(args) {
  const started = performance.now();
  const running = await startProcess(args, folder);
  const milliseconds = performance.now() - started;
  await running.stop();
  return milliseconds;
}

/** PATCH with many organizations in the database against one: of one organization, and of many in turn. */
async function measureMany(seed) {
  const one = await startOurs('one', ['--seed', seed]);
  const first = await startOurs('many', ['--seed', seed]);
  await first.stop();
  seedDatabase(join(folder, 'many', 'mock.db'));
  const many = await startOurs('many');

  const oneKey = [keyOf(1)];
  const manyKeys = Array.from({ length: MANY_KEYS }, (_, index) => keyOf(index + 1));
  const patch = async ({ url }, keys) => (await runLoad(folder, url, { method: 'PATCH', keys, seconds: SECONDS })).rate;
  const rounds = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const rates = [await patch(many, oneKey), await patch(many, manyKeys), await patch(one, oneKey)];
    if (round > 0) rounds.push(rates);
    progress(`${MANY} organizations ${round}/${ROUNDS}`);
  }
  await Promise.all([one.stop(), many.stop()]);
  return {
    oneKey: compare(rounds.map(([ofMany, , ofOne]) => [ofMany, ofOne])),
    manyKeys: compare(rounds.map(([, inTurn, ofOne]) => [inTurn, ofOne])),
  };
}

/** Copies organization number 1 and its key, row by row: a seed file of this size takes half a minute and two gigabytes. */
function seedDatabase(file) {
  const db = new Sqlite(file);
  const organization = db.prepare('SELECT * FROM organizations').get();
  const apiKey = db.prepare('SELECT * FROM api_keys').get();
  const prepareInsert = (table, row) =>
    db.prepare(`INSERT INTO ${table} VALUES (${Object.keys(row).map((column) => `@${column}`)})`);
  const insertOrganization = prepareInsert('organizations', organization);
  const insertKey = prepareInsert('api_keys', apiKey);
  db.transaction(() => {
    for (let number = 2; number <= MANY; number++) {
      const organization_id = idOf(number);
      const key_hash = createHash('sha256').update(keyOf(number)).digest('hex');
      insertOrganization.run({ ...organization, organization_id });
      insertKey.run({ ...apiKey, organization_id, key_hash, api_key_id: `key_bench${number}` });
    }
  })();
  db.close();
}

/** Limiter and journal by themselves, see cost.js. */
async function measureCost() {
  const { stdout } = await promisify(execFile)(process.execPath, [inBench('cost.js')]);
  return JSON.parse(stdout);
}

function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

const readMachine = () => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memory_gib: Math.round(totalmem() / 2 ** 30),
  node: process.version,
  platform: `${process.platform} ${process.arch}`,
});

/** A part that fails is reported, and does not stop the others. */
async function attempt(name, measure) {
  try {
    return await measure();
  } catch (error) {
    process.exitCode = 1;
    console.error(`\nbench: ${name} could not be measured: ${error.message}`);
    return undefined;
  } finally {
    progress('');
  }
}

cleanUpAtExit(folder);
checkWrk();
await buildIfNeeded();
writeScripts(folder);
const machine = readMachine();
console.log(`${machine.cpu}, ${machine.cores} cores, ${machine.memory_gib} GiB, Node ${machine.node}`);
const seed = writeSeed();
if (against !== undefined) {
  const isMet = await compareWith(against, { folder, seed, key: keyOf(1), isQuick, progress });
  process.exit(isMet ? 0 : 1);
}
if (isOfStreams) {
  await measureStreams({ folder, seed, key: keyOf(1), startOurs, isQuick, progress });
  process.exit();
}
const others = async () => ({
  throughput: await attempt('throughput', () => measureThroughput(seed)),
  start: await attempt('start', measureStart),
  many: await attempt('many organizations', () => measureMany(seed)),
  cost: await attempt('limiter and journal', measureCost),
});
const ofSandboxes = () => measureSandboxes({ folder, startOurs, isQuick, progress });
const ofPostgres = async () => ({
  grouped: await measurePostgres({ folder, startOurs, isQuick, progress }),
  among: await measureManySandboxes({ startOurs, isQuick, progress }),
});
const isAll = !isOfSandboxes && !isOfPostgres;
const results = {
  ...(isAll ? await others() : {}),
  ...(isOfPostgres ? {} : { sandboxes: await attempt('sandboxes', ofSandboxes) }),
  ...(isOfSandboxes ? {} : { postgres: await attempt('postgres', ofPostgres) }),
};
const verdicts = judge(results);
if (isAll) printComparisons(results, { organizations: MANY, keys: MANY_KEYS });
if (results.sandboxes) printSandboxes(results.sandboxes);
console.log('');
for (const { aim, value, isMet } of verdicts) console.log(`${isMet ? 'met   ' : 'MISSED'}  ${aim}: ${value}`);
const report = { measured_at: new Date().toISOString(), is_quick: isQuick, machine, verdicts, results };
writeFileSync(inBench('results.json'), `${JSON.stringify(report, null, 2)}\n`);
// A part that failed may have left a server behind, which would keep this process alive.
process.exit();
