import { isStorable } from '../../domain/text.ts';
import type { Page } from '../store.ts';
import type { Columns } from '../table.ts';
import type { Row, Session } from './connections.ts';

type Kept = string | number | boolean | null;
type Kind = 'plain' | 'json' | 'boolean';

const INTEGERS: readonly string[] = ['credit_count', 'billing_cycle_start', 'current_month_usage'];
const STATE = 'sandbox_id = $1 AND snapshot = $2';
/** Rows that one statement writes. */
const ROWS = 1000;

/** Reads with or without a transaction. */
export type Read = Session['query'];

/** The values of one kind in all states, a row each, in the order of their places. */
export class Table<Value extends object> {
  /** The columns of the members. */
  readonly selected: string;
  private readonly name: string;
  private readonly columns: [member: keyof Value & string, kind: Kind][];
  private readonly id: keyof Value & string;
  /** What makes a row another one. */
  private readonly overwritten: string;

  /** @param hasVersion whether its rows have a version, which changes with them */
  constructor(name: string, columns: Columns<Value>, id: keyof Value & string, hasVersion: boolean) {
    this.name = name;
    this.columns = Object.entries(columns) as [keyof Value & string, Kind][];
    this.id = id;
    this.selected = this.columns.map(([member]) => member).join(', ');
    const others = [...this.columns.map(([member]) => member).filter((member) => member !== id), 'place'];
    const set = others.map((member) => `${member} = excluded.${member}`);
    if (hasVersion) set.push(`version = nextval('places')`);
    this.overwritten = set.join(', ');
  }

  /** @param lock whether nobody else may change it until the transaction ends */
  async find(read: Read, sandboxId: string, id: string, lock = false): Promise<Value | undefined> {
    if (!isStorable(id)) return undefined;
    const text = `SELECT ${this.selected} FROM ${this.name} WHERE ${STATE} AND ${this.id} = $3`;
    const [row] = await read(lock ? `${text} FOR UPDATE` : text, [sandboxId, '', id]);
    return row && this.toValue(row);
  }

  /** Those of a state that meet a condition; without a limit, all. */
  async list(read: Read, sandboxId: string, snapshot: string, limit?: number, condition = 'TRUE'): Promise<Value[]> {
    const text = `SELECT ${this.selected} FROM ${this.name} WHERE ${STATE} AND ${condition} ORDER BY place LIMIT $3`;
    return (await read(text, [sandboxId, snapshot, limit ?? null])).map((row) => this.toValue(row));
  }

  async page(read: Read, sandboxId: string, after: number, limit: number): Promise<Page<Value>> {
    const text = `SELECT place, ${this.selected} FROM ${this.name} WHERE ${STATE} AND place > $3 ORDER BY place LIMIT $4`;
    const rows = await read(text, [sandboxId, '', after, limit + 1]);
    const page = rows.slice(0, limit);
    const next = rows.length > limit ? Number(page.at(-1)?.place) : null;
    return { items: page.map((row) => this.toValue(row)), next };
  }

  async insert(session: Session, sandboxId: string, values: readonly Value[]): Promise<void> {
    for (let at = 0; at < values.length; at += ROWS) await this.write(session, sandboxId, values.slice(at, at + ROWS));
  }

  /** Inserts, and overwrites those that have the same id: rows stay the same ones for whoever waits for them. */
  async upsert(session: Session, sandboxId: string, values: readonly Value[]): Promise<void> {
    const conflict = `ON CONFLICT (sandbox_id, snapshot, ${this.id}) DO UPDATE SET ${this.overwritten}`;
    for (let at = 0; at < values.length; at += ROWS) {
      await this.write(session, sandboxId, values.slice(at, at + ROWS), conflict);
    }
  }

  /** The statement and the values that overwrite one row with what differs. Undefined where nothing does. */
  toUpdate(sandboxId: string, before: Value, after: Value): [text: string, values: Kept[]] | undefined {
    const changed = this.columns.filter(([member]) => before[member] !== after[member]);
    if (changed.length === 0) return undefined;
    const set = changed.map(([member], index) => `${member} = $${index + 4}`);
    if (this.overwritten.includes('version')) set.push(`version = nextval('places')`);
    return [
      `UPDATE ${this.name} SET ${set.join(', ')} WHERE ${STATE} AND ${this.id} = $3`,
      [
        sandboxId,
        '',
        toKept(before[this.id], 'plain'),
        ...changed.map(([member, kind]) => toKept(after[member], kind)),
      ],
    ];
  }

  async update(session: Session, sandboxId: string, before: Value, after: Value): Promise<void> {
    const update = this.toUpdate(sandboxId, before, after);
    if (update !== undefined) await session.query(...update);
  }

  async remove(session: Session, sandboxId: string, id: string): Promise<void> {
    await session.query(`DELETE FROM ${this.name} WHERE ${STATE} AND ${this.id} = $3`, [sandboxId, '', id]);
  }

  /** Removes those of the current state whose id is not among these. */
  async keepOnly(session: Session, sandboxId: string, ids: readonly string[]): Promise<void> {
    await session.query(`DELETE FROM ${this.name} WHERE ${STATE} AND ${this.id} <> ALL ($3::text[])`, [
      sandboxId,
      '',
      ids,
    ]);
  }

  /** Makes the rows of one state those of another too, but for those that do not meet the condition. */
  async copy(session: Session, sandboxId: string, from: string, to: string, condition: string): Promise<void> {
    const { name, id, selected, overwritten } = this;
    const values = [sandboxId, to, from];
    await session.query(
      `DELETE FROM ${name} WHERE ${STATE} AND (NOT (${condition}) OR NOT EXISTS (
         SELECT FROM ${name} AS source WHERE source.sandbox_id = $1 AND source.snapshot = $3 AND source.${id} = ${name}.${id}
         AND ${condition.replace('granted', 'source.granted')}
       ))`,
      values,
    );
    const differs = `(${selected.replaceAll(/\w+/g, `${name}.$&`)}, ${name}.place) IS DISTINCT FROM (${selected.replaceAll(/\w+/g, 'excluded.$&')}, excluded.place)`;
    await session.query(
      `INSERT INTO ${name} (sandbox_id, snapshot, place, ${selected})
       SELECT sandbox_id, $2, place, ${selected} FROM ${name} WHERE sandbox_id = $1 AND snapshot = $3 AND ${condition}
       ON CONFLICT (sandbox_id, snapshot, ${id}) DO UPDATE SET ${overwritten} WHERE ${differs}`,
      values,
    );
  }

  toValue(row: Row): Value {
    const value: Record<string, unknown> = {};
    for (const [member, kind] of this.columns) value[member] = fromKept(row[member], kind, member);
    return value as Value;
  }

  private async write(session: Session, sandboxId: string, values: readonly Value[], conflict = ''): Promise<void> {
    const types = this.columns.map(([member, kind], index) => `$${index + 3}::${typeOf(member, kind)}[]`);
    const lists = this.columns.map(([member, kind]) => values.map((value) => toKept(value[member], kind)));
    await session.query(
      `INSERT INTO ${this.name} (sandbox_id, snapshot, ${this.selected})
       SELECT $1::text, $2::text, * FROM unnest(${types.join(', ')}) ${conflict}`,
      [sandboxId, '', ...lists],
    );
  }
}

const typeOf = (member: string, kind: Kind) =>
  kind === 'boolean' ? 'boolean' : INTEGERS.includes(member) ? 'bigint' : 'text';

function toKept(value: unknown, kind: Kind): Kept {
  return kind === 'json' ? JSON.stringify(value) : (value as Kept);
}

function fromKept(kept: Kept | undefined, kind: Kind, member: string): unknown {
  if (kind === 'json') return JSON.parse(String(kept));
  return INTEGERS.includes(member) ? Number(kept) : kept;
}
