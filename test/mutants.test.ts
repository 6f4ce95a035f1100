import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { FAULTS } from '../scripts/mutants/faults.js';

it.each(FAULTS)('the fault can still be made: $name', ({ file, find }) => {
  const source = readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
  expect(source.split(find), `${file} changed: say in scripts/mutants/faults.js where this fault is now`).toHaveLength(
    2,
  );
});
