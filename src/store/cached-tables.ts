import type { Database } from 'better-sqlite3';
import type { ApiKey } from '../domain/api-key.ts';
import { countCharacters, type Organization } from '../domain/organization.ts';
import type { Settings } from '../domain/state.ts';
import { BoundedCache } from './bounded-cache.ts';
import { type FoundKey, type KeptSandbox, StateTables } from './state-tables.ts';

const MAX_SANDBOXES = 1000;
const MAX_KEYS = 10_000;
const MAX_ORGANIZATIONS = 1000;
const MAX_CHARACTERS = 8 * 1024 * 1024;

/**
 * The tables, and in memory what was read of them. A transaction runs in one turn of the event loop, so nobody reads in the
 * middle of one: what it writes goes into the caches at once, and a transaction that is rolled back empties them.
 */
export class CachedTables {
  readonly tables: StateTables;
  private readonly runRead: <T>(work: () => T) => T;
  private readonly sandboxes = new BoundedCache<KeptSandbox>(MAX_SANDBOXES);
  private readonly organizations = new BoundedCache<Organization>(MAX_ORGANIZATIONS, MAX_CHARACTERS, countCharacters);
  private readonly keys = new BoundedCache<FoundKey>(MAX_KEYS);
  /** Keys that are in no table. */
  private readonly lent = new Map<string, FoundKey>();

  /** @param runRead runs each read of the tables; what it throws comes out */
  constructor(db: Database, runRead: <T>(work: () => T) => T) {
    this.tables = new StateTables(db);
    this.runRead = runRead;
  }

  findSandbox(sandboxId: string): KeptSandbox | undefined {
    return this.readThrough(this.sandboxes, sandboxId, () => this.tables.findSandbox(sandboxId));
  }

  findOrganization(sandboxId: string, organizationId: string): Organization | undefined {
    const key = toCacheKey(sandboxId, organizationId);
    return this.readThrough(this.organizations, key, () => this.tables.organizations.find(sandboxId, organizationId));
  }

  findKey(keyHash: string): FoundKey | undefined {
    return this.lent.get(keyHash) ?? this.readThrough(this.keys, keyHash, () => this.tables.findKey(keyHash));
  }

  findLentKey(sandboxId: string, apiKeyId: string): ApiKey | undefined {
    const isMeant = ({ sandbox_id, api_key }: FoundKey) => sandbox_id === sandboxId && api_key.api_key_id === apiKeyId;
    return [...this.lent.values()].find(isMeant)?.api_key;
  }

  lend(found: FoundKey): void {
    this.lent.set(found.api_key.key_hash, found);
  }

  writeSettings(sandboxId: string, sandbox: KeptSandbox, settings: Settings): void {
    this.tables.replaceSettings(sandboxId, settings);
    this.sandboxes.set(sandboxId, { ...sandbox, settings });
  }

  writeOrganization(sandboxId: string, before: Organization | undefined, after: Organization | undefined): void {
    const { organizations } = this.tables;
    if (after !== undefined) {
      if (before === undefined) organizations.insert(sandboxId, after);
      else organizations.update(sandboxId, before, after);
      this.organizations.set(toCacheKey(sandboxId, after.organization_id), after);
    } else if (before !== undefined) {
      organizations.remove(sandboxId, before);
      // Its keys went with it.
      this.forgetAll();
    }
  }

  /** Lent keys stay. */
  forgetAll(): void {
    for (const cache of [this.sandboxes, this.organizations, this.keys]) cache.clear();
  }

  private readThrough<Value>(
    cache: BoundedCache<Value>,
    key: string,
    read: () => Value | undefined,
  ): Value | undefined {
    const known = cache.get(key);
    if (known !== undefined) return known;
    const value = this.runRead(read);
    if (value !== undefined) cache.set(key, value);
    return value;
  }
}

const toCacheKey = (sandboxId: string, organizationId: string) => `${sandboxId} ${organizationId}`;
