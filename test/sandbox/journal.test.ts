import { expect, it } from 'vitest';
import { Exchange } from '../../src/sandbox/exchange.ts';
import { Journal } from '../../src/sandbox/journal.ts';
import { Journals } from '../../src/sandbox/journals.ts';
import type { LiveSandbox } from '../../src/sandbox/sandboxes.ts';

function begin(journal: Journal, url: string): Exchange {
  const exchange = new Exchange(url, 'GET', url, {});
  exchange.open({ sandbox: { journal }, now: 0 } as LiveSandbox, []);
  return exchange;
}

it('that was emptied does not get back what was answered before that', () => {
  const all = new Journals();
  const journal = new Journal(10, all);
  const [decided, open] = [begin(journal, '/decided'), begin(journal, '/open')];
  decided.decide('{}', 200);
  journal.clear();
  decided.end(200, false, journal);
  open.decide('{}', 200);
  open.end(200, false, journal);
  expect(journal.list().map(({ url, seq }) => [url, seq])).toEqual([['/open', 2]]);
  expect(journal.listAfter(0, 10).entries.map(({ url }) => url)).toEqual(['/open']);
  expect([journal.length, journal.isIdle, all.underWay.size]).toEqual([1, true, 0]);
});

it('keeps what was answered early and ended late, in its place', () => {
  const journal = new Journal(10, new Journals());
  const [early, late] = [begin(journal, '/early'), begin(journal, '/late')];
  early.decide('{}', 200);
  late.decide('{}', 200);
  late.end(200, false, journal);
  early.end(200, false, journal);
  expect(journal.list().map(({ url }) => url)).toEqual(['/early', '/late']);
});
