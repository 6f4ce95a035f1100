import type { Database, Statement } from 'better-sqlite3';
import type { ApiKey } from '../domain/api-key.ts';
import { type ClockSetting, REAL_TIME } from '../domain/clock.ts';
import type { Organization } from '../domain/organization.ts';
import type { Tiers } from '../domain/rate-limits.ts';
import type { State } from '../domain/state.ts';
import { GroupCommit } from './group-commit.ts';
import { readMigrations } from './migrate.ts';
import { IN_MEMORY, openDatabase, toStorageError } from './open-database.ts';
import { OrganizationCache } from './organization-cache.ts';
import { removeOwner, writeOwner } from './owner.ts';
import {
  type ApiKeyRow,
  fromApiKey,
  fromOrganization,
  type OrganizationRow,
  toApiKey,
  toOrganization,
} from './rows.ts';
import type { FoundCaller, Store } from './store.ts';

/** Keys that are kept in memory once they were used. */
const CACHED_KEYS = 10_000;

export interface SqliteStoreOptions {
  /** A path, or `:memory:`. */
  file: string;
  /** The folder of the migrations. */
  migrations: string;
  /** Number of this process, and when it started: told to whoever finds the file in use. */
  pid: number;
  since: string;
}

type FoundKey = { sandbox_id: string; api_key: ApiKey };

/**
 * Opens a store on one SQLite file, owned by this process alone.
 * @throws {StorageError} when the file cannot be used
 */
export function openSqliteStore(options: SqliteStoreOptions): Store {
  const db = openDatabase(options.file, readMigrations(options.migrations));
  try {
    const store = new SqliteStore(db, options);
    store.announce(null);
    return store;
  } catch (error) {
    db.close();
    throw toStorageError(options.file, error);
  }
}

class SqliteStore implements Store {
  private readonly db: Database;
  private readonly options: SqliteStoreOptions;
  private readonly writes: GroupCommit;
  private readonly keys = new Map<string, FoundKey>();
  private readonly lentKeys = new Map<string, FoundKey>();
  private readonly organizations = new OrganizationCache();
  private readonly selectSandbox: Statement<[string], { tiers: string; clock: string }>;
  private readonly selectOrganization: Statement<[string, string], OrganizationRow>;
  private readonly insertOrganization: Statement<[OrganizationRow]>;
  private readonly updateRow: Statement<(string | null)[]>;
  private readonly selectKey: Statement<[string], ApiKeyRow>;
  private readonly insertKey: Statement<[ApiKeyRow]>;
  private readonly grantKey: Statement<[ApiKeyRow]>;

  constructor(db: Database, options: SqliteStoreOptions) {
    this.db = db;
    this.options = options;
    this.writes = new GroupCommit(db, (isCommitted) => this.organizations.end(isCommitted));
    this.selectSandbox = db.prepare('SELECT tiers, clock FROM sandboxes WHERE sandbox_id = ?');
    this.selectOrganization = db.prepare('SELECT * FROM organizations WHERE sandbox_id = ? AND organization_id = ?');
    this.selectKey = db.prepare('SELECT * FROM api_keys WHERE key_hash = ?');
    this.insertOrganization = db.prepare(`
      INSERT INTO organizations VALUES (
        @sandbox_id, @organization_id, @organization_name, @logo_url, @account_type, @credit_count, @metadata,
        @billing_email, @rate_limits_override, @auto_billing_enabled, @billing_cycle_start, @current_month_usage,
        @created_at, @updated_at, @users
      )`);
    this.updateRow = db.prepare(`
      UPDATE organizations SET
        organization_name = ?, logo_url = ?, billing_email = ?, metadata = ?, rate_limits_override = ?, updated_at = ?
      WHERE sandbox_id = ? AND organization_id = ?`);
    this.insertKey = db.prepare(`
      INSERT INTO api_keys VALUES (
        @sandbox_id, @api_key_id, @organization_id, @key_hash, @key_prefix, @name, @permissions, @status, @expires_at
      )`);
    this.grantKey = db.prepare(`
      ${this.insertKey.source}
      ON CONFLICT (key_hash) DO UPDATE SET
        organization_id = excluded.organization_id,
        permissions = excluded.permissions,
        status = excluded.status,
        expires_at = excluded.expires_at
      WHERE sandbox_id = excluded.sandbox_id`);
  }

  async findSandbox(sandboxId: string): Promise<{ tiers: Tiers; clock: ClockSetting } | undefined> {
    return this.explain(async () => {
      const row = this.selectSandbox.get(sandboxId);
      return row && { tiers: JSON.parse(row.tiers), clock: JSON.parse(row.clock) };
    });
  }

  async setClock(sandboxId: string, clock: ClockSetting): Promise<void> {
    const update = this.db.prepare('UPDATE sandboxes SET clock = ? WHERE sandbox_id = ?');
    await this.writes.run(() => update.run(JSON.stringify(clock), sandboxId));
  }

  async findFirstState(sandboxId: string): Promise<State | undefined> {
    const select = this.db.prepare('SELECT first_state FROM sandboxes WHERE sandbox_id = ?').pluck();
    const text = select.get(sandboxId) as string | null | undefined;
    return text ? JSON.parse(text) : undefined;
  }

  async findApiKeyById(sandboxId: string, apiKeyId: string): Promise<ApiKey | undefined> {
    const select = this.db.prepare('SELECT * FROM api_keys WHERE sandbox_id = ? AND api_key_id = ?');
    const row = select.get(sandboxId, apiKeyId) as ApiKeyRow | undefined;
    if (row !== undefined) return toApiKey(row);
    const lent = [...this.lentKeys.values()].find(
      ({ sandbox_id, api_key }) => sandbox_id === sandboxId && api_key.api_key_id === apiKeyId,
    );
    return lent?.api_key;
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
    const key = this.keys.get(keyHash) ?? this.lentKeys.get(keyHash) ?? this.readKey(keyHash);
    if (key === undefined) return undefined;
    const { sandbox_id, api_key } = key;
    const organization = this.committedOrganization(sandbox_id, api_key.organization_id);
    return organization && { sandbox_id, api_key, organization };
  }

  private readKey(keyHash: string): FoundKey | undefined {
    const row = this.selectKey.get(keyHash);
    if (row === undefined) return undefined;
    const found = { sandbox_id: row.sandbox_id, api_key: toApiKey(row) };
    const oldest = this.keys.size >= CACHED_KEYS ? this.keys.keys().next().value : undefined;
    if (oldest !== undefined) this.keys.delete(oldest);
    this.keys.set(keyHash, found);
    return found;
  }

  async listOrganizationIds(sandboxId: string, limit: number): Promise<string[]> {
    const select = this.db.prepare(
      'SELECT organization_id FROM organizations WHERE sandbox_id = ? ORDER BY rowid LIMIT ?',
    );
    return select.pluck().all(sandboxId, limit) as string[];
  }

  async grantApiKeys(sandboxId: string, apiKeys: ApiKey[]): Promise<void> {
    const write = this.db.transaction(() => {
      for (const apiKey of apiKeys) this.grantKey.run(fromApiKey(sandboxId, apiKey));
    });
    await this.explain(() => this.writes.run(write));
    this.keys.clear();
  }

  lendApiKey(sandboxId: string, apiKey: ApiKey): void {
    this.lentKeys.set(apiKey.key_hash, { sandbox_id: sandboxId, api_key: apiKey });
  }

  async replaceState(
    sandboxId: string,
    state: State,
    { clock, apiKeys }: { clock: ClockSetting; apiKeys: ApiKey[] } = { clock: REAL_TIME, apiKeys: [] },
  ): Promise<void> {
    const write = this.db.transaction(() => {
      this.organizations.invalidate();
      this.db.prepare('DELETE FROM sandboxes WHERE sandbox_id = ?').run(sandboxId);
      const insert = this.db.prepare(
        'INSERT INTO sandboxes (sandbox_id, tiers, first_state, clock) VALUES (?, ?, ?, ?)',
      );
      insert.run(sandboxId, JSON.stringify(state.tiers), JSON.stringify(state), JSON.stringify(clock));
      for (const organization of state.organizations) {
        this.insertOrganization.run(fromOrganization(sandboxId, organization));
      }
      for (const apiKey of state.api_keys) this.insertKey.run(fromApiKey(sandboxId, apiKey));
      for (const apiKey of apiKeys) this.grantKey.run(fromApiKey(sandboxId, apiKey));
    });
    await this.explain(() => this.writes.run(write));
    this.keys.clear();
  }

  announce(url: string | null): void {
    const { file, pid, since } = this.options;
    if (file !== IN_MEMORY) writeOwner(file, pid, since, url);
  }

  async close(): Promise<void> {
    this.writes.close();
    if (this.options.file !== IN_MEMORY) removeOwner(this.options.file);
    this.db.close();
  }

  /** What a start does not survive is told as one line for a person. */
  private async explain<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw toStorageError(this.options.file, error);
    }
  }

  /** Writes what an update may change: a statement of six values takes half the time of one with all. */
  private writeUpdate(sandboxId: string, organization: Organization): void {
    const { organization_id, organization_name, logo_url, billing_email, metadata, updated_at } = organization;
    const override = JSON.stringify(organization.rate_limits_override);
    this.updateRow.run(
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
    const row = this.selectOrganization.get(sandboxId, organizationId);
    return row && toOrganization(row);
  }
}
