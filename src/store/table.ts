import type { Database, Statement } from 'better-sqlite3';
import type { Page } from './store.ts';

/** How a column holds a member: as it is, as JSON text, or as 0 or 1. */
type Kind = 'plain' | 'json' | 'boolean';

/** A column for each member: from this list come INSERT, UPDATE, SELECT and the mapping of rows. */
export type Columns<Value> = { [Member in keyof Value & string]: Kind };

export type Kept = string | number | null;

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

/** The rows of what is; those of a snapshot have its name. */
export const CURRENT = '';

const STATE = 'sandbox_id = ? AND snapshot = ?';

/** Where a row is in the order of its table, and which one it is. */
interface Place {
  place: number;
  row: string;
}

/** The values of one kind in all states, a row each. */
export class Table<Value extends object> {
  /** The columns of the members. */
  readonly selected: string;
  private readonly prepare: Prepare;
  private readonly name: string;
  private readonly columns: [member: keyof Value & string, kind: Kind][];
  private readonly id: keyof Value & string;
  private readonly unique: (keyof Value & string)[];
  private readonly selectOne: Statement<Kept[], Row>;
  private readonly insertOne: Statement<Kept[]>;
  /** Gives the rows of one state what those of another have. */
  private readonly overwrite: Statement<Kept[]>;
  /** By the members that change, a bit each. */
  private readonly updates = new Map<number, Statement<Kept[]>>();

  /** @param unique members that no other row of a state has, the id first */
  constructor(
    prepare: Prepare,
    name: string,
    columns: Columns<Value>,
    unique: [id: keyof Value & string, ...others: (keyof Value & string)[]],
  ) {
    this.prepare = prepare;
    this.name = name;
    this.columns = Object.entries(columns) as [keyof Value & string, Kind][];
    this.id = unique[0];
    this.unique = unique;
    this.selected = this.columns.map(([member]) => member).join(', ');
    this.selectOne = prepare(`SELECT ${this.selected} FROM ${name} WHERE ${this.place}`);
    const values = '?, ?, '.concat(this.columns.map(() => '?').join(', '));
    this.insertOne = prepare(`INSERT INTO ${name} (sandbox_id, snapshot, ${this.selected}) VALUES (${values})`);
    const others = this.columns.map(([member]) => member).filter((member) => !unique.includes(member));
    const listOf = (table: string) => `(${others.map((member) => `${table}.${member}`).join(', ')})`;
    this.overwrite = prepare(
      `UPDATE ${name} SET (${others.join(', ')}) = ${listOf('source')} FROM ${name} AS source
       WHERE ${name}.sandbox_id = ? AND ${name}.snapshot = ? AND source.snapshot = ?
       AND source.sandbox_id = ${name}.sandbox_id AND source.${this.id} = ${name}.${this.id}
       AND ${listOf(name)} IS NOT ${listOf('source')}`,
    );
  }

  find(sandboxId: string, id: string): Value | undefined {
    const row = this.selectOne.get(sandboxId, CURRENT, id);
    return row && this.toValue(row);
  }

  /** Those of a state that meet a condition, in the order in which they were made; without a limit, all. */
  list(sandboxId: string, snapshot: string, limit = -1, condition = 'TRUE'): Value[] {
    const rows = this.select(condition).all(sandboxId, snapshot, 0, limit);
    return rows.map((row) => this.toValue(row));
  }

  /** The first ones behind a place in that order, and the place behind which the others are; null if there are none. */
  page(sandboxId: string, after: number, limit: number): Page<Value> {
    const rows = this.select('TRUE').all(sandboxId, CURRENT, after, limit + 1);
    const page = rows.slice(0, limit);
    const next = rows.length > limit ? Number(page.at(-1)?.place) : null;
    return { items: page.map((row) => this.toValue(row)), next };
  }

  insert(sandboxId: string, value: Value): void {
    this.insertOne.run(sandboxId, CURRENT, ...this.columns.map(([member, kind]) => toKept(value[member], kind)));
  }

  /** Writes the members that differ; the others would take their time too. */
  update(sandboxId: string, before: Value, after: Value): void {
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
    update.run(...values, sandboxId, CURRENT, toKept(before[this.id], 'plain'));
  }

  remove(sandboxId: string, id: string): void {
    this.prepare(`DELETE FROM ${this.name} WHERE ${this.place}`).run(sandboxId, CURRENT, id);
  }

  /**
   * Makes the rows of one state those of another too, but for those that do not meet the condition. Rows stay up to the
   * first that has another one in its place, and get what differs: a reset that takes little back writes little.
   */
  copy(sandboxId: string, from: string, to: string, condition: string): void {
    const { name, selected } = this;
    this.prepare(`DELETE FROM ${name} WHERE ${STATE} AND NOT (${condition})`).run(sandboxId, to);
    const target = this.listPlaces(sandboxId, to, condition);
    // Most are copied where there is nothing: a large one need not be listed for that.
    const source = target.length === 0 ? [FIRST_PLACE] : this.listPlaces(sandboxId, from, condition);
    const same = target.length === 0 ? 0 : countSame(source, target);
    const [next, gone] = [source[same], target[same]];
    if (gone !== undefined) {
      this.prepare(`DELETE FROM ${name} WHERE ${STATE} AND rowid >= ?`).run(sandboxId, to, gone.place);
    }
    if (same > 0) this.overwrite.run(sandboxId, to, from);
    if (next === undefined) return;
    const insert = this.prepare(
      `INSERT INTO ${name} (sandbox_id, snapshot, ${selected})
       SELECT sandbox_id, ?, ${selected} FROM ${name} WHERE ${STATE} AND rowid >= ? AND ${condition} ORDER BY rowid`,
    );
    insert.run(to, sandboxId, from, next.place);
  }

  toValue(row: Row): Value {
    const value: Record<string, unknown> = {};
    for (const [member, kind] of this.columns) value[member] = fromKept(row[member], kind);
    return value as Value;
  }

  /** Which rows there are, in the order in which they were made. */
  private listPlaces(sandboxId: string, snapshot: string, condition: string): Place[] {
    const select = this.prepare(
      `SELECT rowid AS place, ${this.unique.join(" || ' ' || ")} AS row FROM ${this.name}
       WHERE ${STATE} AND ${condition} ORDER BY rowid`,
    );
    return select.all(sandboxId, snapshot).map(({ place, row }) => ({ place: Number(place), row: String(row) }));
  }

  private select(condition: string): Statement<Kept[], Row> {
    return this.prepare(
      `SELECT rowid AS place, ${this.selected} FROM ${this.name}
       WHERE ${STATE} AND ${condition} AND rowid > ? ORDER BY rowid LIMIT ?`,
    );
  }

  private prepareUpdate(changed: number): Statement<Kept[]> {
    const names = this.columns.filter((_, index) => changed & (1 << index)).map(([member]) => `${member} = ?`);
    const update = this.prepare(`UPDATE ${this.name} SET ${names.join(', ')} WHERE ${this.place}`);
    this.updates.set(changed, update);
    return update;
  }

  private get place(): string {
    return `${STATE} AND ${this.id} = ?`;
  }
}

/** In front of all rows. */
const FIRST_PLACE: Place = { place: 0, row: '' };

/** How many rows at the start of two states are the same ones. */
function countSame(left: Place[], right: Place[]): number {
  const first = left.findIndex(({ row }, index) => row !== right[index]?.row);
  return first === -1 ? left.length : first;
}

function toKept(value: unknown, kind: Kind): Kept {
  if (kind === 'json') return JSON.stringify(value);
  return kind === 'boolean' ? Number(value) : (value as Kept);
}

function fromKept(kept: Kept | undefined, kind: Kind): unknown {
  if (kind === 'json') return JSON.parse(String(kept));
  return kind === 'boolean' ? kept === 1 : kept;
}
