import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CONNECTION_FAULTS } from '../../src/domain/fault.ts';
import { FAULT_PRESETS, FaultSeed, MATCH_SHAPE } from '../../src/seed/fault.ts';

const text = readFileSync(new URL('../../docs/faults.md', import.meta.url), 'utf8');
const isNamed = (name: string) => text.includes(`\`${name}\``);
/** What the rows of the table behind a line have in backticks in their cells. */
const readRows = (head: string) => {
  const [table = ''] = text.slice(text.indexOf(head)).split('\n\n', 1);
  return table
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => [...line.matchAll(/`([^`]*)`/g)].map(([, code = '']) => code));
};

describe('docs/faults.md', () => {
  it('has every member of a rule, and of its match', () => {
    const members = readRows('| member |').map(([name]) => name);
    expect([...members, 'expires_at'].sort()).toEqual(Object.keys(FaultSeed.def.in.shape).sort());
    expect(Object.keys(MATCH_SHAPE).filter((name) => !isNamed(name))).toEqual([]);
  });

  it('has every kind of connection', () => {
    expect(readRows('| value |').map(([name]) => name)).toEqual([
      ...CONNECTION_FAULTS,
      '{"drip_bytes_per_second":100}',
    ]);
  });

  it('has every preset as it is', () => {
    const rows = readRows('| preset |').map(([name = '', rule = '']) => [name, JSON.parse(rule)]);
    expect(Object.fromEntries(rows)).toEqual(FAULT_PRESETS);
  });
});
