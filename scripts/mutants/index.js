// `npm run test:mutants`: makes faults in a copy of the project, one at a time, and runs the tests that reach the file of
// each: first those of faults.js, then random ones. A fault that no test catches is a test that is missing.
// Usage: node scripts/mutants/index.js [--only named|random] [--match TEXT] [--seeds 1,2,3] [--count 10]
// --match: of the named faults only those whose name or file has the text
import { parseArgs } from 'node:util';
import { FAULTS, toFault } from './faults.js';
import { chooseFaults } from './mutations.js';
import { killAll, Workshop } from './workshop.js';

const { seeds, count, only, match } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1,2,3' },
    count: { type: 'string', default: '10' },
    only: { type: 'string', default: 'both' },
    match: { type: 'string', default: '' },
  },
}).values;
const MIN_CAUGHT = 0.9;
/** One each core: a fault and its tests keep about one busy. */
const WORKERS = 2;

const shown = ({ name, file, line, was, is }) =>
  `${file}:${line}: ${name ?? `${was.replace(/\s+/g, ' ').slice(0, 60)} -> ${is.slice(0, 60)}`}`;

/** Tries faults until `wanted` of them were valid. */
async function tryAll(workshops, faults, wanted) {
  const outcomes = { caught: 0, missed: 0, invalid: 0 };
  let open = wanted;
  const work = async (workshop) => {
    while (open > 0) {
      open--;
      const { value: fault, done } = faults.next();
      if (done) return;
      const { outcome, by } = await workshop.tryFault(fault);
      outcomes[outcome]++;
      if (outcome === 'invalid') open++;
      console.log(`${outcome.padEnd(7)} ${shown(fault)}${by === undefined ? '' : `\n        by ${by}`}`);
    }
  };
  await Promise.all(workshops.map(work));
  return outcomes;
}

const started = Date.now();
const workshops = Array.from({ length: WORKERS }, () => new Workshop());
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));
process.on('exit', () => {
  killAll();
  for (const workshop of workshops) workshop.remove();
});
await workshops[0].check();
if (only !== 'random') {
  const named = FAULTS.filter(({ name, file }) => `${name} ${file}`.includes(match)).map(toFault);
  const { caught } = await tryAll(workshops, named.values(), named.length);
  console.log(`${caught} of ${named.length} named faults caught`);
  if (caught < named.length) process.exitCode = 1;
}
if (only !== 'named') {
  const total = { caught: 0, valid: 0 };
  for (const seed of seeds.split(',').map(Number)) {
    const { caught, missed, invalid } = await tryAll(workshops, chooseFaults(seed), Number(count));
    console.log(`seed ${seed}: ${caught} of ${caught + missed} valid faults caught, ${invalid} not valid`);
    total.caught += caught;
    total.valid += caught + missed;
  }
  console.log(`${total.caught} of ${total.valid} random faults caught (at least ${MIN_CAUGHT * 100} %)`);
  if (total.caught < MIN_CAUGHT * total.valid) process.exitCode = 1;
}
console.log(`${Math.round((Date.now() - started) / 1000)} s`);
