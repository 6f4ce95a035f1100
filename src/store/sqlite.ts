import type { Database } from 'better-sqlite3';
import type { ApiKey } from '../domain/api-key.ts';
import { timeOf } from '../domain/clock.ts';
import type { Organization } from '../domain/organization.ts';
import { now as realNow } from '../domain/real-time.ts';
import type { Settings, State } from '../domain/state.ts';
import { CachedTables } from './cached-tables.ts';
import { GroupCommit } from './group-commit.ts';
import { readMigrations } from './migrate.ts';
import { buildMovedCheck } from './moved-files.ts';
import { IN_MEMORY, openDatabase } from './open-database.ts';
import { removeOwner, writeOwner } from './owner.ts';
import type { KeptSandbox } from './state-tables.ts';
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
  private readonly state: CachedTables;
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
    this.state = new CachedTables(db, (work) => health.read(work));
    this.writes = new GroupCommit(db, {
      beforeCommit: checkFiles,
      afterCommit: () => {
        if (this.hasWritten) health.endWriteProblem();
        this.hasWritten = false;
      },
      afterRollback: () => {
        this.hasWritten = false;
        this.state.forgetAll();
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

  async find(keyHash: string): Promise<Found | undefined> {
    const key = this.state.findKey(keyHash);
    if (key === undefined) return undefined;
    const { sandbox_id, api_key } = key;
    const sandbox = this.state.findSandbox(sandbox_id);
    const organization = this.state.findOrganization(sandbox_id, api_key.organization_id);
    if (sandbox === undefined || organization === undefined) return undefined;
    const { settings, generation, seed } = sandbox;
    return { sandbox_id, settings, generation, now: timeOf(settings.clock), seed, api_key, organization };
  }

  async findSandbox(sandboxId: string): Promise<FoundSandbox | undefined> {
    const sandbox = this.state.findSandbox(sandboxId);
    return sandbox && { sandbox_id: sandboxId, ...sandbox, now: timeOf(sandbox.settings.clock) };
  }

  async findOrganization(sandboxId: string, organizationId: string): Promise<Organization | undefined> {
    return this.state.findOrganization(sandboxId, organizationId);
  }

  async findSnapshot(sandboxId: string, name: string): Promise<State | undefined> {
    return this.health.read(() => this.state.tables.findSnapshot(sandboxId, name));
  }

  async listOrganizations(sandboxId: string, filter: OrganizationFilter): Promise<Organization[]> {
    return this.health.read(() => this.state.tables.listOrganizations(sandboxId, filter));
  }

  async listApiKeys(sandboxId: string, filter: ApiKeyFilter): Promise<ApiKey[]> {
    const kept = this.health.read(() => this.state.tables.listApiKeys(sandboxId, filter));
    if (filter.api_key_id === undefined || kept.length > 0) return kept;
    const lent = this.state.findLentKey(sandboxId, filter.api_key_id);
    return lent === undefined ? [] : [lent];
  }

  updateOrganization(
    sandboxId: string,
    organizationId: string,
    change: (current: Organization | undefined, now: number) => Organization | undefined,
  ): Promise<Updated<Organization | undefined>> {
    return this.writes.run(() => {
      const { settings } = this.requireSandbox(sandboxId);
      const now = timeOf(settings.clock);
      const before = this.state.findOrganization(sandboxId, organizationId);
      const after = change(before, now);
      if (after !== before) {
        this.state.writeOrganization(sandboxId, before, after);
        this.hasWritten = true;
      }
      return { before, after, settings, now };
    });
  }

  updateSettings(sandboxId: string, change: (current: Settings, now: number) => Settings): Promise<Updated<Settings>> {
    return this.writes.run(() => {
      const sandbox = this.requireSandbox(sandboxId);
      const { settings: before } = sandbox;
      const now = timeOf(before.clock);
      const after = change(before, now);
      if (after !== before) {
        this.state.writeSettings(sandboxId, sandbox, after);
        this.hasWritten = true;
      }
      return { before, after, settings: after, now };
    });
  }

  put(sandboxId: string, state: State, options: PutOptions = {}): Promise<void> {
    return this.writeMany(() => this.state.tables.replace(sandboxId, state, options));
  }

  grant(sandboxId: string, apiKeys: ApiKey[]): Promise<void> {
    return this.writeMany(() => this.state.tables.grant(sandboxId, apiKeys));
  }

  lend(sandboxId: string, apiKey: ApiKey): void {
    this.state.lend({ sandbox_id: sandboxId, api_key: apiKey });
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

  /** Work of several statements, which takes its own back when it throws. */
  private writeMany(work: () => void): Promise<void> {
    const inSavepoint = this.db.transaction(work);
    return this.writes.run(() => {
      this.state.forgetAll();
      inSavepoint();
      this.hasWritten = true;
    });
  }

  private requireSandbox(sandboxId: string): KeptSandbox {
    const sandbox = this.state.findSandbox(sandboxId);
    if (sandbox === undefined) throw new Error(`there is no sandbox ${sandboxId}`);
    return sandbox;
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
