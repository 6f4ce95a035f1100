// Measures the server against servers that do nothing, and says whether it is as fast and as small as it should be.
// Usage: node bench/bench.js [--quick] [--sandboxes | --streams | --postgres | --peers | --against REF]. It needs wrk. The figures also go to bench/results.json.
// With --sandboxes it measures what sandboxes cost, with --streams what streams cost, with --postgres several servers on one engine,
// and nothing else: see the files of the names.
// With --peers it measures other mock servers beside ours: see peers.js.
// With --against it measures something else: what a request costs here and in another commit, see against.js.
// What is compared runs in turns, round by round, so that whatever else the machine does meets both.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { buildIfNeeded } from '../scripts/prepare.js';
import { compareWith } from './against.js';
import { cleanUpAtExit } from './clean-up.js';
import { measureInTurn, measureKept, measureSeed } from './large.js';
import { checkWrk, runLoad, writeScripts } from './load.js';
import { measurePeers } from './peers.js';
import { measurePostgres } from './postgres.js';
import { measureManySandboxes } from './postgres-sandboxes.js';
import { judge, printComparisons, printSandboxes } from './report.js';
import { measureSandboxes } from './sandboxes.js';
import { CLI, readMemory, startProcess, startServer } from './server-process.js';
import { measureStarts } from './starts.js';
import { compare } from './statistics.js';
import { measureStreams } from './streams.js';

const {
  quick: isQuick,
  sandboxes: isOfSandboxes,
  streams: isOfStreams,
  postgres: isOfPostgres,
  peers: isOfPeers,
  against,
} = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    sandboxes: { type: 'boolean', default: false },
    streams: { type: 'boolean', default: false },
    postgres: { type: 'boolean', default: false },
    peers: { type: 'boolean', default: false },
    against: { type: 'string' },
  },
}).values;
const ROUNDS = isQuick ? 3 : 10;
const SECONDS = isQuick ? 1 : 2;
/** Rounds whose figures do not count: until then V8 has not yet optimized what requests need. */
const WARM_UPS = 4;

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
  for (let round = 1 - WARM_UPS; round <= ROUNDS; round++) {
    const measured = {};
    for (const method of ['PATCH', 'GET']) {
      const load = { method, keys: [keyOf(1)], seconds: SECONDS };
      measured[method] = {
        ours: await runLoad(folder, ours.url, load),
        logged: await runLoad(folder, logged.url, load),
        bare: await runLoad(folder, echo.url, load),
      };
    }
    if (round > 0) {
      memory.loaded.push(needMemory(ours));
      rounds.push(measured);
    }
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
if (isOfPeers) {
  await measurePeers({ folder, isQuick, progress });
  process.exit();
}
if (isOfStreams) {
  await measureStreams({ folder, seed, key: keyOf(1), startOurs, isQuick, progress });
  process.exit();
}
const inRounds = { folder, startOurs, rounds: ROUNDS, warmUps: WARM_UPS, seconds: SECONDS, progress };
const others = async () => ({
  // The first start keeps its compiled code for all others.
  first: await attempt('a first start', async () => (await startOurs('first')).stop()),
  throughput: await attempt('throughput', () => measureThroughput(seed)),
  starts: await attempt('start', () => measureStarts({ folder, isQuick, progress })),
  seeded: await attempt('a large seed', () => measureSeed({ folder, startOurs, isQuick, progress })),
  kept: await attempt('a large database', () => measureKept(inRounds)),
  inTurn: await attempt('many organizations in turn', () => measureInTurn(inRounds)),
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
const report = { measured_at: new Date().toISOString(), is_quick: isQuick, machine, verdicts, results };
// First of all: half an hour's figures are not to be lost with what is wrong below.
writeFileSync(inBench('results.json'), `${JSON.stringify(report, null, 2)}\n`);
if (isAll) printComparisons(results);
if (results.sandboxes) printSandboxes(results.sandboxes);
console.log('');
for (const { aim, value, isMet } of verdicts) console.log(`${isMet ? 'met   ' : 'MISSED'}  ${aim}: ${value}`);
// A part that failed may have left a server behind, which would keep this process alive.
process.exit();
