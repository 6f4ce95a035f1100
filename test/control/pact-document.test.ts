import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readCode } from '../../scripts/documents.js';
import { PROVIDER_STATES } from '../../src/control/provider-states.ts';
import { startControl } from '../support/control.ts';

const text = readFileSync(new URL('../../docs/pact.md', import.meta.url), 'utf8');

describe('docs/pact.md', () => {
  it('has every state in its table, and no other', () => {
    const [, table = ''] = text.split('## The states\n');
    const cells = table.split('\n').filter((line) => /^\| `(?:an|the)/i.test(line));
    const names = cells.flatMap((line) => {
      const [, first = ''] = line.split('|');
      const [name = '', ...values] = [...first.matchAll(/`([^`]*)`/g)].map(([, value]) => value ?? '');
      return [name, ...values.map((value) => name.replace(/\S+$/, value))];
    });
    expect(names).toEqual(PROVIDER_STATES);
  });

  it('has calls that are answered as it says', async () => {
    const [block = ''] = readCode('## The states', 'console', 'docs/pact.md');
    const calls = [...block.matchAll(/^\$ curl -s http:\/\/localhost:4030\/_mock(\S+) -d '(.*)'\n(.*)\n/gm)];
    const { ask } = await startControl();
    for (const [, path = '', body, answer] of calls) {
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      expect((await ask('POST', path, body, { headers })).text).toBe(answer);
    }
    expect(calls.length * 2).toBe(block.trim().split('\n').length);
  });
});
