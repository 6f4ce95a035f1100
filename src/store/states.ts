import type { Database, Statement } from 'better-sqlite3';
import type { ApiKey } from '../domain/api-key.ts';
import { timeOf } from '../domain/clock.ts';
import { countCharacters, type Organization } from '../domain/organization.ts';
import { INITIAL_SNAPSHOT, type Settings, type State } from '../domain/state.ts';
import { BoundedCache } from './bounded-cache.ts';
import { API_KEY_COLUMNS, ORGANIZATION_COLUMNS } from './columns.ts';
import type { ApiKeyFilter, Found, FoundSandbox, OrganizationFilter, PutOptions, Updated, Updater } from './store.ts';
import { CURRENT, type Row, Table } from './table.ts';

/** What is kept in memory once it was read. */
const MAX_SANDBOXES = 1000;
const MAX_KEYS = 10_000;
const MAX_ORGANIZATIONS = 1000;
const MAX_CHARACTERS = 8 * 1024 * 1024;

type KeptSandbox = Omit<FoundSandbox, 'now'>;
type FoundKey = { sandbox_id: string; api_key: ApiKey };

/**
 * The states of sandboxes in SQLite, and in memory what was read of them. Whoever writes has begun a transaction. That runs in
 * one turn of the event loop, so nobody reads in the middle of one: what it writes goes into the caches at once, and
 * whoever rolls it back calls {@link forget}.
 */
export class States {
  private readonly db: Database;
  private readonly organizations: Table<Organization>;
  private readonly apiKeys: Table<ApiKey>;
  private readonly selectSandbox: Statement<[string], { settings: string; generation: number; seed: string | null }>;
  private readonly selectKey: Statement<[string], Row>;
  private readonly knownSandboxes = new BoundedCache<KeptSandbox>(MAX_SANDBOXES);
  private readonly knownOrganizations = new BoundedCache(MAX_ORGANIZATIONS, MAX_CHARACTERS, countCharacters);
  private readonly knownKeys = new BoundedCache<FoundKey>(MAX_KEYS);
  private readonly lentKeys = new Map<string, FoundKey>();

  constructor(db: Database) {
    this.db = db;
    this.organizations = new Table(db, 'organizations', ORGANIZATION_COLUMNS, 'organization_id');
    this.apiKeys = new Table(db, 'api_keys', API_KEY_COLUMNS, 'api_key_id');
    this.selectSandbox = db.prepare(
      `SELECT settings, generation, seed FROM sandboxes JOIN states USING (sandbox_id)
       WHERE sandbox_id = ? AND snapshot = '${CURRENT}'`,
    );
    this.selectKey = db.prepare(
      `SELECT sandbox_id, ${this.apiKeys.selected} FROM api_keys WHERE key_hash = ? AND snapshot = '${CURRENT}'`,
    );
  }

  find(keyHash: string): Found | undefined {
    const key = this.findKey(keyHash);
    const sandbox = key && this.findKeptSandbox(key.sandbox_id);
    const organization = key && this.findOrganization(key.sandbox_id, key.api_key.organization_id);
    if (key === undefined || sandbox === undefined || organization === undefined) return undefined;
    const { sandbox_id, settings, generation, seed } = sandbox;
    return { sandbox_id, settings, generation, seed, now: timeOf(settings.clock), api_key: key.api_key, organization };
  }

  findSandbox(sandboxId: string): FoundSandbox | undefined {
    const sandbox = this.findKeptSandbox(sandboxId);
    return sandbox && { ...sandbox, now: timeOf(sandbox.settings.clock) };
  }

  findOrganization(sandboxId: string, organizationId: string): Organization | undefined {
    return this.knownOrganizations.getOrSet(toCacheKey(sandboxId, organizationId), () =>
      this.organizations.find(sandboxId, organizationId),
    );
  }

  findSnapshot(sandboxId: string, name: string): State | undefined {
    const select = this.db.prepare<[string, string], string>(
      'SELECT settings FROM states WHERE sandbox_id = ? AND snapshot = ?',
    );
    const settings = select.pluck().get(sandboxId, name);
    if (settings === undefined) return undefined;
    const organizations = this.organizations.list(sandboxId, name);
    return { settings: JSON.parse(settings), organizations, api_keys: this.apiKeys.list(sandboxId, name) };
  }

  listOrganizations(sandboxId: string, { organization_ids, limit }: OrganizationFilter): Organization[] {
    if (organization_ids === undefined) return this.organizations.list(sandboxId, CURRENT, limit);
    return organization_ids.flatMap((id) => this.organizations.find(sandboxId, id) ?? []);
  }

  listApiKeys(sandboxId: string, { key_hashes, api_key_id, limit }: ApiKeyFilter): ApiKey[] {
    const ofHere = (found: FoundKey | undefined) => (found?.sandbox_id === sandboxId ? found.api_key : []);
    if (key_hashes !== undefined) return key_hashes.flatMap((keyHash) => ofHere(this.readKey(keyHash)));
    if (api_key_id === undefined) return this.apiKeys.list(sandboxId, CURRENT, limit);
    const lent = [...this.lentKeys.values()].flatMap(ofHere);
    const found = this.apiKeys.find(sandboxId, api_key_id) ?? lent.find((one) => one.api_key_id === api_key_id);
    return found === undefined ? [] : [found];
  }

  /** @throws {Error} where there is no such sandbox */
  updateSettings(sandboxId: string, change: Updater<Settings>): Updated<Settings> {
    const sandbox = this.requireSandbox(sandboxId);
    const { settings: before } = sandbox;
    const now = timeOf(before.clock);
    const after = change(before, now);
    if (after !== before) {
      const update = this.db.prepare('UPDATE states SET settings = ? WHERE sandbox_id = ? AND snapshot = ?');
      update.run(JSON.stringify(after), sandboxId, CURRENT);
      this.knownSandboxes.set(sandboxId, { ...sandbox, settings: after });
    }
    return { before, after, settings: after, now };
  }

  /** @throws {Error} where there is no such sandbox */
  updateOrganization(
    sandboxId: string,
    organizationId: string,
    change: Updater<Organization | undefined>,
  ): Updated<Organization | undefined> {
    const { settings } = this.requireSandbox(sandboxId);
    const now = timeOf(settings.clock);
    const before = this.findOrganization(sandboxId, organizationId);
    const after = change(before, now);
    if (after !== before) this.writeOrganization(sandboxId, before, after);
    return { before, after, settings, now };
  }

  /** Makes `state` all that there is of a sandbox, but for granted keys. */
  put(sandboxId: string, state: State, { initial, seed, granted = [] }: PutOptions): void {
    this.forget();
    const kept = initial === undefined ? this.apiKeys.list(sandboxId, CURRENT, -1, 'granted = 1') : [];
    const make = this.db.prepare(
      `INSERT INTO sandboxes (sandbox_id, generation, seed) VALUES (?, 1, ?)
       ON CONFLICT DO UPDATE SET generation = generation + 1, seed = coalesce(excluded.seed, seed)`,
    );
    make.run(sandboxId, seed === undefined ? null : JSON.stringify(seed));
    this.makeEmpty(sandboxId, CURRENT, state.settings);
    for (const organization of state.organizations) this.organizations.insert(sandboxId, organization);
    for (const apiKey of state.api_keys) this.apiKeys.insert(sandboxId, apiKey);
    if (initial !== undefined) {
      this.makeEmpty(sandboxId, INITIAL_SNAPSHOT, initial);
      for (const table of [this.organizations, this.apiKeys]) table.copyTo(INITIAL_SNAPSHOT, sandboxId);
    }
    // A granted key goes with its organization.
    const ids = new Set(state.organizations.map(({ organization_id }) => organization_id));
    this.grant(sandboxId, [...kept.filter(({ organization_id }) => ids.has(organization_id)), ...granted]);
  }

  grant(sandboxId: string, apiKeys: ApiKey[]): void {
    this.forget();
    const mark = this.db.prepare(
      `UPDATE api_keys SET granted = 1 WHERE sandbox_id = ? AND snapshot = '${CURRENT}' AND key_hash = ?`,
    );
    for (const apiKey of apiKeys) {
      const { key_hash, organization_id, permissions, status, expires_at } = apiKey;
      const known = this.readKey(key_hash);
      if (known === undefined) this.apiKeys.insert(sandboxId, apiKey);
      else if (known.sandbox_id === sandboxId) {
        const granted = { ...known.api_key, organization_id, permissions, status, expires_at };
        this.apiKeys.update(sandboxId, known.api_key, granted);
      }
      mark.run(sandboxId, key_hash);
    }
  }

  /** Allows a key that is in no table. */
  lend(sandbox_id: string, api_key: ApiKey): void {
    this.lentKeys.set(api_key.key_hash, { sandbox_id, api_key });
  }

  /** Empties the caches. */
  forget(): void {
    for (const cache of [this.knownSandboxes, this.knownOrganizations, this.knownKeys]) cache.clear();
  }

  private writeOrganization(
    sandboxId: string,
    before: Organization | undefined,
    after: Organization | undefined,
  ): void {
    if (after === undefined) {
      if (before !== undefined) this.organizations.remove(sandboxId, before.organization_id);
      // Its keys went with it.
      this.forget();
      return;
    }
    if (before === undefined) this.organizations.insert(sandboxId, after);
    else this.organizations.update(sandboxId, before, after);
    this.knownOrganizations.set(toCacheKey(sandboxId, after.organization_id), after);
  }

  private requireSandbox(sandboxId: string): KeptSandbox {
    const sandbox = this.findKeptSandbox(sandboxId);
    if (sandbox === undefined) throw new Error(`there is no sandbox ${sandboxId}`);
    return sandbox;
  }

  private findKey(keyHash: string): FoundKey | undefined {
    return this.lentKeys.get(keyHash) ?? this.knownKeys.getOrSet(keyHash, () => this.readKey(keyHash));
  }

  private readKey(keyHash: string): FoundKey | undefined {
    const row = this.selectKey.get(keyHash);
    return row && { sandbox_id: String(row.sandbox_id), api_key: this.apiKeys.toValue(row) };
  }

  private findKeptSandbox(sandboxId: string): KeptSandbox | undefined {
    return this.knownSandboxes.getOrSet(sandboxId, () => {
      const row = this.selectSandbox.get(sandboxId);
      if (row === undefined) return undefined;
      const { settings, generation, seed } = row;
      const origin = seed === null ? null : JSON.parse(seed);
      return { sandbox_id: sandboxId, settings: JSON.parse(settings), generation, seed: origin };
    });
  }

  /** An empty state; organizations and keys go with the one that was there. */
  private makeEmpty(sandboxId: string, snapshot: string, settings: Settings): void {
    this.db.prepare('DELETE FROM states WHERE sandbox_id = ? AND snapshot = ?').run(sandboxId, snapshot);
    const insert = this.db.prepare('INSERT INTO states (sandbox_id, snapshot, settings) VALUES (?, ?, ?)');
    insert.run(sandboxId, snapshot, JSON.stringify(settings));
  }
}

const toCacheKey = (sandboxId: string, organizationId: string) => `${sandboxId} ${organizationId}`;
