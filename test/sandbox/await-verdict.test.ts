import { expect, it } from 'vitest';
import { setImmediate } from '../../src/domain/real-time.ts';
import { awaitVerdict } from '../../src/sandbox/await-verdict.ts';
import { Exchange } from '../../src/sandbox/exchange.ts';
import { Journal } from '../../src/sandbox/journal.ts';
import { Journals } from '../../src/sandbox/journals.ts';
import type { LiveSandbox } from '../../src/sandbox/sandboxes.ts';
import { Verification } from '../../src/sandbox/verification.ts';
import { WaitLimit, Waits } from '../../src/sandbox/waits.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A request whose answer is decided now, and leaves at the end of the turn. */
function answer(journal: Journal, url: string): void {
  const exchange = new Exchange(url, 'GET', url, {});
  exchange.open({ sandbox: { journal }, now: 0 } as LiveSandbox, []);
  exchange.decide('{}', 200);
  setImmediate(() => exchange.end(200, false, journal));
}

function wait(journal: Journal) {
  const match = { path: '/wanted' };
  const question = { matches: [match], isInOrder: false, after: 0, min: 1, max: undefined, isHasty: false };
  const waits = new Waits(new WaitLimit());
  return awaitVerdict({ journal, waits }, new Verification(journal, question), 30_000, () => () => {});
}

const found = { verdict: { kind: 'passed', found: [{ url: '/wanted', status: 200 }] } };

it('gives a request that is over', async () => {
  const journal = new Journal(10, new Journals());
  const waiting = wait(journal);
  answer(journal, '/wanted');
  expect(await waiting).toMatchObject(found);
});

it.each([1, 2, 3])('gives one that is over, too, where another one was answered %i turns before', async (turns) => {
  const journal = new Journal(10, new Journals());
  const waiting = wait(journal);
  answer(journal, '/other');
  for (let count = 0; count < turns; count++) await turn();
  answer(journal, '/wanted');
  expect(await waiting).toMatchObject(found);
});

it('gives one that is over where others are answered in every turn', async () => {
  const journal = new Journal(10, new Journals());
  const waiting = wait(journal);
  for (let count = 0; count < 5; count++) {
    answer(journal, '/other');
    await turn();
  }
  answer(journal, '/wanted');
  for (let count = 0; count < 5; count++) {
    await turn();
    answer(journal, '/other');
  }
  expect(await waiting).toMatchObject(found);
});
