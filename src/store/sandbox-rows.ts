import { timeOf } from '../domain/clock.ts';
import { conflict } from '../domain/errors.ts';
import { RealDate } from '../domain/real-time.ts';
import { DEFAULT_SANDBOX, type SeedOrigin } from '../domain/state.ts';
import type { FoundSandbox, ListedSandbox, NewSandbox, Page, Use } from './store.ts';
import { CURRENT, type Prepare, type Row } from './table.ts';

/** A sandbox as its row has it. */
export type KeptSandbox = Omit<FoundSandbox, 'now'>;

const SANDBOX = 'sandbox_id, name, generation, seed, created_at, ttl_ms, expires_at, last_seq';
const SETTINGS = `(SELECT settings FROM states WHERE states.sandbox_id = sandboxes.sandbox_id AND snapshot = '${CURRENT}')`;
const countOf = (table: string, place: string) => `(SELECT count(*) FROM ${table} WHERE ${place})`;
const COUNTS = ['organizations', 'api_keys']
  .map((name) => `${countOf(name, `${name}.sandbox_id = sandboxes.sandbox_id AND snapshot = '${CURRENT}'`)} AS ${name}`)
  .join(', ');

/** What is recorded of sandboxes besides their states, a row each. */
export class SandboxRows {
  private readonly prepare: Prepare;

  constructor(prepare: Prepare) {
    this.prepare = prepare;
  }

  find(sandboxId: string): KeptSandbox | undefined {
    const select = `SELECT ${SANDBOX}, ${SETTINGS} AS settings FROM sandboxes WHERE sandbox_id = ?`;
    const row = this.prepare(select).get(sandboxId);
    return row && toSandbox(row);
  }

  list(sandboxId: string): ListedSandbox | undefined {
    const row = this.prepare(
      `SELECT ${SANDBOX}, ${SETTINGS} AS settings, ${COUNTS} FROM sandboxes WHERE sandbox_id = ?`,
    ).get(sandboxId);
    return row && toListed(row);
  }

  page(after: number, limit: number): Page<ListedSandbox> {
    const rows = this.prepare(
      `SELECT rowid AS place, ${SANDBOX}, ${SETTINGS} AS settings, ${COUNTS}
       FROM sandboxes WHERE rowid > ? ORDER BY rowid LIMIT ?`,
    ).all(after, limit + 1);
    const page = rows.slice(0, limit);
    return { items: page.map(toListed), next: rows.length > limit ? Number(page.at(-1)?.place) : null };
  }

  listExpired(before: number): string[] {
    const rows = this.prepare('SELECT sandbox_id FROM sandboxes WHERE expires_at <= ?').all(before);
    return rows.map(({ sandbox_id }) => String(sandbox_id));
  }

  count(): number {
    return Number(
      this.prepare('SELECT count(*) AS count FROM sandboxes WHERE sandbox_id <> ?').get(DEFAULT_SANDBOX)?.count,
    );
  }

  /** @returns whether there was one */
  remove(sandboxId: string): boolean {
    return this.prepare('DELETE FROM sandboxes WHERE sandbox_id = ?').run(sandboxId).changes > 0;
  }

  removeOthers(sandboxId: string): void {
    this.prepare('DELETE FROM sandboxes WHERE sandbox_id <> ?').run(sandboxId);
  }

  /** @throws the refusal `conflict` where one has the id */
  insert({ sandbox_id, name, ttl_ms }: NewSandbox): void {
    const insert = this.prepare(
      `INSERT INTO sandboxes (sandbox_id, name, generation, created_at, ttl_ms, expires_at) VALUES (?, ?, 0, ?, ?, ?)
       ON CONFLICT DO NOTHING`,
    );
    const now = RealDate.now();
    const expiresAt = ttl_ms === null ? null : now + ttl_ms;
    if (insert.run(sandbox_id, name, now, ttl_ms, expiresAt).changes > 0) return;
    throw conflict(`There is a sandbox ${sandbox_id}`, 'choose another id');
  }

  /** The next generation of a sandbox, which is made if need be; where no seed is named, that stays as it is recorded. */
  next(sandboxId: string, seed?: SeedOrigin): void {
    const make = this.prepare(
      `INSERT INTO sandboxes (sandbox_id, generation, created_at, seed) VALUES (?, 1, ?, ?)
       ON CONFLICT DO UPDATE SET generation = generation + 1, seed = coalesce(excluded.seed, seed)`,
    );
    make.run(sandboxId, RealDate.now(), seed === undefined ? null : JSON.stringify(seed));
  }

  record({ sandbox_id, created_at, expires_at, last_seq }: Use): void {
    const update = this.prepare(
      'UPDATE sandboxes SET expires_at = ?, last_seq = ? WHERE sandbox_id = ? AND created_at = ?',
    );
    update.run(expires_at, last_seq, sandbox_id, created_at);
  }
}

function toSandbox(row: Row): KeptSandbox {
  const { sandbox_id, name, settings, generation, seed, created_at, ttl_ms, expires_at, last_seq } = row;
  return {
    sandbox_id: String(sandbox_id),
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
  const sandbox = toSandbox(row);
  const [organizations, api_keys] = [Number(row.organizations), Number(row.api_keys)];
  return { ...sandbox, now: timeOf(sandbox.settings.clock), organizations, api_keys };
}
