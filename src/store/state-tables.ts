import type { Database, Statement } from 'better-sqlite3';
import type { ApiKey } from '../domain/api-key.ts';
import type { Organization } from '../domain/organization.ts';
import { INITIAL_SNAPSHOT, type SeedOrigin, type Settings, type State } from '../domain/state.ts';
import type { ApiKeyFilter, OrganizationFilter, PutOptions } from './store.ts';
import { CURRENT, type Row, Table } from './table.ts';
import { API_KEY_COLUMNS, ORGANIZATION_COLUMNS } from './tables.ts';

/** A sandbox as its rows have it. */
export interface KeptSandbox {
  settings: Settings;
  generation: number;
  seed: SeedOrigin | null;
}

/** A key, and the sandbox that it belongs to. */
export interface FoundKey {
  sandbox_id: string;
  api_key: ApiKey;
}

/** States in SQLite: sandboxes, organizations and API keys. Whoever writes has begun a transaction. */
export class StateTables {
  readonly organizations: Table<Organization>;
  private readonly db: Database;
  private readonly apiKeys: Table<ApiKey>;
  private readonly selectSandbox: Statement<[string], { settings: string; generation: number; seed: string | null }>;
  private readonly selectSettings: Statement<[string, string], string>;
  private readonly selectKey: Statement<[string], Row>;

  constructor(db: Database) {
    this.db = db;
    this.organizations = new Table(db, 'organizations', ORGANIZATION_COLUMNS, 'organization_id');
    this.apiKeys = new Table(db, 'api_keys', API_KEY_COLUMNS, 'api_key_id');
    this.selectSandbox = db.prepare(
      `SELECT settings, generation, seed FROM sandboxes JOIN states USING (sandbox_id)
       WHERE sandbox_id = ? AND snapshot = '${CURRENT}'`,
    );
    this.selectSettings = db.prepare('SELECT settings FROM states WHERE sandbox_id = ? AND snapshot = ?');
    this.selectKey = db.prepare(
      `SELECT sandbox_id, ${this.apiKeys.selected} FROM api_keys WHERE key_hash = ? AND snapshot = '${CURRENT}'`,
    );
  }

  findSandbox(sandboxId: string): KeptSandbox | undefined {
    const row = this.selectSandbox.get(sandboxId);
    if (row === undefined) return undefined;
    const { settings, generation, seed } = row;
    return { settings: JSON.parse(settings), generation, seed: seed === null ? null : JSON.parse(seed) };
  }

  findKey(keyHash: string): FoundKey | undefined {
    const row = this.selectKey.get(keyHash);
    return row && { sandbox_id: String(row.sandbox_id), api_key: this.apiKeys.toValue(row) };
  }

  findSnapshot(sandboxId: string, name: string): State | undefined {
    const settings = this.selectSettings.pluck().get(sandboxId, name);
    if (settings === undefined) return undefined;
    return {
      settings: JSON.parse(settings),
      organizations: this.organizations.list(sandboxId, name),
      api_keys: this.apiKeys.list(sandboxId, name),
    };
  }

  listOrganizations(sandboxId: string, { organization_ids, limit = -1 }: OrganizationFilter): Organization[] {
    const { selected } = this.organizations;
    const select: Statement<unknown[], Row> = this.db.prepare(
      `SELECT ${selected} FROM organizations
       WHERE sandbox_id = ? AND snapshot = '${CURRENT}'
         ${organization_ids ? 'AND organization_id IN (SELECT value FROM json_each(?))' : ''}
       ORDER BY rowid LIMIT ?`,
    );
    const wanted = organization_ids ? [JSON.stringify(organization_ids)] : [];
    return select.all(sandboxId, ...wanted, limit).map((row) => this.organizations.toValue(row));
  }

  listApiKeys(sandboxId: string, { key_hashes, api_key_id, limit = -1 }: ApiKeyFilter): ApiKey[] {
    const wanted = [...(key_hashes ? [JSON.stringify(key_hashes)] : []), ...(api_key_id ? [api_key_id] : [])];
    const select: Statement<unknown[], Row> = this.db.prepare(
      `SELECT ${this.apiKeys.selected}
       FROM ${key_hashes ? 'json_each(?) AS wanted CROSS JOIN api_keys ON key_hash = wanted.value' : 'api_keys'}
       WHERE ${api_key_id ? 'api_key_id = ? AND' : ''} sandbox_id = ? AND snapshot = '${CURRENT}'
       ORDER BY ${key_hashes ? 'wanted.key' : 'api_keys.rowid'} LIMIT ?`,
    );
    return select.all(...wanted, sandboxId, limit).map((row) => this.apiKeys.toValue(row));
  }

  replaceSettings(sandboxId: string, settings: Settings): void {
    this.db
      .prepare('UPDATE states SET settings = ? WHERE sandbox_id = ? AND snapshot = ?')
      .run(JSON.stringify(settings), sandboxId, CURRENT);
  }

  /** Makes `state` all that there is of a sandbox, but for granted keys. */
  replace(sandboxId: string, state: State, { initial, seed, granted = [] }: PutOptions): void {
    const kept = initial === undefined ? this.listGranted(sandboxId) : [];
    this.db
      .prepare(
        `INSERT INTO sandboxes (sandbox_id, generation, seed) VALUES (?, 1, ?)
         ON CONFLICT DO UPDATE SET generation = generation + 1, seed = coalesce(excluded.seed, seed)`,
      )
      .run(sandboxId, seed === undefined ? null : JSON.stringify(seed));
    this.makeState(sandboxId, CURRENT, state.settings);
    for (const organization of state.organizations) this.organizations.insert(sandboxId, organization);
    for (const apiKey of state.api_keys) this.apiKeys.insert(sandboxId, apiKey);
    if (initial !== undefined) {
      this.makeState(sandboxId, INITIAL_SNAPSHOT, initial);
      this.organizations.copyTo(INITIAL_SNAPSHOT, sandboxId);
      this.apiKeys.copyTo(INITIAL_SNAPSHOT, sandboxId);
    }
    // A granted key goes with its organization.
    const ids = new Set(state.organizations.map(({ organization_id }) => organization_id));
    this.grant(sandboxId, [...kept.filter(({ organization_id }) => ids.has(organization_id)), ...granted]);
  }

  grant(sandboxId: string, apiKeys: ApiKey[]): void {
    const mark = this.db.prepare(
      `UPDATE api_keys SET granted = 1 WHERE sandbox_id = ? AND snapshot = '${CURRENT}' AND key_hash = ?`,
    );
    for (const apiKey of apiKeys) {
      const { key_hash, organization_id, permissions, status, expires_at } = apiKey;
      const known = this.findKey(key_hash);
      if (known === undefined) this.apiKeys.insert(sandboxId, apiKey);
      else if (known.sandbox_id === sandboxId) {
        const granted = { ...known.api_key, organization_id, permissions, status, expires_at };
        this.apiKeys.update(sandboxId, known.api_key, granted);
      }
      mark.run(sandboxId, key_hash);
    }
  }

  private listGranted(sandboxId: string): ApiKey[] {
    const select: Statement<[string], Row> = this.db.prepare(
      `SELECT ${this.apiKeys.selected} FROM api_keys
       WHERE sandbox_id = ? AND snapshot = '${CURRENT}' AND granted = 1 ORDER BY rowid`,
    );
    return select.all(sandboxId).map((row) => this.apiKeys.toValue(row));
  }

  /** An empty state; organizations and keys go with the one that was there. */
  private makeState(sandboxId: string, snapshot: string, settings: Settings): void {
    this.db.prepare('DELETE FROM states WHERE sandbox_id = ? AND snapshot = ?').run(sandboxId, snapshot);
    this.db
      .prepare('INSERT INTO states (sandbox_id, snapshot, settings) VALUES (?, ?, ?)')
      .run(sandboxId, snapshot, JSON.stringify(settings));
  }
}
