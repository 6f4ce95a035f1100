import { closeSync, mkdirSync, openSync, readSync, realpathSync, type Stats, writeFileSync } from 'node:fs';
import { platform } from 'node:os';
import { dirname, join } from 'node:path';
import { codeOf } from '../domain/errors.ts';
import { type Report, StorageError } from './errors.ts';
import { APPLICATION_ID } from './migrate.ts';
import { findStats } from './moved-files.ts';
import { PRIVATE } from './owner.ts';
import { checkVersion, foreign } from './storage-error.ts';

const PRIVATE_FOLDER = 0o700;
const READABLE_BY_OTHERS = 0o004;

/**
 * Makes the file where there is none, else makes sure that it is ours, without opening it as a database.
 * @param newest the newest version of the database that this program knows
 * @returns the path behind all links: SQLite's own files are beside it
 * @throws {StorageError} when the path cannot be that of a database of ours; nothing is changed then
 */
export function prepareFile(file: string, newest: number, report: Report): string {
  checkName(file);
  return orRefuse(`${file}: cannot be read`, () => {
    const stats = findStats(file);
    if (stats === undefined) return makeFile(file);
    checkKind(file, stats);
    const path = realpathSync(file);
    checkName(path);
    checkHeader(file, path, newest);
    if ((stats.mode & READABLE_BY_OTHERS) !== 0 && platform() !== 'win32') {
      report('warn', `${file}: other users of this machine can read it; chmod 600 ends that`);
    }
    return path;
  });
}

/** What the work gives; what the system refuses is a {@link StorageError} that begins with the problem. */
function orRefuse<T>(problem: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof StorageError) throw error;
    throw new StorageError(`${problem} (${codeOf(error)}): choose another file with --db`);
  }
}

/** What SQLite, its binding or a shell would take for another file than the one that is meant. */
const WRONG_NAMES: [isWrong: (file: string) => boolean, problem: string][] = [
  [(file) => file.trim() === '', 'a path is expected, or :memory:'],
  [(file) => file.trim() !== file, 'whitespace at either end of a path is not allowed'],
  [(file) => file.includes('\0'), 'a path has no NUL characters'],
  [(file) => /^file:/i.test(file), 'is a URI, and a path is expected'],
  [(file) => /^~(?:[/\\]|$)/.test(file), '~ is your home only in a shell, and not behind =: write the whole path'],
  [(file) => file.startsWith(':'), 'is not a path; :memory: keeps nothing'],
  [(file) => /[/\\]$/.test(file), 'is a folder: name a file in it'],
];

function checkName(file: string): void {
  const problem = WRONG_NAMES.find(([isWrong]) => isWrong(file))?.[1];
  if (problem !== undefined) throw new StorageError(`--db ${JSON.stringify(file)}: ${problem}`);
}

/** Opening a FIFO would wait for a writer, and reading a device might never end. */
function checkKind(file: string, stats: Stats): void {
  if (stats.isDirectory()) throw new StorageError(`${file}: is a folder: name a file in it with --db`);
  if (!stats.isFile()) throw new StorageError(`${file}: is not a regular file: choose another with --db`);
}

function makeFile(file: string): string {
  checkJournal(file);
  const folder = dirname(file);
  orRefuse(`${folder}: the folder cannot be made`, () => {
    // What lies in a folder of our own making is nobody's source code.
    const made = mkdirSync(folder, { recursive: true, mode: PRIVATE_FOLDER });
    if (made !== undefined) writeFileSync(join(folder, '.gitignore'), '*\n');
  });
  orRefuse(`${file}: cannot be made`, () => closeSync(openSync(file, 'a', PRIVATE)));
  return realpathSync(file);
}

/** Looks at the first bytes only, so that a file which is not ours is not even opened as a database: that may change it. */
function checkHeader(file: string, path: string, newest: number): void {
  const header = readHeader(path);
  if (header.length === 0) {
    checkJournal(path);
    return;
  }
  const isSqlite = header.toString('latin1').startsWith('SQLite format 3\0');
  if (!isSqlite || header.length < HEADER_LENGTH || header.readUInt32BE(68) !== APPLICATION_ID) throw foreign(file);
  checkVersion(file, header.readUInt32BE(60), newest);
}

/** Beside a file that has nothing in it: SQLite would remove it, and it may be all that is left of another program's data. */
function checkJournal(path: string): void {
  const journal = findStats(`${path}-journal`);
  if (journal === undefined || journal.size === 0) return;
  throw new StorageError(
    `${path}-journal: is the journal of another database: remove it, or choose another file with --db`,
  );
}

const HEADER_LENGTH = 100;

function readHeader(path: string): Buffer {
  const header = Buffer.alloc(HEADER_LENGTH);
  const descriptor = openSync(path, 'r');
  try {
    return header.subarray(0, readSync(descriptor, header));
  } finally {
    closeSync(descriptor);
  }
}
