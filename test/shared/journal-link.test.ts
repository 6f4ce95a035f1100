import { describe, expect, it } from 'vitest';
import { Journal } from '../../src/sandbox/journal.ts';
import { JournalEntry } from '../../src/sandbox/journal-entry.ts';
import { JournalLink } from '../../src/sandbox/journal-link.ts';
import { Journals } from '../../src/sandbox/journals.ts';
import { StorageError } from '../../src/store/errors.ts';
import type { JournalPart, KeptEntry, SharedJournal, SharedRuns } from '../../src/store/runtime.ts';

/** A journal that is linked to a shared one, which a test can make fail. */
function linkJournal() {
  const written: { generation: number; entries: readonly KeptEntry[] }[] = [];
  const writers = new Set<() => Promise<void>>();
  const part: JournalPart = { entries: [], place: '0', start: 0, first: null, last: 0 };
  const control = { isFailing: false, error: new StorageError('gone') as Error, part };
  const shared: SharedJournal = {
    write: async (generation, entries) => {
      if (control.isFailing) throw control.error;
      written.push({ generation, entries });
    },
    read: async () => control.part,
    empty: async () => 0,
  };
  const runs: Pick<SharedRuns, 'settle' | 'onSettle'> = {
    settle: async () => true,
    onSettle: (write) => {
      writers.add(write);
      return () => writers.delete(write);
    },
  };
  const journal = new Journal(10, new Journals());
  const link = new JournalLink(journal, shared, runs as SharedRuns);
  journal.link = link;
  link.generation = 1;
  return { journal, link, written, writers, control };
}

const begin = (journal: Journal, url: string) => {
  const entry = new JournalEntry(url, 'GET', url);
  journal.begin(entry);
  journal.number(entry);
  return entry;
};
function end(journal: Journal, entry: JournalEntry) {
  entry.ms = 1;
  entry.status = 200;
  journal.leave(entry);
  journal.file(entry);
}
const toShown = ({ text, isNew }: KeptEntry) => {
  const { url, status } = JSON.parse(text);
  return { url, status, isNew };
};

describe('a journal of one of several servers', () => {
  it('writes what it noted as it is then, once more when it has ended, and under one id', async () => {
    const { journal, link, written, writers } = linkJournal();
    const entry = begin(journal, '/a');
    expect([link.isIdle, writers.size]).toEqual([false, 1]);
    await link.write();
    end(journal, entry);
    await link.write();
    expect([link.isIdle, writers.size]).toEqual([true, 0]);
    const entries = written.flatMap(({ entries }) => entries);
    expect(entries.map(toShown)).toEqual([
      { url: '/a', status: null, isNew: true },
      { url: '/a', status: 200, isNew: false },
    ]);
    expect(new Set(entries.map(({ uid }) => uid)).size).toBe(1);
  });

  it('keeps what could not be written until it can, the newest of each', async () => {
    const { journal, link, written, writers, control } = linkJournal();
    const [entry] = [begin(journal, '/a'), begin(journal, '/b')];
    control.isFailing = true;
    const failing = link.write();
    end(journal, entry as JournalEntry);
    await expect(failing).rejects.toThrow('gone');
    expect([link.isIdle, writers.size]).toEqual([false, 1]);
    control.isFailing = false;
    await link.write();
    expect(written.flatMap(({ entries }) => entries.map(toShown))).toEqual([
      { url: '/a', status: 200, isNew: true },
      { url: '/b', status: null, isNew: true },
    ]);
    expect([link.isIdle, writers.size]).toEqual([true, 0]);
  });

  it('writes what was noted in a state that was replaced as of that one', async () => {
    const { journal, link, written } = linkJournal();
    begin(journal, '/before');
    link.generation = 2;
    begin(journal, '/behind');
    await link.write();
    expect(written.map(({ generation, entries }) => [generation, entries.map(toShown)])).toEqual([
      [1, [{ url: '/before', status: null, isNew: true }]],
      [2, [{ url: '/behind', status: null, isNew: true }]],
    ]);
  });

  it('lists what is under way once, noted or not', async () => {
    const { journal, link, written, control } = linkJournal();
    const undecided = new JournalEntry('/undecided', 'GET', '/undecided');
    journal.begin(undecided);
    begin(journal, '/noted');
    await link.write();
    const [text = ''] = written.flatMap(({ entries }) => entries.map((one) => one.text));
    control.part = { entries: [{ seq: 1, text }], place: '1', start: 0, first: 1, last: 1 };
    await link.read();
    expect(journal.list().map(({ seq, url }) => [seq, url])).toEqual([
      [1, '/noted'],
      [0, '/undecided'],
    ]);
    expect(journal.listAfter(0, 10)).toEqual({ entries: [], skipped: 0 });
  });

  it('waits with no more than the journal keeps, and not with what the table refuses', async () => {
    const { journal, link, written, control } = linkJournal();
    control.isFailing = true;
    for (let n = 0; n < 25; n++) begin(journal, `/${n}`);
    await expect(link.write()).rejects.toThrow('gone');
    control.isFailing = false;
    await link.write();
    const urls = () => written.flatMap(({ entries }) => entries.map((entry) => toShown(entry).url));
    expect(urls()).toEqual(Array.from({ length: 10 }, (_, n) => `/${n + 15}`));
    control.isFailing = true;
    control.error = new Error('refused');
    begin(journal, '/refused');
    await expect(link.write()).rejects.toThrow('refused');
    control.isFailing = false;
    begin(journal, '/next');
    await link.write();
    expect(urls().slice(10)).toEqual(['/next']);
  });
});
