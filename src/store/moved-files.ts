import { type Stats, statSync } from 'node:fs';
import { StorageError } from './store.ts';

/**
 * A check that the database and its write-ahead log still stand where they were opened. SQLite goes on writing to files
 * that were removed or replaced, and the next start would find none of it.
 * @param file as it was named, and will be at the next start
 * @param path the same behind all links
 * @returns throws {@link StorageError} when either is gone or another
 */
export function buildMovedCheck(file: string, path: string): () => void {
  const opened = [file, `${path}-wal`].map((name) => ({ name, stats: findStats(name) }));
  return () => {
    for (const { name, stats } of opened) {
      const now = look(name, stats);
      if (now?.ino === stats?.ino && now?.dev === stats?.dev) continue;
      const what = now === undefined ? 'removed' : 'replaced';
      throw new StorageError(
        `${name}: was ${what} while this server had it open: put it back, or start the server again`,
        `the database file was ${what}`,
      );
    }
  };
}

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
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
    throw error;
  }
}
