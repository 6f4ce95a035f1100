import type { ApiKey } from '../../domain/api-key.ts';
import { conflict } from '../../domain/errors.ts';
import type { Organization } from '../../domain/organization.ts';
import {
  BEFORE_RESET,
  DEFAULT_SANDBOX,
  INITIAL_SNAPSHOT,
  MAX_SNAPSHOTS,
  type Settings,
  type State,
} from '../../domain/state.ts';
import { API_KEY_COLUMNS, ORGANIZATION_COLUMNS } from '../columns.ts';
import type { PutOptions, Snapshot } from '../store.ts';
import type { Session } from './connections.ts';
import { type Read, Table } from './table.ts';

/** The time of the engine, which is that of all replicas, in milliseconds since 1970. */
export const REAL = 'floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint';

/** Where a state is while two of them change places. */
const ASIDE = '\u0001';

export const ORGANIZATIONS = new Table<Organization>('organizations', ORGANIZATION_COLUMNS, 'organization_id', true);
export const API_KEYS = new Table<ApiKey>('api_keys', API_KEY_COLUMNS, 'api_key_id', false);

/** Whoever gives keys to a sandbox: that no other has them is looked up and written as one. */
const KEYS_LOCK = 0x6d7870;
/** Locks for all keys there may be: a lock each would fill the table of the locks. */
const STRIPES = 64;

/** Whoever makes a sandbox unless it is there: before it is there its row cannot be locked. */
export const lockFirst = (session: Session) => session.query(`SELECT pg_advisory_xact_lock(${KEYS_LOCK})`);

/** Behind the lock of the sandbox that gets them, all of them at once. */
export async function lockKeys(session: Session, keys: readonly ApiKey[]): Promise<void> {
  const stripes = new Set(keys.map(({ key_hash }) => Number.parseInt(key_hash.slice(0, 8), 16) % STRIPES));
  await session.query(
    `SELECT pg_advisory_xact_lock(${KEYS_LOCK}, one.stripe)
     FROM (SELECT stripe FROM unnest($1::integer[]) AS stripe ORDER BY stripe) AS one`,
    [[...stripes]],
  );
}

/** @throws the refusal `conflict` where another sandbox has one of the keys, or has it in a snapshot */
export async function requireFree(read: Read, sandboxId: string, keys: readonly ApiKey[]): Promise<void> {
  if (keys.length === 0) return;
  const [taken] = await read(
    'SELECT sandbox_id, key_prefix FROM api_keys WHERE key_hash = ANY ($1::text[]) AND sandbox_id <> $2 LIMIT 1',
    [keys.map(({ key_hash }) => key_hash), sandboxId],
  );
  if (taken !== undefined) throw isTaken(String(taken.sandbox_id), String(taken.key_prefix));
}

export function isTaken(owner: string, keyPrefix: string) {
  const advice = owner === DEFAULT_SANDBOX ? 'take it out of there' : `delete ${owner}`;
  return conflict(
    `The key ${keyPrefix}… belongs to the sandbox ${owner}`,
    `a key belongs to one sandbox, its snapshots included: ${advice}, or let the keys be new ones`,
    { sandbox_id: owner, key_prefix: keyPrefix },
  );
}

export async function readSettings(read: Read, sandboxId: string, snapshot: string): Promise<Settings | undefined> {
  const [row] = await read('SELECT settings FROM states WHERE sandbox_id = $1 AND snapshot = $2', [
    sandboxId,
    snapshot,
  ]);
  return row && JSON.parse(String(row.settings));
}

/** To be read in one transaction that sees one moment. */
export async function readState(read: Read, sandboxId: string, snapshot: string): Promise<State | undefined> {
  const settings = await readSettings(read, sandboxId, snapshot);
  if (settings === undefined) return undefined;
  const organizations = await ORGANIZATIONS.list(read, sandboxId, snapshot);
  return {
    settings,
    organizations,
    api_keys: await API_KEYS.list(read, sandboxId, snapshot, undefined, 'NOT granted'),
  };
}

export async function writeSettings(
  session: Session,
  sandboxId: string,
  snapshot: string,
  settings: Settings,
): Promise<void> {
  await session.query(
    `UPDATE states SET settings = $3, version = nextval('places') WHERE sandbox_id = $1 AND snapshot = $2`,
    [sandboxId, snapshot, JSON.stringify(settings)],
  );
}

/** Makes `state` all that there is of a sandbox: granted keys go too, with a first state to go back to also snapshots. */
export async function put(
  session: Session,
  sandboxId: string,
  state: State,
  { initial, seed }: PutOptions,
): Promise<void> {
  const { settings, organizations, api_keys } = state;
  await session.query(
    `INSERT INTO sandboxes (sandbox_id, generation, created_at, seed) VALUES ($1, nextval('places'), ${REAL}, $2)
     ON CONFLICT (sandbox_id) DO UPDATE
     SET generation = nextval('places'), seed = coalesce(excluded.seed, sandboxes.seed)`,
    [sandboxId, seed === undefined ? null : JSON.stringify(seed)],
  );
  if (initial === undefined) await copyState(session, sandboxId, '', BEFORE_RESET);
  else await session.query(`DELETE FROM states WHERE sandbox_id = $1 AND snapshot <> ''`, [sandboxId]);
  await session.query(
    `INSERT INTO states (sandbox_id, snapshot, settings, created_at) VALUES ($1, '', $2, ${REAL})
     ON CONFLICT (sandbox_id, snapshot) DO UPDATE SET settings = excluded.settings, version = nextval('places')`,
    [sandboxId, JSON.stringify(settings)],
  );
  await API_KEYS.keepOnly(session, sandboxId, []);
  await ORGANIZATIONS.keepOnly(
    session,
    sandboxId,
    organizations.map(({ organization_id }) => organization_id),
  );
  await ORGANIZATIONS.upsert(session, sandboxId, organizations);
  await API_KEYS.insert(session, sandboxId, api_keys);
  if (initial === undefined) return;
  await copyState(session, sandboxId, '', INITIAL_SNAPSHOT);
  await writeSettings(session, sandboxId, INITIAL_SNAPSHOT, initial);
}

/** As {@link put} with the state of a snapshot. */
export async function restore(
  session: Session,
  sandboxId: string,
  name: string,
  change: (settings: Settings) => Settings,
): Promise<boolean> {
  const settings = await readSettings(session.query, sandboxId, name);
  if (settings === undefined) return false;
  await copyState(session, sandboxId, '', name === BEFORE_RESET ? ASIDE : BEFORE_RESET);
  await copyState(session, sandboxId, name, '');
  await writeSettings(session, sandboxId, '', change(settings));
  await session.query("UPDATE sandboxes SET generation = nextval('places') WHERE sandbox_id = $1", [sandboxId]);
  if (name !== BEFORE_RESET) return true;
  await copyState(session, sandboxId, ASIDE, BEFORE_RESET);
  return removeSnapshot(session, sandboxId, ASIDE);
}

export async function listSnapshots(read: Read, sandboxId: string): Promise<Snapshot[]> {
  const countOf = (table: string) =>
    `(SELECT count(*) FROM ${table} WHERE ${table}.sandbox_id = states.sandbox_id AND ${table}.snapshot = states.snapshot)`;
  const rows = await read(
    `SELECT snapshot, created_at, ${countOf('organizations')} AS organizations, ${countOf('api_keys')} AS api_keys
     FROM states WHERE sandbox_id = $1 AND snapshot <> '' ORDER BY place`,
    [sandboxId],
  );
  return rows.map(({ snapshot, created_at, organizations, api_keys }) => ({
    name: String(snapshot),
    created_at: Number(created_at),
    organizations: Number(organizations),
    api_keys: Number(api_keys),
  }));
}

/** @throws the refusal `conflict` where there are too many */
export async function saveSnapshot(session: Session, sandboxId: string, name: string): Promise<void> {
  const named = (await listSnapshots(session.query, sandboxId)).filter(
    (one) => ![INITIAL_SNAPSHOT, BEFORE_RESET, name].includes(one.name),
  );
  if (named.length >= MAX_SNAPSHOTS && name !== BEFORE_RESET) {
    const hint = `a sandbox keeps ${MAX_SNAPSHOTS} at most: DELETE one of them first`;
    throw conflict('There are too many snapshots', hint, { snapshots: named.map((one) => one.name) });
  }
  await copyState(session, sandboxId, '', name);
}

export async function removeSnapshot(session: Session, sandboxId: string, name: string): Promise<boolean> {
  const removed = await session.query('DELETE FROM states WHERE sandbox_id = $1 AND snapshot = $2 RETURNING snapshot', [
    sandboxId,
    name,
  ]);
  return removed.length > 0;
}

/** Makes one state the same as another, but for granted keys. */
async function copyState(session: Session, sandboxId: string, from: string, to: string): Promise<void> {
  // Snapshots are listed in the order in which they were made.
  const written = await session.query(
    `INSERT INTO states (sandbox_id, snapshot, settings, created_at)
     SELECT sandbox_id, $3, settings, ${REAL} FROM states WHERE sandbox_id = $1 AND snapshot = $2
     ON CONFLICT (sandbox_id, snapshot) DO UPDATE SET settings = excluded.settings, created_at = excluded.created_at,
     place = excluded.place, version = excluded.version RETURNING snapshot`,
    [sandboxId, from, to],
  );
  if (written.length === 0) return;
  await ORGANIZATIONS.copy(session, sandboxId, from, to, 'TRUE');
  await API_KEYS.copy(session, sandboxId, from, to, 'NOT granted');
}
