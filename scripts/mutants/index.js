// `npm run test:mutants`: makes faults in a copy of the project, one at a time, and runs the tests that reach the file of
// each: first those of faults.js, then random ones. A fault that no test catches is a test that is missing.
// Usage: node scripts/mutants/index.js [--seeds 1,2,3] [--count 10] [--only named|random]
import { execFile } from 'node:child_process';
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { FAULTS } from './faults.js';
import { buildRandom, listMutations } from './mutations.js';

const { seeds, count, only } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1,2,3' },
    count: { type: 'string', default: '10' },
    only: { type: 'string', default: 'both' },
  },
}).values;
const MIN_CAUGHT = 0.9;
/** One each core: a fault and its tests keep about one busy. */
const WORKERS = 2;
const TIME_LIMIT_MS = 5 * 60_000;
/** What tests start as a process reaches every file of src/. */
const STARTS_PROCESS = 'test/support/process.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));
const read = (file) => readFileSync(join(project, file), 'utf8');
const listFiles = (folder) =>
  readdirSync(join(project, folder), { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((name) => name.endsWith('.ts'));

/** Faults that change nothing that anybody could see, each with the reason. */
const EQUIVALENTS = JSON.parse(read('scripts/mutants/equivalents.json'));
const isEquivalent = ({ file, was, is, text }) =>
  EQUIVALENTS.some((known) => known.file === file && known.was === was && known.is === is && text.includes(known.line));

/** Test files, each with all that it imports, directly or not. */
function readReach() {
  const imports = new Map();
  for (const file of [...listFiles('src'), ...listFiles('test')]) {
    const found = [...read(file).matchAll(/(?:from|import|import\() ?'(\.[^']+)'/g)];
    imports.set(
      file,
      found.map(([, path]) => join(dirname(file), path)),
    );
  }
  const reachOf = (file, seen = new Set()) => {
    if (seen.has(file)) return seen;
    seen.add(file);
    for (const next of imports.get(file) ?? []) reachOf(next, seen);
    return seen;
  };
  return listFiles('test')
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => [file, reachOf(file)]);
}

const reach = readReach();
const testsOf = (file) => reach.filter(([, seen]) => seen.has(file) || seen.has(STARTS_PROCESS)).map(([test]) => test);

/** A copy of the project in which files may be spoiled. */
function makeCopy() {
  const copy = mkdtempSync(join(tmpdir(), 'mixpeek-mock-mutants-'));
  const skipped = /^(?:node_modules|\.git|\.mixpeek-mock)(?:\/|$)/;
  // With its times: were the lockfile newer than what is installed, `npm start` would install anew, in our own node_modules.
  const filter = (source) => !skipped.test(relative(project, source));
  cpSync(project, copy, { recursive: true, preserveTimestamps: true, filter });
  symlinkSync(join(project, 'node_modules'), join(copy, 'node_modules'), 'junction');
  return copy;
}

const run = (copy, args) =>
  new Promise((resolve) => {
    execFile('npx', ['--no-install', ...args], { cwd: copy, timeout: TIME_LIMIT_MS, maxBuffer: 2 ** 28 }, (error) => {
      resolve(error === null);
    });
  });

/** `caught`, `missed`, or `invalid` for what the compiler refuses. */
async function tryFault(copy, { file, text }) {
  const path = join(copy, file);
  writeFileSync(path, text);
  try {
    if (!(await run(copy, ['tsc', '--noEmit']))) return 'invalid';
    const isGreen = await run(copy, ['vitest', 'run', '--bail', '1', ...testsOf(file)]);
    return isGreen ? 'missed' : 'caught';
  } finally {
    writeFileSync(path, read(file));
    utimesSync(path, new Date(), new Date());
  }
}

function toNamed({ name, file, find, put }) {
  const source = read(file);
  if (source.split(find).length !== 2) throw new Error(`faults.js: ${name}: ${file} does not have its text just once`);
  const line = source.slice(0, source.indexOf(find)).split('\n').length;
  return { name, file, line, was: find, is: put, text: source.replace(find, () => put) };
}

/** Random faults, by a seed; which ones are valid is seen when they are tried. */
function* chooseFaults(seed) {
  const all = listFiles('src').flatMap((file) => listMutations(file, read(file)));
  const random = buildRandom(seed);
  while (all.length > 0) {
    const [chosen] = all.splice(Math.floor(random() * all.length), 1);
    if (!isEquivalent(chosen)) yield chosen;
  }
}

const shown = ({ name, file, line, was, is }) =>
  `${file}:${line}: ${name ?? `${was.replace(/\s+/g, ' ').slice(0, 60)} -> ${is.slice(0, 60)}`}`;

/** Tries faults until `wanted` of them were valid. */
async function tryAll(copies, faults, wanted) {
  const outcomes = { caught: 0, missed: 0 };
  let open = wanted;
  const work = async (copy) => {
    while (open > 0) {
      open--;
      const { value: fault, done } = faults.next();
      if (done) return;
      const outcome = await tryFault(copy, fault);
      if (outcome === 'invalid') open++;
      else {
        outcomes[outcome]++;
        console.log(`${outcome}  ${shown(fault)}`);
      }
    }
  };
  await Promise.all(copies.map(work));
  return outcomes;
}

const copies = Array.from({ length: WORKERS }, makeCopy);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));
process.on('exit', () => {
  for (const copy of copies) rmSync(copy, { recursive: true, force: true, maxRetries: 5 });
});
// What fails without a fault would be taken for a test that has noticed one.
for (const copy of copies) {
  if (!(await run(copy, ['tsc', '--noEmit'])) || !(await run(copy, ['vitest', 'run'])))
    throw new Error('the project itself does not pass its tests in a copy');
}
if (only !== 'random') {
  const named = FAULTS.map(toNamed);
  const { missed } = await tryAll(copies, named.values(), named.length);
  console.log(`${named.length - missed} of ${named.length} named faults caught`);
  if (missed > 0) process.exitCode = 1;
}
if (only !== 'named') {
  const total = { caught: 0, missed: 0 };
  for (const seed of seeds.split(',').map(Number)) {
    const { caught, missed } = await tryAll(copies, chooseFaults(seed), Number(count));
    total.caught += caught;
    total.missed += missed;
  }
  const share = total.caught / (total.caught + total.missed);
  console.log(
    `${total.caught} of ${total.caught + total.missed} random faults caught (at least ${MIN_CAUGHT * 100} %)`,
  );
  if (share < MIN_CAUGHT) process.exitCode = 1;
}
