import { closeSync, openSync, renameSync, rmSync } from 'node:fs';
import Sqlite, { type Database } from 'better-sqlite3';
import { prepareFile } from './database-file.ts';
import type { Report } from './errors.ts';
import { APPLICATION_ID, type Migration, migrate } from './migrate.ts';
import { PRIVATE } from './owner.ts';
import { checkRunningNode } from './running-node.ts';
import { broken, checkVersion, foreign, toUnusable } from './storage-error.ts';

export const IN_MEMORY = ':memory:';

/** How long a start waits for a process that is just letting go of the file, in milliseconds. */
const BUSY_TIMEOUT_MS = 500;
/** A database up to this size is checked as a whole when it is opened: some milliseconds. */
const CHECKED_PAGES = 2048;

/**
 * Opens the database file for this process alone, and brings it to the newest version. A file that cannot be used is
 * left as it is.
 * @throws {StorageError} when it is not a database of ours, newer than this program, broken, not writable, or owned by
 *   another process
 */
export function openDatabase(file: string, migrations: Migration[], report: Report): Database {
  checkRunningNode();
  const path = file === IN_MEMORY ? file : prepareFile(file, migrations.length, report);
  let db: Database | undefined;
  try {
    db = new Sqlite(path, { timeout: BUSY_TIMEOUT_MS });
    claim(db);
    const version = Number(db.pragma('user_version', { simple: true }));
    checkVersion(path, version, migrations.length);
    checkContent(db, version);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = NORMAL');
    db.pragma('foreign_keys = ON');
    // A large transaction keeps what it may have to take back in a temporary file, and a container may have no place for one.
    db.pragma('temp_store = MEMORY');
    // In KiB, taken as a large database needs it: without it a seed of 100,000 organizations takes 6 % longer.
    db.pragma('cache_size = -16000');
    if (version > 0 && version < migrations.length) keepCopy(db, version);
    if (version < migrations.length) {
      migrate(db, migrations);
      // The version is now in the header of the file itself, where the next start looks before it opens.
      db.pragma('wal_checkpoint(TRUNCATE)');
    }
    return db;
  } catch (error) {
    db?.close();
    throw toUnusable(path, error);
  }
}

/**
 * Takes the lock that keeps every other process out, and fails at once where it cannot be written. An empty file becomes
 * ours: before anything goes to the write-ahead log, so that the header of the file always says whose it is, and without
 * a journal in a file, so that a start that is killed here leaves an empty file or one page that is ours.
 */
function claim(db: Database): void {
  db.pragma('locking_mode = EXCLUSIVE');
  const isEmpty = db.pragma('page_count', { simple: true }) === 0;
  if (isEmpty) db.pragma('journal_mode = MEMORY');
  db.exec('BEGIN IMMEDIATE; ROLLBACK');
  if (isEmpty) db.pragma(`application_id = ${APPLICATION_ID}`);
}

function checkContent(db: Database, version: number): void {
  const tables = Number(db.prepare("SELECT count(*) FROM sqlite_schema WHERE type = 'table'").pluck().get());
  if (version === 0 && tables > 0) throw foreign(db.name);
  if (Number(db.pragma('page_count', { simple: true })) > CHECKED_PAGES) return;
  const verdict = db.pragma('quick_check(1)', { simple: true });
  if (verdict !== 'ok') throw broken(db.name);
}

/** A copy of an older version, as it was, beside the file. */
function keepCopy(db: Database, version: number): void {
  const copy = `${db.name}.version-${version}`;
  const unfinished = `${copy}.unfinished`;
  rmSync(unfinished, { force: true });
  // SQLite takes an empty file too, and would make one that others can read.
  closeSync(openSync(unfinished, 'wx', PRIVATE));
  db.prepare('VACUUM INTO ?').run(unfinished);
  renameSync(unfinished, copy);
}
