import type { Database } from 'better-sqlite3';
import { now as realNow } from '../domain/real-time.ts';
import { buildGroupCommit } from './group-commit.ts';
import { readMigrations } from './migrate.ts';
import { buildMovedCheck } from './moved-files.ts';
import { IN_MEMORY, openDatabase } from './open-database.ts';
import { removeOwner, writeOwner } from './owner.ts';
import { States } from './states.ts';
import { toUnusable } from './storage-error.ts';
import { StorageHealth } from './storage-health.ts';
import type { Report, Store, Updated } from './store.ts';

export interface SqliteStoreOptions {
  /** A path, or `:memory:`. */
  file: string;
  /** The folder of the migrations. */
  migrations: string;
  /** Number of this process, and when it started: shown to whoever finds the file in use. */
  pid: number;
  since: string;
  report: Report;
  /** Milliseconds that only go forward; those of this machine unless given. */
  now?: () => number;
}

/**
 * Opens a store on one SQLite file, owned by this process alone.
 * @throws {StorageError} when the file cannot be used
 */
export function openSqliteStore(options: SqliteStoreOptions): Store {
  const db = openDatabase(options.file, readMigrations(options.migrations), options.report);
  try {
    return buildStore(db, options);
  } catch (error) {
    db.close();
    throw toUnusable(db.name, error);
  }
}

function buildStore(db: Database, { file, pid, since, report, now = realNow }: SqliteStoreOptions): Store {
  const states = new States(db);
  const checkFiles = file === IN_MEMORY ? () => {} : buildMovedCheck(db, file, now);
  // Where the files are moved, what they hold is brought to an end.
  const lookForFiles = () => {
    try {
      checkFiles();
    } catch {}
  };
  const health = new StorageHealth({
    file,
    report,
    now,
    checkFiles,
    tryRead: () => db.prepare('SELECT 1 FROM sandboxes').get(),
    // The smallest write: one page, with what is there already.
    tryWrite: () => writes.run(() => db.pragma(`user_version = ${db.pragma('user_version', { simple: true })}`)),
  });
  /** Whether the transaction has written anything. */
  let hasWritten = false;
  const writes = buildGroupCommit(db, {
    beforeCommit: checkFiles,
    afterCommit: () => {
      if (hasWritten) health.endWriteProblem();
      hasWritten = false;
    },
    afterRollback: () => {
      hasWritten = false;
      states.forget();
      lookForFiles();
    },
    explain: (error) => health.explainWrite(error),
  });
  const read = async <T>(work: () => T): Promise<T> => health.read(work);
  const update = <T>(work: () => Updated<T>): Promise<Updated<T>> =>
    writes.run(() => {
      const updated = work();
      hasWritten ||= updated.after !== updated.before;
      return updated;
    });
  /** Work of several statements, which takes its own back when it throws. */
  const writeMany = (work: () => void): Promise<void> => {
    const inSavepoint = db.transaction(work);
    return writes.run(() => {
      inSavepoint();
      hasWritten = true;
    });
  };
  let owner: string | undefined;
  const announce = (url: string | null) => {
    if (file !== IN_MEMORY) owner = writeOwner(db.name, pid, since, url);
  };
  announce(null);
  return {
    announce,
    canWrite: () => health.canWrite(),
    canRead: () => health.canRead(),
    find: (keyHash) => read(() => states.find(keyHash)),
    findSandbox: (sandboxId) => read(() => states.findSandbox(sandboxId)),
    findOrganization: (sandboxId, id) => read(() => states.findOrganization(sandboxId, id)),
    findSnapshot: (sandboxId, name) => read(() => states.findSnapshot(sandboxId, name)),
    listOrganizations: (sandboxId, filter) => read(() => states.listOrganizations(sandboxId, filter)),
    listApiKeys: (sandboxId, filter) => read(() => states.listApiKeys(sandboxId, filter)),
    updateOrganization: (sandboxId, id, change) => update(() => states.updateOrganization(sandboxId, id, change)),
    updateSettings: (sandboxId, change) => update(() => states.updateSettings(sandboxId, change)),
    put: (sandboxId, state, options = {}) => writeMany(() => states.put(sandboxId, state, options)),
    grant: (sandboxId, apiKeys) => writeMany(() => states.grant(sandboxId, apiKeys)),
    lend: (sandboxId, apiKey) => states.lend(sandboxId, apiKey),
    close: async () => {
      writes.close();
      lookForFiles();
      if (owner !== undefined) removeOwner(db.name, owner);
      db.close();
    },
  };
}
