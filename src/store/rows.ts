import type { Database } from 'better-sqlite3';
import type { ApiKey } from '../domain/api-key.ts';
import { conflict } from '../domain/errors.ts';
import type { Organization } from '../domain/organization.ts';
import { RealDate } from '../domain/real-time.ts';
import {
  BEFORE_RESET,
  DEFAULT_SANDBOX,
  INITIAL_SNAPSHOT,
  MAX_SNAPSHOTS,
  type Settings,
  type State,
} from '../domain/state.ts';
import { API_KEY_COLUMNS, ORGANIZATION_COLUMNS } from './columns.ts';
import { SandboxRows } from './sandbox-rows.ts';
import type { NewSandbox, PutOptions, Snapshot } from './store.ts';
import { buildPrepare, CURRENT, type Prepare, Table } from './table.ts';

/** Where a state is while two of them change places. */
const ASIDE = '\u0001';

/** The states of sandboxes in SQLite, snapshots among them. Whoever writes has begun a transaction; nothing is kept in memory. */
export class Rows {
  readonly sandboxes: SandboxRows;
  readonly organizations: Table<Organization>;
  readonly apiKeys: Table<ApiKey>;
  private readonly prepare: Prepare;

  constructor(db: Database) {
    this.prepare = buildPrepare(db);
    this.sandboxes = new SandboxRows(this.prepare);
    this.organizations = new Table(this.prepare, 'organizations', ORGANIZATION_COLUMNS, ['organization_id']);
    this.apiKeys = new Table(this.prepare, 'api_keys', API_KEY_COLUMNS, ['api_key_id', 'key_hash']);
  }

  findKey(keyHash: string): { sandbox_id: string; api_key: ApiKey } | undefined {
    const row = this.prepare(
      `SELECT sandbox_id, ${this.apiKeys.selected} FROM api_keys WHERE key_hash = ? AND snapshot = '${CURRENT}'`,
    ).get(keyHash);
    return row && { sandbox_id: String(row.sandbox_id), api_key: this.apiKeys.toValue(row) };
  }

  /**
   * @param lentTo another sandbox that has it in memory
   * @throws the refusal `conflict` where another sandbox has the key, or has it in a snapshot
   */
  requireFree(sandboxId: string, keyHash: string, keyPrefix: string, lentTo?: string): void {
    const select = 'SELECT sandbox_id FROM api_keys WHERE key_hash = ? AND sandbox_id <> ? LIMIT 1';
    const owner = lentTo ?? this.prepare(select).get(keyHash, sandboxId)?.sandbox_id;
    if (owner === undefined) return;
    const advice = owner === DEFAULT_SANDBOX ? 'take it out of there' : `delete ${owner}`;
    throw conflict(
      `The key ${keyPrefix}… belongs to the sandbox ${owner}`,
      `a key belongs to one sandbox, its snapshots included: ${advice}, or let the keys be new ones`,
      { sandbox_id: owner, key_prefix: keyPrefix },
    );
  }

  /** @throws the refusal `conflict` where a sandbox has the key already, under another id */
  requireNew({ key_hash }: ApiKey): void {
    const found = this.findKey(key_hash)?.api_key;
    if (found === undefined) return;
    throw conflict(`The sandbox has the key ${found.key_prefix}…`, `it is ${found.api_key_id}: change that`);
  }

  /** @throws the refusal `conflict` where the sandbox has no such organization, any more perhaps */
  requireOrganization(sandboxId: string, organizationId: string): void {
    if (this.organizations.find(sandboxId, organizationId) !== undefined) return;
    throw conflict(`There is no organization ${organizationId}`, 'name one that there is');
  }

  /** @throws the refusal `conflict` where the sandbox has one organization only */
  requireOther(sandboxId: string): void {
    const select = `SELECT 1 FROM organizations WHERE sandbox_id = ? AND snapshot = '${CURRENT}' LIMIT 2`;
    if (this.prepare(select).all(sandboxId).length > 1) return;
    throw conflict('The last organization of a sandbox stays', 'make another one first, or delete the sandbox');
  }

  readState(sandboxId: string, snapshot: string): State | undefined {
    const settings = this.readSettings(sandboxId, snapshot);
    return (
      settings && {
        settings,
        organizations: this.organizations.list(sandboxId, snapshot),
        api_keys: this.apiKeys.list(sandboxId, snapshot, -1, 'granted = 0'),
      }
    );
  }

  listGranted(sandboxId: string): ApiKey[] {
    return this.apiKeys.list(sandboxId, CURRENT, -1, 'granted = 1');
  }

  markGranted(sandboxId: string, keyHash: string): void {
    const mark = `UPDATE api_keys SET granted = 1 WHERE sandbox_id = ? AND snapshot = '${CURRENT}' AND key_hash = ?`;
    this.prepare(mark).run(sandboxId, keyHash);
  }

  writeSettings(sandboxId: string, snapshot: string, settings: Settings): void {
    const update = this.prepare('UPDATE states SET settings = ? WHERE sandbox_id = ? AND snapshot = ?');
    update.run(JSON.stringify(settings), sandboxId, snapshot);
  }

  /** @throws the refusal `conflict` where a sandbox has the id */
  create(sandbox: NewSandbox): void {
    this.sandboxes.insert(sandbox);
    this.put(sandbox.sandbox_id, sandbox.state, { initial: sandbox.state.settings });
  }

  /** Makes `state` all that there is of a sandbox: granted keys go too, with a first state to go back to also snapshots. */
  put(sandboxId: string, state: State, { initial, seed }: PutOptions): void {
    if (initial === undefined) this.copyState(sandboxId, CURRENT, BEFORE_RESET);
    else this.prepare('DELETE FROM states WHERE sandbox_id = ?').run(sandboxId);
    this.sandboxes.next(sandboxId, seed);
    this.makeEmpty(sandboxId, CURRENT, JSON.stringify(state.settings));
    for (const organization of state.organizations) this.organizations.insert(sandboxId, organization);
    for (const apiKey of state.api_keys) this.apiKeys.insert(sandboxId, apiKey);
    if (initial === undefined) return;
    this.copyState(sandboxId, CURRENT, INITIAL_SNAPSHOT);
    this.writeSettings(sandboxId, INITIAL_SNAPSHOT, initial);
  }

  /** As {@link put} with the state of a snapshot. */
  restore(sandboxId: string, name: string, change: (settings: Settings) => Settings): boolean {
    const settings = this.readSettings(sandboxId, name);
    if (settings === undefined) return false;
    this.copyState(sandboxId, CURRENT, name === BEFORE_RESET ? ASIDE : BEFORE_RESET);
    this.copyState(sandboxId, name, CURRENT);
    this.writeSettings(sandboxId, CURRENT, change(settings));
    this.sandboxes.next(sandboxId);
    if (name !== BEFORE_RESET) return true;
    this.copyState(sandboxId, ASIDE, BEFORE_RESET);
    return this.removeSnapshot(sandboxId, ASIDE);
  }

  listSnapshots(sandboxId: string): Snapshot[] {
    const place = 'sandbox_id = ? AND snapshot = ?';
    const count = (table: string, name: string) =>
      Number(this.prepare(`SELECT count(*) AS count FROM ${table} WHERE ${place}`).get(sandboxId, name)?.count);
    const select = `SELECT snapshot, created_at FROM states WHERE sandbox_id = ? AND snapshot <> '${CURRENT}' ORDER BY rowid`;
    return this.prepare(select)
      .all(sandboxId)
      .map((row) => {
        const name = String(row.snapshot);
        const [organizations, api_keys] = [count('organizations', name), count('api_keys', name)];
        return { name, created_at: Number(row.created_at), organizations, api_keys };
      });
  }

  /** @throws the refusal `conflict` where there are too many */
  saveSnapshot(sandboxId: string, name: string): void {
    const named = this.listSnapshots(sandboxId).filter(
      (one) => ![INITIAL_SNAPSHOT, BEFORE_RESET, name].includes(one.name),
    );
    if (named.length >= MAX_SNAPSHOTS && name !== BEFORE_RESET) {
      const hint = `a sandbox keeps ${MAX_SNAPSHOTS} at most: DELETE one of them first`;
      throw conflict('There are too many snapshots', hint, { snapshots: named.map((one) => one.name) });
    }
    this.copyState(sandboxId, CURRENT, name);
  }

  removeSnapshot(sandboxId: string, name: string): boolean {
    return this.prepare('DELETE FROM states WHERE sandbox_id = ? AND snapshot = ?').run(sandboxId, name).changes > 0;
  }

  readSettings(sandboxId: string, snapshot: string): Settings | undefined {
    const select = this.prepare('SELECT settings FROM states WHERE sandbox_id = ? AND snapshot = ?');
    const row = select.get(sandboxId, snapshot);
    return row && JSON.parse(String(row.settings));
  }

  /** Makes one state the same as another, but for granted keys. */
  private copyState(sandboxId: string, from: string, to: string): void {
    const select = this.prepare('SELECT settings FROM states WHERE sandbox_id = ? AND snapshot = ?');
    const settings = select.get(sandboxId, from)?.settings;
    if (settings === undefined) return;
    // Snapshots are listed in the order in which they were made.
    const write = this.prepare(
      `INSERT INTO states (sandbox_id, snapshot, settings, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET
       settings = excluded.settings, created_at = excluded.created_at, rowid = (SELECT max(rowid) + 1 FROM states)`,
    );
    write.run(sandboxId, to, String(settings), RealDate.now());
    this.organizations.copy(sandboxId, from, to, 'TRUE');
    this.apiKeys.copy(sandboxId, from, to, 'granted = 0');
  }

  /** An empty state; organizations and keys go with the one that was there. */
  private makeEmpty(sandboxId: string, snapshot: string, settings: string): void {
    this.removeSnapshot(sandboxId, snapshot);
    const insert = 'INSERT INTO states (sandbox_id, snapshot, settings, created_at) VALUES (?, ?, ?, ?)';
    this.prepare(insert).run(sandboxId, snapshot, settings, RealDate.now());
  }
}
