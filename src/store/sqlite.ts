import type { Database } from 'better-sqlite3';
import type { ApiKey } from '../domain/api-key.ts';
import { type ClockSetting, REAL_TIME } from '../domain/clock.ts';
import type { Organization } from '../domain/organization.ts';
import type { AccountType } from '../domain/rate-limits.ts';
import { now as realNow } from '../domain/real-time.ts';
import type { SeedOrigin, State } from '../domain/state.ts';
import { GroupCommit } from './group-commit.ts';
import { type FoundKey, KeyCache } from './key-cache.ts';
import { readMigrations } from './migrate.ts';
import { buildMovedCheck } from './moved-files.ts';
import { IN_MEMORY, openDatabase } from './open-database.ts';
import { OrganizationCache } from './organization-cache.ts';
import { removeOwner, writeOwner } from './owner.ts';
import { type ApiKeyRow, fromApiKey, fromOrganization, toApiKey, toOrganization } from './rows.ts';
import { prepareStatements } from './statements.ts';
import { toUnusable } from './storage-error.ts';
import { StorageHealth } from './storage-health.ts';
import type { FoundCaller, KeptSandbox, Report, Store } from './store.ts';

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
  private readonly statements: ReturnType<typeof prepareStatements>;
  private readonly checkFiles: () => void;
  private readonly health: StorageHealth;
  private readonly writes: GroupCommit;
  private readonly keys = new KeyCache();
  private readonly organizations = new OrganizationCache();
  private owner: string | undefined;

  constructor(db: Database, options: SqliteStoreOptions) {
    this.db = db;
    this.options = options;
    this.statements = prepareStatements(db);
    const { file, report, now = realNow } = options;
    const checkFiles = file === IN_MEMORY ? () => {} : buildMovedCheck(db, file, now);
    this.checkFiles = checkFiles;
    const health = new StorageHealth({
      file,
      report,
      now,
      checkFiles,
      tryRead: () => this.statements.selectAnything.get(),
      tryWrite: () => this.writes.run(() => writeSomething(db)),
    });
    this.health = health;
    this.writes = new GroupCommit(db, {
      beforeCommit: checkFiles,
      afterCommit: () => {
        if (this.organizations.end(true)) health.endWriteProblem();
      },
      afterRollback: () => {
        this.organizations.end(false);
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

  async findSandbox(sandboxId: string): Promise<KeptSandbox | undefined> {
    const row = this.health.read(() => this.statements.selectSandbox.get(sandboxId));
    if (row === undefined) return undefined;
    const { tiers, clock, seed } = row;
    return { tiers: JSON.parse(tiers), clock: JSON.parse(clock), seed: seed === null ? null : JSON.parse(seed) };
  }

  async setClock(sandboxId: string, clock: ClockSetting): Promise<void> {
    const update = this.db.prepare('UPDATE sandboxes SET clock = ? WHERE sandbox_id = ?');
    await this.writes.run(() => update.run(JSON.stringify(clock), sandboxId));
  }

  async findFirstState(sandboxId: string): Promise<State | undefined> {
    const select = this.db.prepare('SELECT first_state FROM sandboxes WHERE sandbox_id = ?').pluck();
    const text = this.health.read(() => select.get(sandboxId)) as string | null | undefined;
    return text ? JSON.parse(text) : undefined;
  }

  async findSomeApiKey(sandboxId: string): Promise<ApiKey | undefined> {
    const select = this.db.prepare('SELECT * FROM api_keys WHERE sandbox_id = ? ORDER BY rowid LIMIT 1');
    const row = this.health.read(() => select.get(sandboxId)) as ApiKeyRow | undefined;
    return row && toApiKey(row);
  }

  async findApiKeyById(sandboxId: string, apiKeyId: string): Promise<ApiKey | undefined> {
    const select = this.db.prepare('SELECT * FROM api_keys WHERE sandbox_id = ? AND api_key_id = ?');
    const row = this.health.read(() => select.get(sandboxId, apiKeyId)) as ApiKeyRow | undefined;
    return row === undefined ? this.keys.findLent(sandboxId, apiKeyId) : toApiKey(row);
  }

  async findOrganization(sandboxId: string, organizationId: string): Promise<Organization | undefined> {
    return this.committedOrganization(sandboxId, organizationId);
  }

  updateOrganization(
    sandboxId: string,
    organizationId: string,
    change: (current: Organization) => Organization,
  ): Promise<Organization | undefined> {
    return this.writes.run(() => {
      const known = this.organizations.getInside(sandboxId, organizationId);
      const current = known ?? this.readOrganization(sandboxId, organizationId);
      if (current === undefined) return undefined;
      const next = change(current);
      if (next === current) return current;
      this.writeUpdate(sandboxId, next);
      this.organizations.change(sandboxId, next);
      return next;
    });
  }

  /** Always at once: were some at once and others not, a request could overtake the one before it. */
  findCaller(keyHash: string): FoundCaller | undefined {
    const key = this.keys.get(keyHash) ?? this.readKey(keyHash);
    if (key === undefined) return undefined;
    const { sandbox_id, api_key } = key;
    const organization = this.committedOrganization(sandbox_id, api_key.organization_id);
    return organization && { sandbox_id, api_key, organization };
  }

  private readKey(keyHash: string): FoundKey | undefined {
    const row = this.health.read(() => this.statements.selectKey.get(keyHash));
    if (row === undefined) return undefined;
    const found = { sandbox_id: row.sandbox_id, api_key: toApiKey(row) };
    this.keys.set(keyHash, found);
    return found;
  }

  async findApiKeys(keyHashes: string[]): Promise<{ api_key: ApiKey; account_type: AccountType }[]> {
    const rows = this.health.read(() => this.statements.selectKeys.all(JSON.stringify(keyHashes)));
    return rows.map(({ account_type, ...row }) => ({ api_key: toApiKey(row), account_type }));
  }

  async listOrganizationIds(sandboxId: string, limit: number): Promise<string[]> {
    const select = this.db.prepare(
      'SELECT organization_id FROM organizations WHERE sandbox_id = ? ORDER BY rowid LIMIT ?',
    );
    return this.health.read(() => select.pluck().all(sandboxId, limit)) as string[];
  }

  async grantApiKeys(sandboxId: string, apiKeys: ApiKey[]): Promise<void> {
    const write = this.db.transaction(() => {
      for (const apiKey of apiKeys) this.statements.grantKey.run(fromApiKey(sandboxId, apiKey));
    });
    await this.writes.run(write);
    this.keys.invalidate();
  }

  lendApiKey(sandboxId: string, apiKey: ApiKey): void {
    this.keys.lend({ sandbox_id: sandboxId, api_key: apiKey });
  }

  async replaceState(
    sandboxId: string,
    state: State,
    more: { clock: ClockSetting; apiKeys: ApiKey[]; seed?: SeedOrigin | undefined } = { clock: REAL_TIME, apiKeys: [] },
  ): Promise<void> {
    const { clock, apiKeys, seed } = more;
    const write = this.db.transaction(() => {
      this.organizations.invalidate();
      const recorded = seed === undefined ? this.statements.selectSandbox.get(sandboxId)?.seed : JSON.stringify(seed);
      this.db.prepare('DELETE FROM sandboxes WHERE sandbox_id = ?').run(sandboxId);
      const insert = this.db.prepare(
        'INSERT INTO sandboxes (sandbox_id, tiers, first_state, clock, seed) VALUES (?, ?, ?, ?, ?)',
      );
      const [tiers, firstState] = [JSON.stringify(state.tiers), JSON.stringify(state)];
      insert.run(sandboxId, tiers, firstState, JSON.stringify(clock), recorded ?? null);
      for (const organization of state.organizations) {
        this.statements.insertOrganization.run(fromOrganization(sandboxId, organization));
      }
      for (const apiKey of state.api_keys) this.statements.insertKey.run(fromApiKey(sandboxId, apiKey));
      for (const apiKey of apiKeys) this.statements.grantKey.run(fromApiKey(sandboxId, apiKey));
    });
    await this.writes.run(write);
    this.keys.invalidate();
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

  /** Where the files are moved, what they hold is brought to an end. */
  private lookForFiles(): void {
    try {
      this.checkFiles();
    } catch {}
  }

  private writeUpdate(sandboxId: string, organization: Organization): void {
    const { organization_id, organization_name, logo_url, billing_email, metadata, updated_at } = organization;
    const override = JSON.stringify(organization.rate_limits_override);
    this.statements.updateOrganization.run(
      organization_name,
      logo_url,
      billing_email,
      metadata,
      override,
      updated_at,
      sandboxId,
      organization_id,
    );
  }

  private committedOrganization(sandboxId: string, organizationId: string): Organization | undefined {
    const known = this.organizations.get(sandboxId, organizationId);
    if (known !== undefined) return known;
    const organization = this.readOrganization(sandboxId, organizationId);
    if (organization !== undefined) this.organizations.set(sandboxId, organization);
    return organization;
  }

  private readOrganization(sandboxId: string, organizationId: string): Organization | undefined {
    const row = this.health.read(() => this.statements.selectOrganization.get(sandboxId, organizationId));
    return row && toOrganization(row);
  }
}

/** The smallest write: one page, with what stands there already. */
function writeSomething(db: Database): void {
  db.pragma(`user_version = ${db.pragma('user_version', { simple: true })}`);
}
