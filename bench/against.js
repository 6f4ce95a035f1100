// `npm run bench -- --against REF`: the CPU time of a PATCH and of a GET, of what is in this folder and of another commit.
// Not requests a second: those depend on what else the machine does. The other commit runs twice, side by side: how far it
// is from itself shows which differences mean nothing.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { measureCpu } from './load.js';
import { CLI, startServer } from './server-process.js';
import { printTable, summarize, toText } from './statistics.js';

/** What the CPU time of a request may grow by. */
const MAX_RATIO = 1.07;

const project = fileURLToPath(new URL('..', import.meta.url));
const git = (...args) => execFileSync('git', args, { cwd: project, encoding: 'utf8', maxBuffer: 2 ** 28 });

function findCommit(ref) {
  try {
    return git('rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`).trim();
  } catch {
    console.error(`bench: --against: '${ref}' is not a commit of this repository`);
    process.exit(2);
  }
}

/**
 * Puts a commit into a folder of its own, built.
 * @returns the path of its program
 */
function buildCommit(commit, folder) {
  const home = join(folder, 'commit');
  mkdirSync(home);
  const archive = join(folder, 'commit.tar');
  git('archive', '--output', archive, commit);
  execFileSync('tar', ['-xf', archive, '-C', home]);
  const isSame = (name) => readFileSync(join(home, name), 'utf8') === readFileSync(join(project, name), 'utf8');
  if (isSame('package-lock.json')) symlinkSync(join(project, 'node_modules'), join(home, 'node_modules'), 'junction');
  const run = (code) =>
    execFileSync(process.execPath, ['--input-type=module', '-e', code], { cwd: home, stdio: ['ignore', 2, 2] });
  if (!isSame('package-lock.json')) run("await (await import('./scripts/prepare.js')).installIfNeeded()");
  run("await import('./scripts/build.js')");
  return join(home, JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')).bin['mixpeek-mock']);
}

/**
 * Measures in sittings, each with new processes: two processes of one program differ more than two rounds of one process.
 * Within a round each server is loaded in turn, beginning with another one each time.
 */
export async function compareWith(ref, { folder, seed, key, isQuick, progress }) {
  const [sittings, rounds, seconds] = isQuick ? [2, 2, 1] : [6, 4, 1];
  const commit = findCommit(ref);
  progress(`building ${ref}`);
  const other = buildCommit(commit, folder);
  const programs = [
    ['this', CLI],
    ['one', other],
    ['two', other],
  ];
  const measured = { PATCH: [], GET: [] };
  for (let sitting = 0; sitting < sittings; sitting++) {
    const servers = [];
    for (const [name, program] of programs) {
      const home = join(folder, `${name}${sitting}`);
      mkdirSync(home);
      const args = ['--db', join(home, 'mock.db'), '--log-level', 'warn', '--seed', seed];
      servers.push([name, await startServer(args, home, [program])]);
    }
    for (let round = 0; round <= rounds; round++) {
      for (const method of ['PATCH', 'GET']) {
        const costs = {};
        for (const [name, server] of servers) {
          costs[name] = await measureCpu(folder, server, { method, keys: [key], seconds });
        }
        // The first round only warms up.
        if (round > 0) measured[method].push(costs);
      }
      servers.push(servers.shift());
      progress(`sitting ${sitting + 1}/${sittings}, round ${round}/${rounds}`);
    }
    await Promise.all(servers.map(([, server]) => server.stop()));
  }
  progress('');
  return report(ref, commit, measured);
}

/** @returns whether no request costs more than it may */
function report(ref, commit, measured) {
  const rows = [['', 'this', ref, 'ratio', `${ref} against itself`]];
  const verdicts = [];
  for (const [method, costs] of Object.entries(measured)) {
    const ratio = summarize(costs.map((cost) => cost.this / mean(cost.one, cost.two)));
    const itself = summarize(costs.map(({ one, two }) => two / one));
    const [ours, theirs] = [costs.map((cost) => cost.this), costs.flatMap(({ one, two }) => [one, two])].map(summarize);
    rows.push([method, toText(ours, 1), toText(theirs, 1), toText(ratio, 3), toText(itself, 3)]);
    verdicts.push([`${method}: CPU time of ${ref}'s <= ${MAX_RATIO}`, ratio.median]);
  }
  console.log(`\nmicroseconds of CPU time a request, median (min to max); ${ref} is ${commit.slice(0, 7)}\n`);
  printTable(rows);
  console.log('');
  for (const [aim, value] of verdicts)
    console.log(`${value <= MAX_RATIO ? 'met   ' : 'MISSED'}  ${aim}: ${value.toFixed(3)}`);
  return verdicts.every(([, value]) => value <= MAX_RATIO);
}

const mean = (a, b) => (a + b) / 2;
