import { statSync } from 'node:fs';
import { StorageError } from './store.ts';

/**
 * A check that the database and its write-ahead log still stand where they were opened. SQLite goes on writing to files
 * that were removed or replaced, and the next start would find none of it.
 * @returns throws {@link StorageError} when either is gone or another
 */
export function buildMovedCheck(file: string): () => void {
  const opened = [file, `${file}-wal`].map((path) => ({ path, stats: findStats(path) }));
  return () => {
    for (const { path, stats } of opened) {
      const now = findStats(path);
      if (now?.ino === stats?.ino && now?.dev === stats?.dev) continue;
      const what = now === undefined ? 'removed' : 'replaced';
      throw new StorageError(
        `${path}: was ${what} while this server had it open: put it back, or start the server again`,
        `the database file was ${what}`,
      );
    }
  };
}

/** Undefined where there is no such file. */
const findStats = (path: string) => statSync(path, { throwIfNoEntry: false });
