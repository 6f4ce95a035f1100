import type { Database } from 'better-sqlite3';
import type { ApiKey } from '../domain/api-key.ts';
import type { Organization } from '../domain/organization.ts';
import { now as realNow } from '../domain/real-time.ts';
import type { Settings, State } from '../domain/state.ts';
import { GroupCommit } from './group-commit.ts';
import { readMigrations } from './migrate.ts';
import { buildMovedCheck } from './moved-files.ts';
import { IN_MEMORY, openDatabase } from './open-database.ts';
import { removeOwner, writeOwner } from './owner.ts';
import { States } from './states.ts';
import { toUnusable } from './storage-error.ts';
import { StorageHealth } from './storage-health.ts';
import type {
  ApiKeyFilter,
  Found,
  FoundSandbox,
  OrganizationFilter,
  PutOptions,
  Report,
  Store,
  Updated,
  Updater,
} from './store.ts';

export interface SqliteStoreOptions {
  /** A path, or `:memory:`. */
  file: string;
  /** The folder of the migrations. */
  migrations: string;
  /** Number of this process, and when it started: told to whoever finds the file in use. */
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
    const store = new SqliteStore(db, options);
    store.announce(null);
    return store;
  } catch (error) {
    db.close();
    throw toUnusable(db.name, error);
  }
}

class SqliteStore implements Store {
  private readonly db: Database;
  private readonly options: SqliteStoreOptions;
  private readonly states: States;
  private readonly checkFiles: () => void;
  private readonly health: StorageHealth;
  private readonly writes: GroupCommit;
  /** Whether the transaction has written anything. */
  private hasWritten = false;
  private owner: string | undefined;

  constructor(db: Database, options: SqliteStoreOptions) {
    this.db = db;
    this.options = options;
    const { file, report, now = realNow } = options;
    const checkFiles = file === IN_MEMORY ? () => {} : buildMovedCheck(db, file, now);
    this.checkFiles = checkFiles;
    const health = new StorageHealth({
      file,
      report,
      now,
      checkFiles,
      tryRead: () => db.prepare('SELECT 1 FROM sandboxes').get(),
      tryWrite: () => this.writes.run(() => writeSomething(db)),
    });
    this.health = health;
    this.states = new States(db);
    this.writes = new GroupCommit(db, {
      beforeCommit: checkFiles,
      afterCommit: () => {
        if (this.hasWritten) health.endWriteProblem();
        this.hasWritten = false;
      },
      afterRollback: () => {
        this.hasWritten = false;
        this.states.forget();
        this.lookForFiles();
      },
      explain: (error) => health.explainWrite(error),
    });
  }

  canWrite(): Promise<boolean> {
    return this.health.canWrite();
  }

  canRead(): Promise<boolean> {
    return this.health.canRead();
  }

  find(keyHash: string): Promise<Found | undefined> {
    return this.read(() => this.states.find(keyHash));
  }

  findSandbox(sandboxId: string): Promise<FoundSandbox | undefined> {
    return this.read(() => this.states.findSandbox(sandboxId));
  }

  findOrganization(sandboxId: string, organizationId: string): Promise<Organization | undefined> {
    return this.read(() => this.states.findOrganization(sandboxId, organizationId));
  }

  findSnapshot(sandboxId: string, name: string): Promise<State | undefined> {
    return this.read(() => this.states.findSnapshot(sandboxId, name));
  }

  listOrganizations(sandboxId: string, filter: OrganizationFilter): Promise<Organization[]> {
    return this.read(() => this.states.listOrganizations(sandboxId, filter));
  }

  listApiKeys(sandboxId: string, filter: ApiKeyFilter): Promise<ApiKey[]> {
    return this.read(() => this.states.listApiKeys(sandboxId, filter));
  }

  updateOrganization(
    sandboxId: string,
    organizationId: string,
    change: Updater<Organization | undefined>,
  ): Promise<Updated<Organization | undefined>> {
    return this.update(() => this.states.updateOrganization(sandboxId, organizationId, change));
  }

  updateSettings(sandboxId: string, change: Updater<Settings>): Promise<Updated<Settings>> {
    return this.update(() => this.states.updateSettings(sandboxId, change));
  }

  put(sandboxId: string, state: State, options: PutOptions = {}): Promise<void> {
    return this.writeMany(() => this.states.put(sandboxId, state, options));
  }

  grant(sandboxId: string, apiKeys: ApiKey[]): Promise<void> {
    return this.writeMany(() => this.states.grant(sandboxId, apiKeys));
  }

  lend(sandboxId: string, apiKey: ApiKey): void {
    this.states.lend(sandboxId, apiKey);
  }

  announce(url: string | null): void {
    const { file, pid, since } = this.options;
    if (file !== IN_MEMORY) this.owner = writeOwner(this.db.name, pid, since, url);
  }

  async close(): Promise<void> {
    this.writes.close();
    this.lookForFiles();
    if (this.owner !== undefined) removeOwner(this.db.name, this.owner);
    this.db.close();
  }

  private async read<T>(work: () => T): Promise<T> {
    return this.health.read(work);
  }

  private update<T>(work: () => Updated<T>): Promise<Updated<T>> {
    return this.writes.run(() => {
      const updated = work();
      this.hasWritten ||= updated.after !== updated.before;
      return updated;
    });
  }

  /** Work of several statements, which takes its own back when it throws. */
  private writeMany(work: () => void): Promise<void> {
    const inSavepoint = this.db.transaction(work);
    return this.writes.run(() => {
      inSavepoint();
      this.hasWritten = true;
    });
  }

  /** Where the files are moved, what they hold is brought to an end. */
  private lookForFiles(): void {
    try {
      this.checkFiles();
    } catch {}
  }
}

/** The smallest write: one page, with what is there already. */
function writeSomething(db: Database): void {
  db.pragma(`user_version = ${db.pragma('user_version', { simple: true })}`);
}
