import type { Database } from 'better-sqlite3';
import { conflict } from '../domain/errors.ts';
import { now as realNow } from '../domain/real-time.ts';
import { buildGroupCommit } from './group-commit.ts';
import { readMigrations } from './migrate.ts';
import { buildMovedCheck } from './moved-files.ts';
import { IN_MEMORY, openDatabase } from './open-database.ts';
import { removeOwner, writeOwner } from './owner.ts';
import { Rows } from './rows.ts';
import { States } from './states.ts';
import { toUnusable } from './storage-error.ts';
import { StorageHealth } from './storage-health.ts';
import type { Report, Store, Updated } from './store.ts';
import { CURRENT } from './table.ts';

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
  const rows = new Rows(db);
  const states = new States(rows);
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
  const writeMany = <T>(work: () => T): Promise<T> => {
    const inSavepoint = db.transaction(work);
    return writes.run(() => {
      const done = inSavepoint();
      hasWritten = true;
      return done;
    });
  };
  const requireSandbox = (sandboxId: string) => states.requireSandbox(sandboxId);
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
    listOrganizations: (sandboxId, filter) => read(() => states.listOrganizations(sandboxId, filter)),
    listApiKeys: (sandboxId, filter) => read(() => states.listApiKeys(sandboxId, filter)),
    pageOrganizations: (sandboxId, after, limit) => read(() => rows.organizations.page(sandboxId, after, limit)),
    pageApiKeys: (sandboxId, after, limit) => read(() => rows.apiKeys.page(sandboxId, after, limit)),
    pageSandboxes: (after, limit) => read(() => rows.sandboxes.page(after, limit)),
    listSandbox: (sandboxId) => read(() => rows.sandboxes.list(sandboxId)),
    listExpired: (before) => read(() => rows.sandboxes.listExpired(before)),
    readSettings: (sandboxId, snapshot) => read(() => rows.readSettings(sandboxId, snapshot)),
    readState: (sandboxId, snapshot = CURRENT) => read(() => rows.readState(sandboxId, snapshot)),
    listSnapshots: (sandboxId) => read(() => rows.listSnapshots(sandboxId)),
    updateOrganization: (sandboxId, id, change) => update(() => states.updateOrganization(sandboxId, id, change)),
    updateApiKey: (sandboxId, id, change) => update(() => states.updateApiKey(sandboxId, id, change)),
    updateSettings: (sandboxId, change) => update(() => states.updateSettings(sandboxId, change)),
    create: (sandboxes, max) =>
      writeMany(() => {
        for (const sandbox of sandboxes) {
          states.requireFree(sandbox.sandbox_id, sandbox.state.api_keys);
          rows.create(sandbox);
          states.forgetSandbox(sandbox.sandbox_id);
        }
        const count = rows.sandboxes.count();
        if (count > max) throw tooMany(count, max);
      }),
    remove: (sandboxIds) =>
      writeMany(() => {
        const removed = sandboxIds.filter((sandboxId) => rows.sandboxes.remove(sandboxId));
        states.forget();
        return removed;
      }),
    put: (sandboxId, state, options = {}) =>
      writeMany(() => {
        if (options.isFirst && states.findSandbox(sandboxId) !== undefined) return false;
        if (options.isOnly) {
          rows.sandboxes.removeOthers(sandboxId);
          states.forget();
        }
        if (options.initial === undefined) requireSandbox(sandboxId);
        states.requireFree(sandboxId, state.api_keys);
        // A state that a reset goes back to is of another start, whose flags grant keys of their own.
        const work = () => rows.put(sandboxId, state, options);
        if (options.initial === undefined) {
          states.replace(sandboxId, options.granted ?? [], work);
          return true;
        }
        work();
        states.forgetSandbox(sandboxId);
        states.grant(sandboxId, options.granted ?? []);
        return true;
      }),
    saveSnapshot: (sandboxId, name) =>
      writeMany(() => {
        requireSandbox(sandboxId);
        rows.saveSnapshot(sandboxId, name);
      }),
    restore: (sandboxId, name, change) =>
      writeMany(() => states.replace(sandboxId, [], () => rows.restore(sandboxId, name, change))),
    removeSnapshot: (sandboxId, name) => writeMany(() => rows.removeSnapshot(sandboxId, name)),
    record: (uses) =>
      writeMany(() => {
        for (const use of uses) {
          rows.sandboxes.record(use);
          states.forgetSandbox(use.sandbox_id);
        }
      }),
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

function tooMany(count: number, max: number) {
  const hint = 'DELETE some, give them a ttl_seconds, or start with a higher --max-sandboxes';
  return conflict(`There would be ${count} sandboxes, and ${max} are allowed`, hint, { max_sandboxes: max });
}
