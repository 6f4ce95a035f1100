import pg from 'pg';
import { clearInterval, now, setInterval, setTimeout } from '../../domain/real-time.ts';
import { StorageError } from '../errors.ts';
import { BusyError, DeadlineError, explain, isCollision, isUnreachable } from './errors.ts';
import { Lane, LEAST_MS, within } from './lane.ts';
import type { Target } from './target.ts';

/** A row; a bigint is its text. */
export type Row = Record<string, string | number | boolean | null>;
type Value = string | number | boolean | null | readonly (string | number | boolean | null)[];

/** One connection, within a transaction or without. */
export interface Session {
  query(text: string, values?: readonly Value[]): Promise<Row[]>;
}

/**
 * Real milliseconds that work may take, its wait for a connection included: a read, which is tried twice, and what writes. A
 * request that reads and then writes has its answer within 3.5 s, whatever becomes of the engine.
 */
const READ_MS = 700;
export const WRITE_MS = 1900;
const STATEMENT_MS = 1700;
const LOCK_MS = 1500;
/** What replaces whole states may take as long as it needs, while the engine answers others. */
const LARGE_MS = 60_000;
const PROBE_MS = 1000;
/** While the engine does not answer, nobody waits so long for it again. */
const DOWN_MS = 300;
const RETRY_AFTER_MS = 20;
const LISTEN_AGAIN_MS = 1000;

/**
 * Connections of a replica: few, since each does what all who wait in it want. What may be held up has its own: by large states,
 * by rows that somebody else has locked.
 */
const READERS = 2;
const GROUPS = 3;
const WRITERS = 2;
const LOCKED = 2;

// What a pooler in front of the engine would refuse as a parameter of the start is said once the connection is there.
const SETTINGS = [
  'SET search_path = mixpeek_mock',
  // An engine that does not wait for its disk loses what was acknowledged.
  'SET synchronous_commit = on',
  // Before the deadline of the work: then it is known that the engine answers.
  `SET statement_timeout = ${STATEMENT_MS}`,
  `SET lock_timeout = ${LOCK_MS}`,
  // A replica that hangs holds its locks no longer than that.
  'SET idle_in_transaction_session_timeout = 1500',
  // A plan that was made while tables were small is kept while they grow: each statement finds few rows, by an index.
  'SET enable_seqscan = off',
  'SET enable_hashjoin = off',
  'SET enable_mergejoin = off',
  "SET timezone = 'UTC'",
].join('; ');

/** The connections of a replica to its engine. */
export class Connections {
  readonly where: string;
  private readonly target: Target;
  private listener: pg.Client | undefined;
  private isClosed = false;
  /** Whether the last work found nobody who answers. */
  private isDown = false;
  private readonly reads: Lane;
  private readonly groups: Lane;
  private readonly writes: Lane;
  private readonly locked: Lane;
  /** Names of prepared statements, by their texts. */
  private readonly names = new Map<string, string>();

  constructor(target: Target) {
    this.where = target.shown;
    this.target = target;
    const open = (size: number) => new Lane(toOptions(target), SETTINGS, size);
    this.reads = open(READERS);
    this.groups = open(GROUPS);
    this.writes = open(WRITERS);
    this.locked = open(LOCKED);
  }

  /**
   * One statement that only reads. It is tried once more on another connection.
   * @throws {StorageError}
   */
  async read(text: string, values: readonly Value[] = []): Promise<Row[]> {
    const once = () => this.use(this.reads, READ_MS, (session) => session.query(text, values));
    try {
      return await once();
    } catch (error) {
      if (!(explain(this.where, error) instanceof StorageError)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER_MS));
    return this.orExplain(once);
  }

  /**
   * Work in a transaction of its own, all of it or nothing. One that collides with another is tried once more.
   * @throws {StorageError} where it may not be kept
   */
  transact<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.inTransaction(this.writes, WRITE_MS, work);
  }

  /** As {@link transact}, for whole states: it may take long, but not while the engine does not answer. */
  transactLarge<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.inTransaction(this.writes, LARGE_MS, async (session) => {
      await session.query(`SET LOCAL statement_timeout = ${LARGE_MS}`);
      return work(session);
    });
  }

  /** As {@link transact}, for rows that somebody else has locked, perhaps: nobody waits for it but those who want them. */
  transactLocked<T>(work: (session: Session) => Promise<T>, ms: number): Promise<T> {
    return this.inTransaction(this.locked, Math.min(ms, WRITE_MS), work);
  }

  /** One statement that writes. It may have been kept: only one that was taken back is repeated. @throws {StorageError} */
  write(text: string, values: readonly Value[]): Promise<Row[]> {
    const once = () => this.use(this.groups, WRITE_MS, (session) => session.query(text, values));
    return this.orExplain(() => againAfterCollision(once));
  }

  /** A connection for a while: whoever sends several statements without waiting for each. */
  batch<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.inBatch(this.groups, WRITE_MS, work);
  }

  /** As {@link batch}, for rows that somebody else has locked, perhaps. */
  batchLocked<T>(work: (session: Session) => Promise<T>, ms: number): Promise<T> {
    return this.inBatch(this.locked, Math.min(ms, WRITE_MS), work);
  }

  private inBatch<T>(lane: Lane, ms: number, work: (session: Session) => Promise<T>): Promise<T> {
    return this.use(lane, ms, async (session) => {
      try {
        return await work(session);
      } catch (error) {
        // Whoever gets the connection next begins anew.
        await session.query('ROLLBACK').catch(() => {});
        throw error;
      }
    });
  }

  /** Hears what others say on a channel, as long as there is a connection, and again when there is one. It may miss some. */
  listen(channel: string, hear: () => void): void {
    if (this.isClosed) return;
    const client = new pg.Client(toOptions(this.target));
    this.listener = client;
    let isOver = false;
    const again = () => {
      if (isOver || this.isClosed) return;
      isOver = true;
      client.end().catch(() => {});
      setTimeout(() => this.listen(channel, hear), LISTEN_AGAIN_MS).unref();
    };
    client.on('error', again).on('end', again).on('notification', hear);
    client
      .connect()
      .then(() => client.query(`LISTEN ${channel}`))
      .catch(again);
  }

  /** Finishes what was begun. */
  async close(): Promise<void> {
    this.isClosed = true;
    const { reads, groups, writes, locked } = this;
    await Promise.all([reads, groups, writes, locked].map((lane) => lane.end()));
    await this.listener?.end().catch(() => {});
  }

  private async orExplain<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw explain(this.where, error);
    }
  }

  private inTransaction<T>(lane: Lane, ms: number, work: (session: Session) => Promise<T>): Promise<T> {
    const once = () =>
      this.use(lane, ms, async (session) => {
        await session.query('BEGIN');
        try {
          const done = await work(session);
          await session.query('COMMIT');
          return done;
        } catch (error) {
          await session.query('ROLLBACK').catch(() => {});
          throw error;
        }
      });
    return this.orExplain(() => againAfterCollision(once));
  }

  /** A connection that was in use when something went wrong is not used again. */
  private async use<T>(lane: Lane, ms: number, work: (session: Session) => Promise<T>): Promise<T> {
    const isLarge = ms > WRITE_MS;
    const most = this.isDown && !isLarge ? Math.min(ms, DOWN_MS) : ms;
    const until = now() + most;
    let left = most;
    try {
      const done = await lane.use(until, Math.min(ms, WRITE_MS), async (client) => {
        left = Math.max(LEAST_MS, until - now());
        const { send } = this;
        const session: Session = { query: (text, values) => send(client, text, values) };
        const doing = work(session);
        return within(left, isLarge ? this.whileReachable(doing) : doing);
      });
      this.isDown = false;
      return done;
    } catch (error) {
      // In so little time a lock may be all that is in the way.
      const isShort = lane !== this.reads && left < STATEMENT_MS;
      if (error instanceof DeadlineError && isShort && !this.isDown) throw new BusyError(most);
      if (isUnreachable(error)) this.isDown = true;
      throw error;
    }
  }

  /** Long work ends when the engine answers nobody else either. */
  private async whileReachable<T>(work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const unreachable = new Promise<never>((_, reject) => {
      timer = setInterval(() => this.read('SELECT 1').catch(reject), PROBE_MS);
    });
    try {
      return await Promise.race([work, unreachable]);
    } finally {
      clearInterval(timer);
      unreachable.catch(() => {});
      work.catch(() => {});
    }
  }

  private readonly send = async (client: pg.PoolClient, text: string, values?: readonly Value[]): Promise<Row[]> => {
    if (values === undefined) return (await client.query(text)).rows;
    let name = this.names.get(text);
    if (name === undefined) {
      name = `s${this.names.size}`;
      this.names.set(text, name);
    }
    return (await client.query({ name, text, values: [...values] })).rows;
  };
}

async function againAfterCollision<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isCollision(error)) throw error;
    return work();
  }
}

const toOptions = ({ host, port, user, password, database, ssl }: Target) => ({
  host,
  port,
  user,
  // A function, so that nothing is looked for in the environment or in a file where there is none.
  password: () => password,
  database,
  ssl,
  application_name: 'mixpeek-mock',
  connectionTimeoutMillis: READ_MS,
});
