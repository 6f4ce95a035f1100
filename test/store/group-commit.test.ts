import Sqlite from 'better-sqlite3';
import { expect, it, onTestFinished } from 'vitest';
import { buildGroupCommit } from '../../src/store/group-commit.ts';

const MAX_PAGES = 50;

/** A queue of writes on a disk that is nearly full. */
function openSmall() {
  const db = new Sqlite(':memory:');
  onTestFinished(() => void db.close());
  db.exec('CREATE TABLE notes (text TEXT NOT NULL)');
  db.pragma(`max_page_count = ${MAX_PAGES}`);
  const ends: boolean[] = [];
  const writes = buildGroupCommit(db, {
    beforeCommit: () => {},
    afterCommit: () => ends.push(true),
    afterRollback: () => ends.push(false),
    explain: (error) => error,
  });
  const insert = db.prepare('INSERT INTO notes VALUES (?)');
  return {
    ends,
    write: (text: string | null) => writes.run(() => insert.run(text)),
    read: () => db.prepare('SELECT length(text) FROM notes').pluck().all(),
  };
}

it('a write that fails is rejected alone', async () => {
  const { write, read, ends } = openSmall();
  const results = await Promise.allSettled([write('a'), write(null), write('bc')]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect([read(), ends]).toEqual([[1, 2], [true]]);
});

it('when the disk is full all writes of the turn are rejected, none is kept, and the next ones go on', async () => {
  const { write, read, ends } = openSmall();
  const results = await Promise.allSettled([write('a'), write('x'.repeat(4096 * MAX_PAGES)), write('bc')]);
  for (const result of results) expect(result).toMatchObject({ status: 'rejected', reason: { code: 'SQLITE_FULL' } });
  expect([read(), ends]).toEqual([[], [false]]);
  await write('def');
  expect([read(), ends]).toEqual([[3], [false, true]]);
});
