import { type Stats, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Database } from 'better-sqlite3';
import { codeOf } from '../domain/errors.ts';
import { StorageError } from './errors.ts';

/** Longer than any file system takes to see that a folder has changed twice, in milliseconds. */
const SETTLED_MS = 3000;

/**
 * A check that the database and its write-ahead log still are where they were opened. SQLite goes on writing to files
 * that were removed or replaced, and the next start would find none of it. Every transaction asks: while their folder has
 * not changed for a while, a look at that is enough.
 * @param file as it was named, and will be at the next start
 * @param now real milliseconds
 * @returns throws {@link StorageError} when either is gone or another. Asked outside of a transaction it first puts what the
 *   log holds into the database, wherever that is now: SQLite would leave the log where it lies, and add it to whatever
 *   database is put beside it.
 */
export function buildMovedCheck(db: Database, file: string, now: () => number): () => void {
  const path = db.name;
  const opened = [file, `${path}-wal`].map((name) => ({ name, stats: findStats(name) }));
  const folder = dirname(path);
  const isLinked = resolve(file) !== path;
  let seen: { stats: Stats | undefined; at: number; isSettled: boolean } | undefined;
  return () => {
    const stats = look(folder, undefined);
    const isSame = stats?.mtimeMs === seen?.stats?.mtimeMs && isSameFile(stats, seen?.stats);
    if (isSame && seen?.isSettled) return;
    try {
      for (const { name, stats } of opened) checkFile(name, stats);
    } catch (error) {
      emptyLog(db);
      throw error;
    }
    if (seen === undefined || !isSame) seen = { stats, at: now(), isSettled: false };
    // A link may lie in another folder.
    else seen.isSettled = !isLinked && stats !== undefined && now() - seen.at >= SETTLED_MS;
  };
}

/** SQLite refuses it inside of a transaction, say: it is tried again when the files are looked for again. */
function emptyLog(db: Database): void {
  try {
    db.pragma('wal_checkpoint(TRUNCATE)');
  } catch {}
}

function checkFile(name: string, opened: Stats | undefined): void {
  const there = look(name, opened);
  if (isSameFile(there, opened)) return;
  const what = there === undefined ? 'removed' : 'replaced';
  throw new StorageError(
    `${name}: was ${what} while this server had it open: put it back, or start the server again`,
    `the database file was ${what}`,
  );
}

const isSameFile = (one: Stats | undefined, other: Stats | undefined) =>
  one?.ino === other?.ino && one?.dev === other?.dev;

/** Where nobody may look the files are still there: a folder whose permissions were taken away. */
function look(name: string, before: Stats | undefined): Stats | undefined {
  try {
    return findStats(name);
  } catch {
    return before;
  }
}

/** Undefined where there is no such file. */
export function findStats(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (codeOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}
