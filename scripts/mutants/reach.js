// Which tests meet a file of src/, and in which order they are worth running.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export const project = fileURLToPath(new URL('../..', import.meta.url));
export const read = (file) => readFileSync(join(project, file), 'utf8');
export const listFiles = (folder) =>
  readdirSync(join(project, folder), { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((name) => name.endsWith('.ts'));

/** An import of types alone brings nothing that runs. */
const IMPORTS = /(?:^(?:import|export) (?!type )(?:[^;']* from )?|\bimport\()'(\.[^']+)'/gm;
/** A path in the bundle, which is made of every file of src/, or the script that builds it where it is not there. */
const BUNDLE = /(?:'|\.\/)dist\/|\bscripts\/start\.js/;

/** Files that a file imports, directly or not, each with the number of steps to it. */
function measureReach(start, imports) {
  const steps = new Map([[start, 0]]);
  // A Map goes on with what is added while it is read.
  for (const [file, distance] of steps) {
    for (const next of imports.get(file) ?? []) if (!steps.has(next)) steps.set(next, distance + 1);
  }
  return steps;
}

function readReach() {
  const files = [...listFiles('src'), ...listFiles('test')];
  const texts = new Map(files.map((file) => [file, read(file)]));
  const imports = new Map();
  for (const [file, text] of texts) {
    imports.set(
      file,
      [...text.matchAll(IMPORTS)].map(([, path]) => join(dirname(file), path)),
    );
  }
  return files
    .filter((file) => file.endsWith('.test.ts'))
    .map((test) => {
      const steps = measureReach(test, imports);
      const usesBundle = [...steps.keys()].some(
        (file) => file.startsWith('test') && BUNDLE.test(texts.get(file) ?? ''),
      );
      return { test, steps, usesBundle };
    });
}

const roomOf = (file) => file.split(sep)[1];

/**
 * @returns the tests of a file: those that import it, in the order in which they are likely to notice a fault, those of its room
 *   and the nearest ones first; and those that use the bundle, which have to wait until it is built
 */
export function buildFindTests() {
  const reach = readReach();
  return (file) => {
    const found = reach
      .filter(({ steps, usesBundle }) => !usesBundle && steps.has(file))
      .map(({ test, steps }) => ({ test, rank: [roomOf(test) === roomOf(file) ? 0 : 1, steps.get(file), steps.size] }))
      .sort((a, b) => a.rank.map((value, index) => value - b.rank[index]).find((difference) => difference !== 0) ?? 0);
    return {
      near: found.map(({ test }) => test),
      ofBundle: reach.filter(({ usesBundle }) => usesBundle).map(({ test }) => test),
    };
  };
}
