import { closeSync, existsSync, mkdirSync, openSync, readSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import { APPLICATION_ID, type Migration, migrate } from './migrate.ts';
import { broken, codeOf, toUnusable } from './storage-error.ts';
import { StorageError } from './store.ts';

export const IN_MEMORY = ':memory:';

/** How long a start waits for a process that is just letting go of the file, in milliseconds. */
const BUSY_TIMEOUT_MS = 500;
/** A database up to this size is checked as a whole when it is opened: some milliseconds. */
const CHECKED_PAGES = 2048;

/**
 * Opens the database file for this process alone, and brings it to the newest version. A file that cannot be used is
 * left as it is.
 * @throws {StorageError} when it is no database of ours, newer than this program, broken, not writable, or owned by
 *   another process
 */
export function openDatabase(file: string, migrations: Migration[]): Database {
  const isNew = file === IN_MEMORY || !existsSync(file);
  if (file !== IN_MEMORY) {
    prepareFolder(dirname(file));
    if (!isNew) checkHeader(file, migrations.length);
  }
  let db: Database | undefined;
  try {
    db = new Sqlite(file, { timeout: BUSY_TIMEOUT_MS });
    claim(db);
    const version = Number(db.pragma('user_version', { simple: true }));
    checkVersion(file, version, migrations.length);
    checkContent(db, version);
    // Before anything goes to the write-ahead log, so that the header of the file always tells whose it is.
    if (version === 0) db.pragma(`application_id = ${APPLICATION_ID}`);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = NORMAL');
    db.pragma('foreign_keys = ON');
    if (version > 0 && version < migrations.length) keepCopy(db, version);
    if (version < migrations.length) {
      migrate(db, migrations);
      // The version now stands in the header of the file itself, where the next start looks before it opens.
      db.pragma('wal_checkpoint(TRUNCATE)');
    }
    return db;
  } catch (error) {
    db?.close();
    throw toUnusable(file, error);
  }
}

function prepareFolder(folder: string): void {
  try {
    // What lies in a folder of our own making is nobody's source code.
    if (mkdirSync(folder, { recursive: true }) !== undefined) writeFileSync(join(folder, '.gitignore'), '*\n');
  } catch (error) {
    throw new StorageError(`${folder}: the folder cannot be made (${codeOf(error)}): choose another file with --db`);
  }
}

/** Looks at the first bytes only, so that a file which is not ours is not even opened as a database. */
function checkHeader(file: string, newest: number): void {
  const header = Buffer.alloc(100);
  let length: number;
  try {
    const descriptor = openSync(file, 'r');
    try {
      length = readSync(descriptor, header);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw new StorageError(`${file}: cannot be read (${codeOf(error)}): choose another file with --db`);
  }
  // A journal beside the file is of a first start that was killed: what the header says is yet to be taken back.
  if (length === 0 || existsSync(`${file}-journal`)) return;
  const isSqlite = header.toString('latin1').startsWith('SQLite format 3\0');
  if (!isSqlite || header.readUInt32BE(68) !== APPLICATION_ID) {
    throw new StorageError(`${file}: is no database of mixpeek-mock: choose another file with --db`);
  }
  checkVersion(file, header.readUInt32BE(60), newest);
}

function checkVersion(file: string, version: number, newest: number): void {
  if (version <= newest) return;
  throw new StorageError(
    `${file}: is of version ${version}, this program knows ${newest} at most: use a newer mixpeek-mock, or another file with --db`,
  );
}

/** Takes the lock that keeps every other process out, and fails at once where it cannot be written. */
function claim(db: Database): void {
  db.pragma('locking_mode = EXCLUSIVE');
  db.exec('BEGIN IMMEDIATE; ROLLBACK');
}

function checkContent(db: Database, version: number): void {
  const tables = Number(db.prepare("SELECT count(*) FROM sqlite_schema WHERE type = 'table'").pluck().get());
  if (version === 0 && tables > 0) {
    throw new StorageError(`${db.name}: is no database of mixpeek-mock: choose another file with --db`);
  }
  if (Number(db.pragma('page_count', { simple: true })) > CHECKED_PAGES) return;
  const verdict = db.pragma('quick_check(1)', { simple: true });
  if (verdict !== 'ok') throw broken(db.name);
}

/** A copy of an older version, as it was, beside the file. */
function keepCopy(db: Database, version: number): void {
  const copy = `${db.name}.version-${version}`;
  const unfinished = `${copy}.unfinished`;
  rmSync(unfinished, { force: true });
  db.prepare('VACUUM INTO ?').run(unfinished);
  renameSync(unfinished, copy);
}
