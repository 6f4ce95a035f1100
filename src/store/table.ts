import type { Database, Statement } from 'better-sqlite3';
import type { Page } from './store.ts';

/** How a column holds a member: as it is, as JSON text, as 0 or 1, or as the bytes that hex digits say. */
type Kind = 'plain' | 'json' | 'boolean' | 'hex';

/** A column for each member: from this list come INSERT, UPDATE, SELECT and the mapping of rows. */
export type Columns<Value> = { [Member in keyof Value & string]: Kind };

export type Kept = string | number | null | Buffer;

/** Prepares a statement, each text once. */
export type Prepare = (text: string) => Statement<Kept[], Row>;

export function buildPrepare(db: Database): Prepare {
  const prepared = new Map<string, Statement<Kept[], Row>>();
  return (text) => {
    const statement = prepared.get(text) ?? db.prepare<Kept[], Row>(text);
    prepared.set(text, statement);
    return statement;
  };
}
export type Row = Record<string, Kept>;

/** A state of a sandbox: rows of its own, and those of its base whose ids it has no rows for. */
export interface StateKey {
  sandbox_id: string;
  state_id: number;
  /** A state without a base, which nobody changes any more. */
  base_id: number | null;
}

/** The snapshot of what is. */
export const CURRENT = '';

/** Rows that are copied or removed in one step: about a millisecond. */
const STEP = 100;
/** Of a column that the copy of a row has another value in. */
type Replaced = Record<string, string>;

/** The values of one kind in all states, a row each. */
export class Table<Value extends object> {
  /** The columns of the members. */
  readonly selected: string;
  protected readonly prepare: Prepare;
  private readonly name: string;
  private readonly columns: [member: keyof Value & string, kind: Kind][];
  private readonly id: keyof Value & string;
  private readonly selectOne: Statement<Kept[], Row>;
  private readonly insertOne: Statement<Kept[]>;
  /** By the members that change, a bit each. */
  private readonly updates = new Map<number, Statement<Kept[]>>();

  constructor(prepare: Prepare, name: string, columns: Columns<Value>, id: keyof Value & string) {
    this.prepare = prepare;
    this.name = name;
    this.columns = Object.entries(columns) as [keyof Value & string, Kind][];
    this.id = id;
    this.selected = this.columns.map(([member]) => member).join(', ');
    this.selectOne = prepare(`SELECT removed, ${this.selected} FROM ${name} WHERE state_id = ? AND ${id} = ?`);
    const values = this.columns.map(() => '?').join(', ');
    this.insertOne = prepare(`INSERT INTO ${name} (state_id, place, ${this.selected}) VALUES (?, ?, ${values})`);
  }

  find(state: StateKey, id: string): Value | undefined {
    const row = this.findRow(state, id);
    return row && this.toValue(row);
  }

  has(state: StateKey, id: string): boolean {
    return this.findRow(state, id) !== undefined;
  }

  private findRow({ state_id, base_id }: StateKey, id: string): Row | undefined {
    const row = this.selectOne.get(state_id, id) ?? (base_id === null ? undefined : this.selectOne.get(base_id, id));
    return row?.removed === 1 ? undefined : row;
  }

  /** Those of a state that meet a condition, in the order in which they were made; without a limit, all. */
  list(state: StateKey, limit = -1, condition = 'TRUE'): Value[] {
    return this.select(state, 0, limit, condition).map((row) => this.toValue(row));
  }

  /** The first ones behind a place in that order, and the place behind which the others are; null if there are none. */
  page(state: StateKey, after: number, limit: number): Page<Value> {
    const rows = this.select(state, after, limit + 1, 'TRUE');
    const page = rows.slice(0, limit);
    const next = rows.length > limit ? Number(page.at(-1)?.place) : null;
    return { items: page.map((row) => this.toValue(row)), next };
  }

  /** @param place behind all others, unless it is known */
  insert(state: StateKey, value: Value, place = this.findNextPlace(state)): void {
    // One that was removed may be made anew.
    if (state.base_id !== null) this.delete(state.state_id, toKept(value[this.id], 'plain'), 'removed');
    const members = this.columns.map(([member, kind]) => toKept(value[member], kind));
    this.insertOne.run(state.state_id, place, ...members);
  }

  private findNextPlace({ state_id, base_id }: StateKey): number {
    const select = this.prepare(`SELECT max(place) AS place FROM ${this.name} WHERE state_id = ?`);
    return 1 + Math.max(...[state_id, base_id].map((id) => Number(select.get(id)?.place)));
  }

  /** Writes the members that differ; the others would take their time too. */
  update(state: StateKey, before: Value, after: Value): void {
    let changed = 0;
    let bit = 1;
    const values: Kept[] = [];
    for (const [member, kind] of this.columns) {
      if (before[member] !== after[member]) {
        changed |= bit;
        values.push(toKept(after[member], kind));
      }
      bit <<= 1;
    }
    if (changed === 0) return;
    const update = this.updates.get(changed) ?? this.prepareUpdate(changed);
    const id = toKept(before[this.id], 'plain');
    if (update.run(...values, state.state_id, id).changes > 0) return;
    this.makeOwn(state, id);
    update.run(...values, state.state_id, id);
  }

  remove(state: StateKey, id: string): void {
    this.delete(state.state_id, id);
    this.makeOwn(state, id, { removed: '1' });
  }

  /** Gives a state without rows those that another one has besides its base, some at each step. */
  *copy({ state_id: from }: StateKey, to: number, replaced: Replaced = {}): Generator<void> {
    const rows = `FROM ${this.name} WHERE state_id = ? AND place > ? ORDER BY place LIMIT ${STEP}`;
    const selectLast = this.prepare(`SELECT max(place) AS place FROM (SELECT place ${rows})`);
    const insert = this.prepare(`${this.toInsert(replaced)} ${rows}`);
    for (let after = 0; ; ) {
      const last = selectLast.get(from, after)?.place;
      if (last === undefined || last === null) return;
      insert.run(to, from, after);
      after = Number(last);
      yield;
    }
  }

  /** @returns whether there may be more */
  removeSome({ state_id }: StateKey): boolean {
    const some = `SELECT place FROM ${this.name} WHERE state_id = ? ORDER BY place LIMIT ${STEP}`;
    const remove = this.prepare(`DELETE FROM ${this.name} WHERE state_id = ? AND place IN (${some})`);
    return remove.run(state_id, state_id).changes === STEP;
  }

  toValue(row: Row): Value {
    const value: Record<string, unknown> = {};
    for (const [member, kind] of this.columns) value[member] = fromKept(row[member], kind);
    return value as Value;
  }

  private delete(stateId: number, id: Kept, condition = 'TRUE'): void {
    this.prepare(`DELETE FROM ${this.name} WHERE state_id = ? AND ${this.id} = ? AND ${condition}`).run(stateId, id);
  }

  /** The row of the base becomes one of the state's own, if that has none. */
  makeOwn({ state_id, base_id }: StateKey, id: Kept, replaced: Replaced = {}): void {
    if (base_id === null) return;
    const insert = this.prepare(`${this.toInsert(replaced)} FROM ${this.name} WHERE state_id = ? AND ${this.id} = ?`);
    insert.run(state_id, base_id, id);
  }

  /** A copy of rows, to be ended by FROM: they keep their places. */
  private toInsert(replaced: Replaced): string {
    const columns = ['place', 'removed', ...this.columns.map(([member]) => member)];
    const values = columns.map((column) => replaced[column] ?? column);
    return `INSERT OR IGNORE INTO ${this.name} (state_id, ${columns.join(', ')}) SELECT ?, ${values.join(', ')}`;
  }

  private select({ state_id, base_id }: StateKey, after: number, limit: number, condition: string): Row[] {
    const { name, id } = this;
    const own = `SELECT place, ${this.selected} FROM ${name} WHERE state_id = ? AND place > ? AND NOT removed AND ${condition}`;
    if (base_id === null) return this.prepare(`${own} ORDER BY place LIMIT ?`).all(state_id, after, limit);
    const others = `${own} AND NOT EXISTS (SELECT 1 FROM ${name} AS own WHERE own.state_id = ? AND own.${id} = ${name}.${id})`;
    const select = this.prepare(`${own} UNION ALL ${others} ORDER BY place LIMIT ?`);
    return select.all(state_id, after, base_id, after, state_id, limit);
  }

  private prepareUpdate(changed: number): Statement<Kept[]> {
    const names = this.columns.filter((_, index) => changed & (1 << index)).map(([member]) => `${member} = ?`);
    const update = this.prepare(`UPDATE ${this.name} SET ${names.join(', ')} WHERE state_id = ? AND ${this.id} = ?`);
    this.updates.set(changed, update);
    return update;
  }
}

function toKept(value: unknown, kind: Kind): Kept {
  if (kind === 'json') return JSON.stringify(value);
  if (kind === 'hex') return Buffer.from(String(value), 'hex');
  return kind === 'boolean' ? Number(value) : (value as Kept);
}

function fromKept(kept: Kept | undefined, kind: Kind): unknown {
  if (kind === 'json') return JSON.parse(String(kept));
  if (kind === 'hex') return (kept as Buffer).toString('hex');
  return kind === 'boolean' ? kept === 1 : kept;
}
