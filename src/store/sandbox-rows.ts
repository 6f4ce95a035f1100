import { timeOf } from '../domain/clock.ts';
import { RealDate } from '../domain/real-time.ts';
import { DEFAULT_SANDBOX, type SeedOrigin } from '../domain/state.ts';
import type { FoundSandbox, ListedSandbox, NewSandbox, Page, Use } from './store.ts';
import type { Prepare, Row, StateKey } from './table.ts';

/** A sandbox as its row has it, and the state that is. */
export type KeptSandbox = Omit<FoundSandbox, 'now'> & StateKey;

const SANDBOX =
  'sandboxes.sandbox_id, name, generation, seed, sandboxes.created_at, ttl_ms, expires_at, last_seq, settings, state_id, base_id';
/** One that is being made has no such state yet. */
const SANDBOXES = "sandboxes JOIN states ON states.sandbox_id = sandboxes.sandbox_id AND snapshot = ''";

/** How many rows a state has: those of its own, and those of its base that it has none for. */
const countOf = (table: string, id: string) => `(
  SELECT count(*) FROM ${table} INDEXED BY ${table}_by_id WHERE state_id = states.state_id
) - (
  SELECT count(*) FROM ${table} INDEXED BY ${table}_removed WHERE state_id = states.state_id AND removed
) + (
  SELECT count(*) FROM ${table} INDEXED BY ${table}_by_id WHERE state_id = states.base_id
) - (
  SELECT count(*) FROM ${table} AS own INDEXED BY ${table}_by_id JOIN ${table} AS other INDEXED BY ${table}_by_id
  ON other.state_id = states.base_id AND other.${id} = own.${id} WHERE own.state_id = states.state_id
) AS ${table}`;
export const COUNTS = `${countOf('organizations', 'organization_id')}, ${countOf('api_keys', 'api_key_id')}`;

/** What is recorded of sandboxes besides their states, a row each. */
export class SandboxRows {
  private readonly prepare: Prepare;

  constructor(prepare: Prepare) {
    this.prepare = prepare;
  }

  find(sandboxId: string): KeptSandbox | undefined {
    const select = `SELECT ${SANDBOX} FROM ${SANDBOXES} WHERE sandboxes.sandbox_id = ?`;
    const row = this.prepare(select).get(sandboxId);
    return row && toSandbox(row);
  }

  list(sandboxId: string): ListedSandbox | undefined {
    const select = `SELECT ${SANDBOX}, ${COUNTS} FROM ${SANDBOXES} WHERE sandboxes.sandbox_id = ?`;
    const row = this.prepare(select).get(sandboxId);
    return row && toListed(row);
  }

  page(after: number, limit: number): Page<ListedSandbox> {
    const rows = this.prepare(
      `SELECT sandboxes.rowid AS place, ${SANDBOX}, ${COUNTS}
       FROM ${SANDBOXES} WHERE sandboxes.rowid > ? ORDER BY sandboxes.rowid LIMIT ?`,
    ).all(after, limit + 1);
    const page = rows.slice(0, limit);
    return { items: page.map(toListed), next: rows.length > limit ? Number(page.at(-1)?.place) : null };
  }

  listExpired(before: number): string[] {
    const rows = this.prepare('SELECT sandbox_id FROM sandboxes WHERE expires_at <= ? AND generation > 0').all(before);
    return rows.map(({ sandbox_id }) => String(sandbox_id));
  }

  count(): number {
    const select = 'SELECT count(*) AS count FROM sandboxes WHERE sandbox_id <> ? AND generation > 0';
    return Number(this.prepare(select).get(DEFAULT_SANDBOX)?.count);
  }

  /**
   * Nobody finds it any more, and it may be made anew. Its states are unused then: it goes with the last of them.
   * @returns whether there was one
   */
  remove(sandboxId: string): boolean {
    const update = this.prepare('UPDATE sandboxes SET generation = 0 WHERE sandbox_id = ? AND generation > 0');
    if (update.run(sandboxId).changes === 0) return false;
    this.prepare('UPDATE states SET snapshot = NULL WHERE sandbox_id = ?').run(sandboxId);
    return true;
  }

  /** Removes one that was given up or removed, once no state of it is left. */
  removeAbandoned(sandboxId: string): void {
    const remove = `DELETE FROM sandboxes WHERE sandbox_id = ? AND generation = 0
      AND NOT EXISTS (SELECT 1 FROM states WHERE states.sandbox_id = sandboxes.sandbox_id)`;
    this.prepare(remove).run(sandboxId);
  }

  removeOthers(sandboxId: string): void {
    this.prepare('DELETE FROM sandboxes WHERE sandbox_id <> ?').run(sandboxId);
  }

  /**
   * A sandbox of which nobody sees anything until {@link next}; of one that was given up or removed nothing is left in it.
   * @returns false where there is one that has the id
   */
  begin({ sandbox_id, name, ttl_ms }: Omit<NewSandbox, 'state'>): boolean {
    const insert = this.prepare(
      `INSERT INTO sandboxes (sandbox_id, name, generation, created_at, ttl_ms, expires_at) VALUES (?, ?, 0, ?, ?, ?)
       ON CONFLICT DO UPDATE SET name = excluded.name, created_at = excluded.created_at, ttl_ms = excluded.ttl_ms,
       expires_at = excluded.expires_at, seed = NULL, last_seq = 0, rowid = (SELECT max(rowid) + 1 FROM sandboxes)
       WHERE generation = 0`,
    );
    const now = RealDate.now();
    const expiresAt = ttl_ms === null ? null : now + ttl_ms;
    return insert.run(sandbox_id, name, now, ttl_ms, expiresAt).changes > 0;
  }

  /** The next generation of a sandbox; where no seed is named, that stays as it is recorded. */
  next(sandboxId: string, seed?: SeedOrigin): void {
    const update = this.prepare(
      'UPDATE sandboxes SET generation = generation + 1, seed = coalesce(?, seed) WHERE sandbox_id = ?',
    );
    update.run(seed === undefined ? null : JSON.stringify(seed), sandboxId);
  }

  record({ sandbox_id, created_at, expires_at, last_seq }: Use): void {
    const update = this.prepare(
      'UPDATE sandboxes SET expires_at = ?, last_seq = ? WHERE sandbox_id = ? AND created_at = ?',
    );
    update.run(expires_at, last_seq, sandbox_id, created_at);
  }
}

function toSandbox(row: Row): KeptSandbox {
  const { sandbox_id, state_id, base_id, name, settings, generation, seed, created_at, ttl_ms, expires_at, last_seq } =
    row;
  return {
    sandbox_id: String(sandbox_id),
    state_id: Number(state_id),
    base_id: base_id === null ? null : Number(base_id),
    name: name === null ? null : String(name),
    settings: JSON.parse(String(settings)),
    generation: Number(generation),
    seed: seed === null ? null : JSON.parse(String(seed)),
    created_at: Number(created_at),
    ttl_ms: ttl_ms === null ? null : Number(ttl_ms),
    expires_at: expires_at === null ? null : Number(expires_at),
    last_seq: Number(last_seq),
  };
}

function toListed(row: Row): ListedSandbox {
  const [organizations, api_keys] = [Number(row.organizations), Number(row.api_keys)];
  return { ...toFound(toSandbox(row)), organizations, api_keys };
}

/** The sandbox at this moment. */
export const toFound = ({ state_id, base_id, ...sandbox }: KeptSandbox): FoundSandbox => ({
  ...sandbox,
  now: timeOf(sandbox.settings.clock),
});
