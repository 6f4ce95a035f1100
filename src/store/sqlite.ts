import type { Database } from 'better-sqlite3';
import { now as realNow } from '../domain/real-time.ts';
import type { Report } from './errors.ts';
import { buildGroupCommit } from './group-commit.ts';
import { readMigrations } from './migrate.ts';
import { buildMovedCheck } from './moved-files.ts';
import { IN_MEMORY, openDatabase } from './open-database.ts';
import { removeOwner, writeOwner } from './owner.ts';
import { Rows } from './rows.ts';
import { Slices } from './slices.ts';
import { States } from './states.ts';
import { toUnusable } from './storage-error.ts';
import { StorageHealth } from './storage-health.ts';
import type { NewSandbox, Store, Updated } from './store.ts';
import { CURRENT } from './table.ts';
import { WholeStates } from './whole-states.ts';

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
  const whole = new WholeStates(rows, states);
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
  /** Work of several statements, which takes its own back when it throws. */
  const writeMany = <T>(work: () => T): Promise<T> => {
    const inSavepoint = db.transaction(work);
    return writes.run(() => {
      const done = inSavepoint();
      hasWritten = true;
      return done;
    });
  };
  const slices = new Slices({
    write: writeMany,
    abandon: (sandboxIds) => whole.abandon(sandboxIds),
    removeUnused: () => rows.removeUnused(),
    hasUnused: () => rows.hasUnused(),
  });
  const update = <T>(sandboxId: string, work: () => Updated<T>): Promise<Updated<T>> => {
    const free = slices.whenFree(sandboxId);
    if (free !== undefined) return free.then(() => update(sandboxId, work));
    return writes.run(() => {
      const updated = work();
      hasWritten ||= updated.after !== updated.before;
      return updated;
    });
  };
  /** In one slice, after what is under way. */
  const writeAlone = <T>(sandboxIds: readonly string[], work: () => T): Promise<T> =>
    slices.run(sandboxIds, function* () {
      yield;
      return work();
    });
  rows.abandonAll();
  slices.collect();
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
    pageOrganizations: (sandboxId, after, limit) =>
      read(() => states.page(sandboxId, rows.organizations, after, limit)),
    pageApiKeys: (sandboxId, after, limit) => read(() => states.page(sandboxId, rows.apiKeys, after, limit)),
    pageSandboxes: (after, limit) => read(() => rows.sandboxes.page(after, limit)),
    listSandbox: (sandboxId) => read(() => rows.sandboxes.list(sandboxId)),
    listExpired: (before) => read(() => rows.sandboxes.listExpired(before)),
    readSettings: (sandboxId, snapshot) =>
      read(() => {
        const state = rows.findState(sandboxId, snapshot);
        return state && rows.readSettings(state);
      }),
    readState: (sandboxId, snapshot = CURRENT) => read(() => rows.readState(sandboxId, snapshot)),
    listSnapshots: (sandboxId) => read(() => rows.listSnapshots(sandboxId)),
    updateOrganization: (sandboxId, id, change) =>
      update(sandboxId, () => states.updateOrganization(sandboxId, id, change)),
    updateApiKey: (sandboxId, id, change) => update(sandboxId, () => states.updateApiKey(sandboxId, id, change)),
    updateSettings: (sandboxId, change) => update(sandboxId, () => states.updateSettings(sandboxId, change)),
    create: (sandboxes, max) => slices.run(sandboxes.map(toId), () => whole.create(sandboxes, max)),
    remove: (sandboxIds) =>
      writeAlone(sandboxIds, () => {
        const removed = sandboxIds.filter((sandboxId) => rows.sandboxes.remove(sandboxId));
        states.forget();
        return removed;
      }),
    put: (sandboxId, state, options = {}) =>
      // A state that is the only one is that of a start, which answers nobody yet.
      slices.run([sandboxId], () => whole.put(sandboxId, state, options), options.isOnly),
    saveSnapshot: (sandboxId, name) => slices.run([sandboxId], () => whole.saveSnapshot(sandboxId, name)),
    restore: (sandboxId, name, change) => slices.run([sandboxId], () => whole.restore(sandboxId, name, change)),
    removeSnapshot: (sandboxId, name) => writeAlone([sandboxId], () => rows.removeSnapshot(sandboxId, name)),
    record: (uses) =>
      writeMany(() => {
        for (const use of uses) {
          rows.sandboxes.record(use);
          states.forgetSandbox(use.sandbox_id);
        }
      }),
    grant: (sandboxId, apiKeys) => writeAlone([sandboxId], () => states.grant(sandboxId, apiKeys)),
    lend: (sandboxId, apiKey) => states.lend(sandboxId, apiKey),
    close: async () => {
      writes.close();
      lookForFiles();
      if (owner !== undefined) removeOwner(db.name, owner);
      db.close();
    },
  };
}

const toId = ({ sandbox_id }: NewSandbox) => sandbox_id;
