import type { Database } from 'better-sqlite3';
import type { ApiKey } from '../domain/api-key.ts';
import { conflict } from '../domain/errors.ts';
import type { Organization } from '../domain/organization.ts';
import { RealDate } from '../domain/real-time.ts';
import {
  BEFORE_RESET,
  INITIAL_SNAPSHOT,
  MAX_SNAPSHOTS,
  type SeedOrigin,
  type Settings,
  type State,
} from '../domain/state.ts';
import { ApiKeyRows } from './api-key-rows.ts';
import { ORGANIZATION_COLUMNS } from './columns.ts';
import { COUNTS, SandboxRows } from './sandbox-rows.ts';
import type { Snapshot } from './store.ts';
import { buildPrepare, CURRENT, type Prepare, type Row, type StateKey, Table } from './table.ts';

/** In front of the snapshot of a state that is being written, which has its id behind it. */
const UNFINISHED = '\u0001';

const IS_UNFINISHED = "snapshot > '' AND snapshot < ' '";
const IS_SNAPSHOT = "sandbox_id = ? AND snapshot >= ' '";
const UNUSED = 'snapshot IS NULL AND NOT EXISTS (SELECT 1 FROM states AS other WHERE other.base_id = states.state_id)';

const toStateKey = ({ sandbox_id, state_id, base_id }: Row): StateKey => ({
  sandbox_id: String(sandbox_id),
  state_id: Number(state_id),
  base_id: base_id === null ? null : Number(base_id),
});

/** The states of sandboxes in SQLite, snapshots among them. Whoever writes has begun a transaction; nothing is kept in memory. */
export class Rows {
  readonly sandboxes: SandboxRows;
  readonly organizations: Table<Organization>;
  readonly apiKeys: ApiKeyRows;
  private readonly prepare: Prepare;

  constructor(db: Database) {
    this.prepare = buildPrepare(db);
    this.sandboxes = new SandboxRows(this.prepare);
    this.organizations = new Table(this.prepare, 'organizations', ORGANIZATION_COLUMNS, 'organization_id');
    this.apiKeys = new ApiKeyRows(this.prepare);
  }

  /** @throws the refusal `conflict` where the state has no such organization, any more perhaps */
  requireOrganization(state: StateKey, organizationId: string): void {
    if (!this.organizations.has(state, organizationId)) throw noOrganization(organizationId);
  }

  /** @throws the refusal `conflict` where the state has one organization only */
  requireOther(state: StateKey): void {
    if (this.organizations.list(state, 2).length > 1) return;
    throw conflict('The last organization of a sandbox stays', 'make another one first, or delete the sandbox');
  }

  /** The state that is, or that a snapshot keeps. */
  findState(sandboxId: string, snapshot: string): StateKey | undefined {
    const select = 'SELECT sandbox_id, state_id, base_id FROM states WHERE sandbox_id = ? AND snapshot = ?';
    const row = this.prepare(select).get(sandboxId, snapshot);
    return row && toStateKey(row);
  }

  readState(sandboxId: string, snapshot: string): State | undefined {
    const state = this.findState(sandboxId, snapshot);
    return (
      state && {
        settings: this.readSettings(state),
        organizations: this.organizations.list(state),
        api_keys: this.apiKeys.list(state, -1, 'granted = 0'),
      }
    );
  }

  readSettings({ state_id }: StateKey): Settings {
    return JSON.parse(String(this.prepare('SELECT settings FROM states WHERE state_id = ?').get(state_id)?.settings));
  }

  writeSettings({ state_id }: StateKey, settings: Settings): void {
    this.prepare('UPDATE states SET settings = ? WHERE state_id = ?').run(JSON.stringify(settings), state_id);
  }

  /** Removes an organization with its keys. */
  removeOrganization(state: StateKey, organizationId: string): void {
    this.organizations.remove(state, organizationId);
    const select = 'SELECT api_key_id FROM api_keys WHERE state_id IN (?, ?) AND organization_id = ?';
    for (const { api_key_id } of this.prepare(select).all(state.state_id, state.base_id, organizationId)) {
      const id = String(api_key_id);
      // What the base says of it may not be so here.
      if (this.apiKeys.find(state, id)?.organization_id === organizationId) this.apiKeys.remove(state, id);
    }
  }

  /**
   * Writes a state that is none of the sandbox's until it is made one, some rows at each step.
   * @param check throws for a key that cannot be one of the sandbox's
   */
  *write(sandboxId: string, state: State, check: (apiKey: ApiKey) => void): Generator<void, StateKey> {
    const written = this.begin(sandboxId, null, state.settings);
    const ids = new Set<string>();
    for (const [index, organization] of state.organizations.entries()) {
      this.organizations.insert(written, organization, index + 1);
      ids.add(organization.organization_id);
      yield;
    }
    for (const [index, apiKey] of state.api_keys.entries()) {
      check(apiKey);
      if (!ids.has(apiKey.organization_id)) throw noOrganization(apiKey.organization_id);
      this.apiKeys.insert(written, apiKey, index + 1);
      yield;
    }
    return written;
  }

  /** The same of one that begins as another one: without granted keys, and that one is not changed any more. */
  *fork(from: StateKey, settings: Settings): Generator<void, StateKey> {
    const fork = this.begin(from.sandbox_id, from.base_id ?? from.state_id, settings);
    if (from.base_id === null) return fork;
    yield* this.organizations.copy(from, fork.state_id);
    yield* this.apiKeys.copy(from, fork.state_id, { removed: 'removed OR granted' });
    return fork;
  }

  private begin(sandbox_id: string, base_id: number | null, settings: Settings): StateKey {
    const insert = this.prepare(
      `INSERT INTO states (state_id, sandbox_id, base_id, snapshot, place, settings, created_at)
       SELECT id, ?, ?, '${UNFINISHED}' || id, 0, ?, ? FROM (SELECT coalesce(max(state_id), 0) + 1 AS id FROM states)`,
    );
    const { lastInsertRowid } = insert.run(sandbox_id, base_id, JSON.stringify(settings), RealDate.now());
    return { sandbox_id, base_id, state_id: Number(lastInsertRowid) };
  }

  /** Whether another state begins as this one: it must not be changed. */
  isBase({ state_id }: StateKey): boolean {
    return this.prepare('SELECT 1 FROM states WHERE base_id = ? LIMIT 1').get(state_id) !== undefined;
  }

  /** Makes a state what is, or what a snapshot keeps, without granted keys; what that kept goes. */
  keepAs(state: StateKey, snapshot: string): void {
    const { sandbox_id, state_id } = state;
    this.removeSnapshot(sandbox_id, snapshot);
    // Snapshots are listed in the order in which they were made.
    const update = this.prepare(
      `UPDATE states SET snapshot = ?, created_at = ?, place = (SELECT max(place) + 1 FROM states WHERE sandbox_id = ?)
       WHERE state_id = ?`,
    );
    update.run(snapshot, RealDate.now(), sandbox_id, state_id);
    if (snapshot !== CURRENT) this.apiKeys.removeGranted(state);
  }

  /** Keeps what is as it was before, and puts another state in its place, which may be the one that was kept so. */
  replaceCurrent(next: StateKey, seed?: SeedOrigin): void {
    const { sandbox_id } = next;
    this.removeSnapshot(sandbox_id, BEFORE_RESET);
    const former = this.findState(sandbox_id, CURRENT);
    if (former !== undefined) this.keepAs(former, BEFORE_RESET);
    this.keepAs(next, CURRENT);
    this.sandboxes.next(sandbox_id, seed);
  }

  /** Makes states all that a sandbox has. */
  replaceAll(current: StateKey, initial: StateKey, seed?: SeedOrigin): void {
    const { sandbox_id } = current;
    this.prepare('UPDATE states SET snapshot = NULL WHERE sandbox_id = ?').run(sandbox_id);
    this.keepAs(initial, INITIAL_SNAPSHOT);
    this.keepAs(current, CURRENT);
    this.sandboxes.next(sandbox_id, seed);
  }

  /** What was being written of sandboxes is removed. */
  abandon(sandboxIds: readonly string[]): void {
    const remove = this.prepare(`UPDATE states SET snapshot = NULL WHERE sandbox_id = ? AND ${IS_UNFINISHED}`);
    for (const sandboxId of sandboxIds) remove.run(sandboxId);
  }

  /** The same of every sandbox. */
  abandonAll(): void {
    this.prepare(`UPDATE states SET snapshot = NULL WHERE ${IS_UNFINISHED}`).run();
  }

  hasUnused(): boolean {
    return this.prepare(`SELECT 1 FROM states WHERE ${UNUSED} LIMIT 1`).get() !== undefined;
  }

  /** Removes states that nothing needs any more, some rows at each step. */
  *removeUnused(): Generator<void> {
    const select = this.prepare(`SELECT sandbox_id, state_id, base_id FROM states WHERE ${UNUSED} LIMIT 1`);
    const remove = this.prepare('DELETE FROM states WHERE state_id = ?');
    for (;;) {
      const row = select.get();
      if (row === undefined) return;
      const state = toStateKey(row);
      if (!this.apiKeys.removeSome(state) && !this.organizations.removeSome(state)) {
        remove.run(state.state_id);
        this.sandboxes.removeAbandoned(state.sandbox_id);
      }
      yield;
    }
  }

  listSnapshots(sandboxId: string): Snapshot[] {
    const select = `SELECT snapshot, created_at, ${COUNTS} FROM states WHERE ${IS_SNAPSHOT} ORDER BY place`;
    return this.prepare(select)
      .all(sandboxId)
      .map(({ snapshot, created_at, organizations, api_keys }) => ({
        name: String(snapshot),
        created_at: Number(created_at),
        organizations: Number(organizations),
        api_keys: Number(api_keys),
      }));
  }

  /** @throws the refusal `conflict` where there are too many to keep another one */
  requirePlace(sandboxId: string, name: string): void {
    if (name === BEFORE_RESET) return;
    const select = this.prepare(`SELECT snapshot FROM states WHERE ${IS_SNAPSHOT} ORDER BY place`);
    const snapshots = select
      .all(sandboxId)
      .map(({ snapshot }) => String(snapshot))
      .filter((one) => ![INITIAL_SNAPSHOT, BEFORE_RESET, name].includes(one));
    if (snapshots.length < MAX_SNAPSHOTS) return;
    const hint = `a sandbox keeps ${MAX_SNAPSHOTS} at most: DELETE one of them first`;
    throw conflict('There are too many snapshots', hint, { snapshots });
  }

  /** @returns whether there was one */
  removeSnapshot(sandboxId: string, name: string): boolean {
    const remove = this.prepare('UPDATE states SET snapshot = NULL WHERE sandbox_id = ? AND snapshot = ?');
    return remove.run(sandboxId, name).changes > 0;
  }
}

const noOrganization = (organizationId: string) =>
  conflict(`There is no organization ${organizationId}`, 'name one that there is');
