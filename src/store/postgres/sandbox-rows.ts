import { timeOf } from '../../domain/clock.ts';
import { conflict } from '../../domain/errors.ts';
import { DEFAULT_SANDBOX } from '../../domain/state.ts';
import { isStorable } from '../../domain/text.ts';
import { type FoundSandbox, type ListedSandbox, type NewSandbox, type Page, SHARE_OF_TTL, type Use } from '../store.ts';
import type { Row, Session } from './connections.ts';
import { REAL } from './rows.ts';
import type { Read } from './table.ts';

const SANDBOX = `sandbox_id, name, generation, seed, created_at, ttl_ms, expires_at, last_seq, ${REAL} AS real,
  (SELECT settings FROM states WHERE states.sandbox_id = sandboxes.sandbox_id AND snapshot = '') AS settings`;
const countOf = (table: string) =>
  `(SELECT count(*) FROM ${table} WHERE ${table}.sandbox_id = sandboxes.sandbox_id AND snapshot = '') AS ${table}`;
const LISTED = `${SANDBOX}, ${countOf('organizations')}, ${countOf('api_keys')}`;

export async function findSandbox(read: Read, sandboxId: string): Promise<FoundSandbox | undefined> {
  if (!isStorable(sandboxId)) return undefined;
  const [row] = await read(`SELECT ${SANDBOX} FROM sandboxes WHERE sandbox_id = $1`, [sandboxId]);
  return row && toSandbox(row);
}

export async function listSandbox(read: Read, sandboxId: string): Promise<ListedSandbox | undefined> {
  if (!isStorable(sandboxId)) return undefined;
  const [row] = await read(`SELECT ${LISTED} FROM sandboxes WHERE sandbox_id = $1`, [sandboxId]);
  return row && toListed(row);
}

export async function pageSandboxes(read: Read, after: number, limit: number): Promise<Page<ListedSandbox>> {
  const rows = await read(`SELECT place, ${LISTED} FROM sandboxes WHERE place > $1 ORDER BY place LIMIT $2`, [
    after,
    limit + 1,
  ]);
  const page = rows.slice(0, limit);
  return { items: page.map(toListed), next: rows.length > limit ? Number(page.at(-1)?.place) : null };
}

/** By the time of the engine, and late enough that no server may know of a later use. */
const IS_OVER = `expires_at + ttl_ms / ${SHARE_OF_TTL} <= ${REAL}`;

export async function listExpired(read: Read, limit: number): Promise<string[]> {
  // The index has the ends, not what is to pass behind them.
  const text = `SELECT sandbox_id FROM sandboxes WHERE expires_at <= ${REAL} AND ${IS_OVER} ORDER BY expires_at LIMIT $1`;
  return (await read(text, [limit])).map(({ sandbox_id }) => String(sandbox_id));
}

/** @throws the refusal `conflict` where one has the id */
export async function makeSandboxes(session: Session, sandboxes: readonly NewSandbox[]): Promise<void> {
  for (const { sandbox_id, name, ttl_ms } of sandboxes) {
    const made = await session.query(
      `INSERT INTO sandboxes (sandbox_id, name, generation, created_at, ttl_ms, expires_at) VALUES ($1, $2, 0, ${REAL}, $3::bigint, ${REAL} + $3::bigint)
       ON CONFLICT DO NOTHING RETURNING sandbox_id`,
      [sandbox_id, name, ttl_ms],
    );
    if (made.length === 0) throw conflict(`There is a sandbox ${sandbox_id}`, 'choose another id');
  }
}

/**
 * Last in a transaction: others wait for it.
 * @throws the refusal `conflict` where there would be too many
 */
export async function countMade(session: Session, made: number, max: number): Promise<void> {
  const [row] = await session.query('UPDATE totals SET sandboxes = sandboxes + $1 RETURNING sandboxes', [made]);
  const count = Number(row?.sandboxes);
  if (count > max) {
    const hint = 'DELETE some, give them a ttl_seconds, or start with a higher --max-sandboxes';
    throw conflict(`There would be ${count} sandboxes, and ${max} are allowed`, hint, { max_sandboxes: max });
  }
}

/**
 * @param isOver whether only those go whose time is over by now
 * @returns those that were there
 */
export async function removeSandboxes(
  session: Session,
  sandboxIds: readonly string[],
  isOver = false,
): Promise<string[]> {
  const locked = await session.query(
    `SELECT sandbox_id FROM sandboxes WHERE sandbox_id = ANY ($1::text[]) AND ($2 OR ${IS_OVER}) ORDER BY sandbox_id FOR UPDATE`,
    [sandboxIds, !isOver],
  );
  const removed = await session.query(
    'DELETE FROM sandboxes WHERE sandbox_id = ANY ($1::text[]) RETURNING sandbox_id',
    [locked.map(({ sandbox_id }) => String(sandbox_id))],
  );
  const made = removed.filter(({ sandbox_id }) => sandbox_id !== DEFAULT_SANDBOX);
  await session.query('UPDATE totals SET sandboxes = sandboxes - $1', [made.length]);
  return removed.map(({ sandbox_id }) => String(sandbox_id));
}

export async function removeOthers(session: Session, sandboxId: string): Promise<void> {
  const rows = await session.query('SELECT sandbox_id FROM sandboxes WHERE sandbox_id <> $1', [sandboxId]);
  await removeSandboxes(
    session,
    rows.map(({ sandbox_id }) => String(sandbox_id)),
  );
}

/** What is recorded only grows: another server may have recorded more. Numbers of requests come with the journal. */
export async function record(session: Session, uses: readonly Use[]): Promise<void> {
  await session.query(
    `WITH used (sandbox_id, created_at, expires_at) AS (SELECT unnest($1::text[]), unnest($2::bigint[]), unnest($3::bigint[])),
     locked AS MATERIALIZED (
       SELECT s.sandbox_id FROM sandboxes AS s JOIN used ON used.sandbox_id = s.sandbox_id ORDER BY s.sandbox_id FOR NO KEY UPDATE OF s
     )
     UPDATE sandboxes AS s SET expires_at = greatest(s.expires_at, used.expires_at)
     FROM used JOIN locked ON locked.sandbox_id = used.sandbox_id
     WHERE s.sandbox_id = used.sandbox_id AND s.created_at = used.created_at AND s.expires_at < used.expires_at`,
    [
      uses.map(({ sandbox_id }) => sandbox_id),
      uses.map(({ created_at }) => created_at),
      uses.map(({ expires_at }) => expires_at),
    ],
  );
}

function toSandbox(row: Row): FoundSandbox {
  const { sandbox_id, name, settings, generation, seed, created_at, ttl_ms, expires_at, last_seq, real } = row;
  const read = JSON.parse(String(settings));
  return {
    sandbox_id: String(sandbox_id),
    name: name === null ? null : String(name),
    settings: read,
    generation: Number(generation),
    now: timeOf(read.clock, Number(real)),
    real: Number(real),
    seed: seed === null ? null : JSON.parse(String(seed)),
    created_at: Number(created_at),
    ttl_ms: ttl_ms === null ? null : Number(ttl_ms),
    expires_at: expires_at === null ? null : Number(expires_at),
    last_seq: Number(last_seq),
  };
}

const toListed = (row: Row): ListedSandbox => ({
  ...toSandbox(row),
  organizations: Number(row.organizations),
  api_keys: Number(row.api_keys),
});
