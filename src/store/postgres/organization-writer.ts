import { timeOf } from '../../domain/clock.ts';
import type { Organization } from '../../domain/organization.ts';
import { now, setImmediate } from '../../domain/real-time.ts';
import type { Settings } from '../../domain/state.ts';
import { SandboxGoneError, StorageError } from '../errors.ts';
import type { Updated, Updater } from '../store.ts';
import { type Connections, type Row, type Session, WRITE_MS } from './connections.ts';
import { explain, isCollision } from './errors.ts';
import { ORGANIZATIONS, REAL } from './rows.ts';

type Change = Updater<Organization | undefined>;
type Done = Updated<Organization | undefined>;

interface Unit {
  sandboxId: string;
  organizationId: string;
  change: Change;
  /** By the clock of durations: until then it waits for what somebody else has locked. */
  until: number;
  resolve(done: Done): void;
  reject(error: unknown): void;
}

/** The least that is left for one that waited behind others. */
const LEAST_MS = 300;

/** What a batch does in the same transaction, where limits change. */
export type AfterChange = (session: Session, sandboxId: string, done: Done) => Promise<unknown> | undefined;

const LOCK = `
  SELECT o.sandbox_id, ${ORGANIZATIONS.selected.replaceAll(/\w+/g, 'o.$&')}
  FROM organizations AS o JOIN unnest($1::text[], $2::text[]) AS wanted (sandbox_id, organization_id)
  ON o.sandbox_id = wanted.sandbox_id AND o.organization_id = wanted.organization_id
  WHERE o.snapshot = '' ORDER BY o.sandbox_id, o.organization_id FOR UPDATE OF o`;
// What somebody else has locked is left out, so that nobody waits for it but who wants it.
const LOCK_FREE = `${LOCK} SKIP LOCKED`;
// Behind the locks: the time of a change is not before that of one that was committed earlier.
const SETTINGS = `SELECT sandbox_id, settings, ${REAL} AS real FROM states WHERE sandbox_id = ANY ($1::text[]) AND snapshot = ''`;

/**
 * Changes organizations: all that wait in this process share one transaction and two round trips, one batch on its way. What such
 * a batch cannot do, because a row is locked elsewhere, or is made or removed, or the table refuses one of the changes, goes
 * organization by organization, each behind the other and for itself.
 */
export class OrganizationWriter {
  private readonly connections: Connections;
  private readonly change: (
    session: Session,
    sandboxId: string,
    organizationId: string,
    change: Change,
  ) => Promise<Done>;
  private readonly afterChange: AfterChange;
  private readonly clock: () => number;
  private waiting: Unit[] = [];
  private isUnderWay = false;
  /** What waits behind the one that is being changed, by place. */
  private readonly behind = new Map<string, Unit[]>();

  /**
   * @param change does one of them, whatever it makes of the organization
   * @param clock milliseconds that only go forward
   */
  constructor(connections: Connections, change: OrganizationWriter['change'], afterChange: AfterChange, clock = now) {
    this.clock = clock;
    this.connections = connections;
    this.change = change;
    this.afterChange = afterChange;
  }

  update(sandboxId: string, organizationId: string, change: Change): Promise<Done> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ sandboxId, organizationId, change, until: this.clock() + WRITE_MS, resolve, reject });
      this.schedule();
    });
  }

  private schedule(): void {
    if (this.isUnderWay || this.waiting.length === 0) return;
    this.isUnderWay = true;
    setImmediate(() => {
      // What came later is not done before what waits for the same organization.
      const isBehind = ({ sandboxId, organizationId }: Unit) => this.behind.has(placeOf(sandboxId, organizationId));
      for (const unit of this.waiting.filter(isBehind)) this.leaveBehind(unit);
      const units = this.waiting.filter((unit) => !isBehind(unit));
      this.waiting = [];
      void (units.length > 0 ? this.write(units) : Promise.resolve()).finally(() => {
        this.isUnderWay = false;
        this.schedule();
      });
    });
  }

  private async write(units: Unit[]): Promise<void> {
    const work = (session: Session) => this.writeTogether(session, units, LOCK_FREE);
    const left = await this.orReject(units, () => this.connections.batch(work));
    // They wait for others, perhaps: nobody waits for them.
    for (const unit of left) this.leaveBehind(unit);
  }

  /** @returns those that have to be done otherwise: all of them where one is to blame, and nobody knows which */
  private async orReject(units: Unit[], work: () => Promise<Unit[]>): Promise<Unit[]> {
    try {
      return await work();
    } catch (error) {
      const explained = explain(this.connections.where, error);
      // Where the engine is gone, nobody can do better alone.
      if (!(explained instanceof StorageError) || isCollision(error)) return units;
      for (const { reject } of units) reject(explained);
      return [];
    }
  }

  private leaveBehind(unit: Unit): void {
    const place = placeOf(unit.sandboxId, unit.organizationId);
    const others = this.behind.get(place);
    if (others !== undefined) {
      others.push(unit);
      return;
    }
    this.behind.set(place, [unit]);
    void this.writeBehind(place);
  }

  /** Those of one organization that are there by then share a transaction, until there is none. */
  private async writeBehind(place: string): Promise<void> {
    for (;;) {
      const units = this.behind.get(place) ?? [];
      if (units.length === 0) break;
      this.behind.set(place, []);
      const leftMs = () => Math.max(LEAST_MS, Math.min(...units.map(({ until }) => until)) - this.clock());
      const work = (session: Session) => this.writeTogether(session, units, LOCK);
      const left = await this.orReject(units, () => this.connections.batchLocked(work, leftMs()));
      if (left.length === 0) continue;
      try {
        const settle = await this.connections.transactLocked((session) => this.writeInTurn(session, left), leftMs());
        for (const tell of settle) tell();
      } catch (error) {
        for (const { reject } of left) reject(error);
      }
    }
    this.behind.delete(place);
  }

  /** One that fails leaves the others. */
  private async writeInTurn(session: Session, units: Unit[]): Promise<(() => void)[]> {
    const settle: (() => void)[] = [];
    for (const { sandboxId, organizationId, change, resolve, reject } of units) {
      await session.query('SAVEPOINT one');
      try {
        const done = await this.change(session, sandboxId, organizationId, change);
        settle.push(() => resolve(done));
      } catch (error) {
        if (isCollision(error) || explain('', error) instanceof StorageError) throw error;
        await session.query('ROLLBACK TO SAVEPOINT one');
        settle.push(() => reject(error));
      }
      await session.query('RELEASE SAVEPOINT one');
    }
    return settle;
  }

  /** @returns those that have to go one by one */
  private async writeTogether(session: Session, units: Unit[], lock: string): Promise<Unit[]> {
    const wanted = new Map(units.map((unit) => [placeOf(unit.sandboxId, unit.organizationId), unit]));
    const sandboxIds = [...new Set(units.map(({ sandboxId }) => sandboxId))];
    const [, rows, states] = await Promise.all([
      session.query('BEGIN'),
      session.query(lock, [
        [...wanted.values()].map(({ sandboxId }) => sandboxId),
        [...wanted.values()].map(({ organizationId }) => organizationId),
      ]),
      session.query(SETTINGS, [sandboxIds]),
    ]);
    const { left, settle, writes } = this.apply(session, units, rows, states);
    const ended = await Promise.allSettled([...writes.map((write) => write()), session.query('COMMIT')]);
    // A commit of what has failed is a rollback, and no error.
    for (const end of ended) if (end.status === 'rejected') throw end.reason;
    for (const tell of settle) tell();
    return left;
  }

  private apply(session: Session, units: Unit[], rows: Row[], states: Row[]) {
    const settingsOf = new Map(states.map((row) => [String(row.sandbox_id), row]));
    const before = new Map(
      rows.map((row) => [placeOf(String(row.sandbox_id), String(row.organization_id)), ORGANIZATIONS.toValue(row)]),
    );
    const current = new Map(before);
    const left: Unit[] = [];
    const settle: (() => void)[] = [];
    const writes: (() => Promise<unknown>)[] = [];
    const more: { sandboxId: string; done: Done }[] = [];
    for (const unit of units) {
      const { sandboxId, organizationId, change } = unit;
      const place = placeOf(sandboxId, organizationId);
      const found = current.get(place);
      const state = settingsOf.get(sandboxId);
      if (state === undefined) {
        settle.push(() => unit.reject(new SandboxGoneError(sandboxId)));
        continue;
      }
      if (found === undefined) {
        left.push(unit);
        continue;
      }
      try {
        const settings: Settings = JSON.parse(String(state.settings));
        const time = timeOf(settings.clock, Number(state.real));
        const after = change(found, time, Number(state.real));
        if (after === undefined) {
          left.push(unit);
          continue;
        }
        const done = { before: found, after, settings, now: time, real: Number(state.real) };
        current.set(place, after);
        more.push({ sandboxId, done });
        settle.push(() => unit.resolve(done));
      } catch (error) {
        settle.push(() => unit.reject(error));
      }
    }
    for (const [place, after] of current) {
      const first = before.get(place);
      const [sandboxId = ''] = place.split(' ', 1);
      const update = first && ORGANIZATIONS.toUpdate(sandboxId, first, after);
      if (update !== undefined) writes.push(() => session.query(...update));
    }
    // Sandbox by sandbox, as others take the locks of what they charge.
    more.sort((a, b) => compare(a.sandboxId, b.sandboxId));
    for (const { sandboxId, done } of more) writes.push(async () => this.afterChange(session, sandboxId, done));
    return { left, settle, writes };
  }
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** No id of a sandbox has a blank. */
const placeOf = (sandboxId: string, organizationId: string) => `${sandboxId} ${organizationId}`;
