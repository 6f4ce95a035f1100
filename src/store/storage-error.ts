import { codeOf } from '../domain/errors.ts';
import { StorageError } from './errors.ts';
import { describeOwner } from './owner.ts';

export const broken = (file: string) =>
  new StorageError(
    `${file}: the database is damaged: put a copy in its place, delete it, or choose another with --db`,
    'the database is damaged',
  );

export const foreign = (file: string) =>
  new StorageError(`${file}: is not a database of mixpeek-mock: choose another file with --db`);

/** @throws {StorageError} for a database that a newer program has written */
export function checkVersion(file: string, version: number, newest: number): void {
  if (version <= newest) return;
  throw new StorageError(
    `${file}: is of version ${version}, this program knows ${newest} at most: use a newer mixpeek-mock, or another file with --db`,
  );
}

/** What the machine or the file does not let SQLite do, as one line for a person; anything else comes back as it is. */
export function toStorageError(file: string, error: unknown): unknown {
  if (error instanceof StorageError) return error;
  const code = codeOf(error);
  if (code.startsWith('SQLITE_BUSY')) {
    return new StorageError(
      `${file}: is in use by ${describeOwner(file)}: stop it, or choose another file with --db`,
      'the database is in use by another process',
    );
  }
  if (code.startsWith('SQLITE_CORRUPT') || code.startsWith('SQLITE_NOTADB')) return broken(file);
  if (code.startsWith('SQLITE_FULL')) {
    return new StorageError(
      `${file}: cannot be written (${code}): the disk is full: make room, or choose another file with --db`,
      'the disk is full',
    );
  }
  // A lock on a read-only file system is an I/O error.
  if (/^SQLITE_(?:READONLY|CANTOPEN|PERM|IOERR_LOCK)/.test(code)) {
    return new StorageError(
      `${file}: cannot be written (${code}): make it writable, or choose another file with --db`,
      'the database cannot be written',
    );
  }
  if (code.startsWith('SQLITE_IOERR')) {
    return new StorageError(
      `${file}: cannot be read or written (${code}): look after the disk, or choose another file with --db`,
      'the disk reports an error',
    );
  }
  return error;
}

/** Why a database cannot be opened, as one line for a person: whatever SQLite says. */
export function toUnusable(file: string, error: unknown): unknown {
  const code = codeOf(error);
  if (code === 'ERR_DLOPEN_FAILED' || code.startsWith('Could not locate the bindings file')) {
    return new StorageError(
      'better-sqlite3 was not built for this Node: run `npm rebuild better-sqlite3`, or allow its install script (`npm install-scripts approve better-sqlite3`)',
    );
  }
  const known = toStorageError(file, error);
  if (known instanceof StorageError || !code.startsWith('SQLITE_')) return known;
  return new StorageError(`${file}: cannot be used (${(error as Error).message}): choose another file with --db`);
}
