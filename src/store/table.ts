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

/** The values of one kind in all states, a row each. */
export class Table<Value extends object> {
  /** The columns of the members. */
  readonly selected: string;
  private readonly prepare: Prepare;
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
    this.selectOne = prepare(`SELECT ${this.selected} FROM ${name} WHERE ${this.place}`);
    const values = '?, ?, '.concat(this.columns.map(() => '?').join(', '));
    this.insertOne = prepare(`INSERT INTO ${name} (sandbox_id, snapshot, ${this.selected}) VALUES (${values})`);
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

  /** Makes the rows of one state those of another too, but for those that do not meet the condition. */
  copy(sandboxId: string, from: string, to: string, condition: string): void {
    const copy = this.prepare(
      `INSERT INTO ${this.name} (sandbox_id, snapshot, ${this.selected})
       SELECT sandbox_id, ?, ${this.selected} FROM ${this.name}
       WHERE sandbox_id = ? AND snapshot = ? AND ${condition} ORDER BY rowid`,
    );
    copy.run(to, sandboxId, from);
  }

  toValue(row: Row): Value {
    const value: Record<string, unknown> = {};
    for (const [member, kind] of this.columns) value[member] = fromKept(row[member], kind);
    return value as Value;
  }

  private select(condition: string): Statement<Kept[], Row> {
    return this.prepare(
      `SELECT rowid AS place, ${this.selected} FROM ${this.name}
       WHERE sandbox_id = ? AND snapshot = ? AND ${condition} AND rowid > ? ORDER BY rowid LIMIT ?`,
    );
  }

  private prepareUpdate(changed: number): Statement<Kept[]> {
    const names = this.columns.filter((_, index) => changed & (1 << index)).map(([member]) => `${member} = ?`);
    const update = this.prepare(`UPDATE ${this.name} SET ${names.join(', ')} WHERE ${this.place}`);
    this.updates.set(changed, update);
    return update;
  }

  private get place(): string {
    return `sandbox_id = ? AND snapshot = ? AND ${this.id} = ?`;
  }
}

function toKept(value: unknown, kind: Kind): Kept {
  if (kind === 'json') return JSON.stringify(value);
  return kind === 'boolean' ? Number(value) : (value as Kept);
}

function fromKept(kept: Kept | undefined, kind: Kind): unknown {
  if (kind === 'json') return JSON.parse(String(kept));
  return kind === 'boolean' ? kept === 1 : kept;
}
