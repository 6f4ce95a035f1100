// `mixpeek-mock/vitest` in other people's projects: 500 tests in four workers, ten times, beside a suite that does nothing; every pool
// of vitest; a watch that is ended.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { attempt, check, install, makeProject, node, placePackage, startPackage } from './support.js';

const RUNS = 10;
const WORKERS = 4;
const FILES = 20;
const TESTS = 500;
/** At most so many times what the empty suite takes. */
const AIM = 3;

const useSandbox = (isConcurrent) => `
import { expect, test } from 'mixpeek-mock/vitest';
const run = ${isConcurrent ? 'test.concurrent' : 'test'};
for (let number = 0; number < ${TESTS / FILES}; number++) {
  run('keeps metadata ' + number, async ({ mixpeek }) => {
    const headers = { authorization: 'Bearer ' + mixpeek.apiKey, 'content-type': 'application/json' };
    const url = mixpeek.apiUrl + '/organizations';
    await fetch(url, { method: 'PATCH', headers, body: JSON.stringify({ metadata: { number } }) });
    expect(await (await fetch(url, { headers })).json()).toMatchObject({ metadata: { number } });
    expect(await mixpeek.requests()).toHaveLength(2);
  });
}`;
const EMPTY = `
import { test } from 'vitest';
for (let number = 0; number < ${TESTS / FILES}; number++) test('does nothing ' + number, () => {});`;
const PASSING = `
import { expect, test } from 'mixpeek-mock/vitest';
import { vi } from 'vitest';
test('passes with fake timers', async ({ mixpeek }) => {
  vi.useFakeTimers();
  const headers = { authorization: 'Bearer ' + mixpeek.apiKey };
  const coming = expect(mixpeek).toHaveReceived({ method: 'GET', path: expect.stringContaining('organizations') });
  await fetch(mixpeek.apiUrl + '/organizations', { headers });
  await coming;
  vi.useRealTimers();
});`;
const FAILING = `${PASSING}\ntest('fails', async ({ mixpeek }) => expect(mixpeek.apiKey).toBe(''));`;

export default async function testSuite() {
  await testManyTests();
  testPools();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL']) await testWatch(signal);
}

const toFiles = (write) =>
  Object.fromEntries(Array.from({ length: FILES }, (_, index) => [`${index}.test.js`, write(index)]));

function makeSuite(name, files, config = {}) {
  const path = makeProject(name, {
    type: 'module',
    files: { ...files, 'vitest.config.js': `export default { test: ${JSON.stringify(config)} };` },
  });
  install(path, ['vitest@4']);
  placePackage(path);
  return path;
}

const SETUP = { globalSetup: ['mixpeek-mock/vitest/setup'], maxWorkers: WORKERS };
const runVitest = (path, args = [], env = {}) =>
  attempt('npx', ['--no-install', 'vitest', 'run', ...args], path, { env: { NO_COLOR: '1', ...env } });

async function testManyTests() {
  const full = makeSuite(
    'suite',
    toFiles((index) => useSandbox(index % 2 === 1)),
    SETUP,
  );
  const empty = makeSuite(
    'suite-empty',
    toFiles(() => EMPTY),
    { maxWorkers: WORKERS },
  );
  const ratios = [];
  for (let run = 1; run <= RUNS; run++) {
    const [nothing, seconds] = [timeRun(empty), timeRun(full)];
    ratios.push(seconds / nothing);
    check(
      `run ${run} of ${RUNS}: ${TESTS} passed, in ${seconds.toFixed(1)} s; an empty suite in ${nothing.toFixed(1)} s`,
      true,
    );
  }
  const median = ratios.sort((a, b) => a - b)[RUNS / 2];
  check(`${median.toFixed(2)} times the empty suite, at most ${AIM}`, median <= AIM, ratios);

  const server = await startPackage();
  try {
    const { status, stdout, stderr } = runVitest(full, [], { MIXPEEK_MOCK_URL: server.url });
    check('a server that a variable names is used', status === 0, stdout + stderr);
    const { sandboxes } = await (await fetch(`${server.url}/_mock/sandboxes`)).json();
    check('no sandbox is left but default', sandboxes.length === 1, sandboxes);
  } finally {
    await server.stop();
  }
}

/** Seconds that a run takes in which every test passes. */
function timeRun(path) {
  const started = performance.now();
  const { status, stdout, stderr } = runVitest(path);
  if (status !== 0 || !stdout.includes(`${TESTS} passed`)) throw new Error(stdout + stderr);
  return (performance.now() - started) / 1000;
}

function testPools() {
  const files = { 'passing.test.js': PASSING, 'failing.test.js': FAILING };
  const paths = [makeSuite('pools', files), makeSuite('pools-setup', files, SETUP)];
  for (const path of paths) {
    for (const pool of ['threads', 'forks', 'vmThreads', 'vmForks']) {
      for (const isolation of pool.startsWith('vm') ? [[]] : [[], ['--no-isolate']]) {
        const args = [`--pool=${pool}`, ...isolation];
        const [passed, failed] = ['passing', 'failing'].map((name) => runVitest(path, [...args, name]));
        const isRight = passed.status === 0 && failed.status === 1 && failed.stdout.includes('1 failed | 1 passed');
        check(`${args.join(' ')}: exit codes 0 and 1`, isRight, [passed, failed]);
      }
    }
  }
}

/** Ends a watch: nothing of it may be there two seconds later. */
async function testWatch(signal) {
  for (const config of [{}, SETUP]) {
    const path = makeSuite(`watch-${signal}`, { 'passing.test.js': PASSING }, config);
    const vitest = `${path}/node_modules/vitest/vitest.mjs`;
    const child = spawn(node, [vitest, 'watch'], { cwd: path, stdio: ['pipe', 'pipe', 'inherit'] });
    let output = '';
    await new Promise((resolve, reject) => {
      child.stdout.on('data', (chunk) => {
        output += chunk;
        if (output.includes('Waiting for file changes')) resolve();
      });
      child.once('exit', () => reject(new Error(`the watch ended: ${output}`)));
    });
    child.kill(signal);
    await setTimeout(2000);
    check(
      `watch, ${signal}, ${config === SETUP ? 'a server for the run' : 'a server a worker'}: nothing is left`,
      listProcesses(path).length === 0,
      listProcesses(path),
    );
  }
}

/** What runs in a folder: its command lines. */
function listProcesses(folder) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`).startsWith(folder)
          ? [readFileSync(`/proc/${pid}/cmdline`, 'utf8')]
          : [];
      } catch {
        return [];
      }
    });
}
