import pg from 'pg';
import { clearTimeout, setTimeout } from '../../domain/real-time.ts';
import { StorageError } from '../store.ts';
import { DeadlineError, explain, isCollision } from './errors.ts';
import type { Target } from './target.ts';

/** A row; a bigint is its text. */
export type Row = Record<string, string | number | boolean | null>;
type Value = string | number | boolean | null | readonly (string | number | boolean | null)[];

/** One connection, within a transaction or without. */
export interface Session {
  query(text: string, values?: readonly Value[]): Promise<Row[]>;
}

/**
 * Real milliseconds that work may take: a read, which is tried twice, and what writes. A request that reads and then writes has
 * its answer within 3.5 s, whatever becomes of the engine.
 */
const READ_MS = 700;
const WRITE_MS = 1900;
/** While the engine does not answer, nobody waits so long for it again. */
const DOWN_MS = 300;
const RETRY_AFTER_MS = 20;
const LISTEN_AGAIN_MS = 1000;

/** Connections of a replica: few, since each does what all who wait in it want. */
const READERS = 2;
const WRITERS = 4;

// What a pooler in front of the engine would refuse as a parameter of the start is said once the connection is there.
const SETTINGS = [
  'SET search_path = mixpeek_mock',
  // An engine that does not wait for its disk loses what was acknowledged.
  'SET synchronous_commit = on',
  `SET statement_timeout = ${WRITE_MS}`,
  `SET lock_timeout = ${WRITE_MS}`,
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
  private readonly reads: pg.Pool;
  private readonly writes: pg.Pool;
  /** Names of prepared statements, by their texts. */
  private readonly names = new Map<string, string>();

  constructor(target: Target) {
    this.where = target.shown;
    this.target = target;
    this.reads = openPool(target, READERS);
    this.writes = openPool(target, WRITERS);
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
  async transact<T>(work: (session: Session) => Promise<T>, ms = WRITE_MS): Promise<T> {
    const once = () =>
      this.use(this.writes, ms, async (session) => {
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
    return this.orExplain(() =>
      once().catch((error) => {
        if (!isCollision(error)) throw error;
        return once();
      }),
    );
  }

  /** One statement that writes. It is not repeated: it may have been kept. @throws {StorageError} */
  write(text: string, values: readonly Value[]): Promise<Row[]> {
    return this.orExplain(() => this.use(this.writes, WRITE_MS, (session) => session.query(text, values)));
  }

  /** A connection for a while: whoever sends several statements without waiting for each. */
  batch<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.use(this.writes, WRITE_MS, async (session) => {
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
    await Promise.all([this.reads.end(), this.writes.end(), this.listener?.end().catch(() => {})]);
  }

  private async orExplain<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw explain(this.where, error);
    }
  }

  /** A connection that was in use when something went wrong is not used again. */
  private async use<T>(pool: pg.Pool, ms: number, work: (session: Session) => Promise<T>): Promise<T> {
    // What replaces a whole state is no request that somebody waits for in vain.
    const most = this.isDown && ms <= WRITE_MS ? Math.min(ms, DOWN_MS) : ms;
    let isSound = false;
    let client: pg.PoolClient | undefined;
    try {
      client = await connect(pool, Math.min(most, READ_MS));
      const { send } = this;
      const session = {
        query: (text: string, values?: readonly Value[]) => send(client as pg.PoolClient, text, values),
      };
      const done = await within(most, work(session));
      isSound = true;
      return done;
    } catch (error) {
      isSound = !(explain(this.where, error) instanceof StorageError);
      throw error;
    } finally {
      this.isDown = !isSound;
      client?.release(!isSound);
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

/** A connection that comes too late goes back. @throws {DeadlineError} */
async function connect(pool: pg.Pool, ms: number): Promise<pg.PoolClient> {
  const connecting = pool.connect();
  try {
    return await within(ms, connecting);
  } catch (error) {
    connecting.then(
      (client) => client.release(),
      () => {},
    );
    throw error;
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

function openPool(target: Target, max: number): pg.Pool {
  const pool = new pg.Pool({
    ...toOptions(target),
    max,
    pipeline: true,
    idleTimeoutMillis: 0,
    keepAlive: true,
    onConnect: async (client) => {
      await client.query(SETTINGS);
    },
  });
  // Without a listener a connection that breaks would end the program.
  pool.on('connect', (client) => client.on('error', () => {}));
  pool.on('error', () => {});
  return pool;
}

/** @throws {DeadlineError} */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DeadlineError(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
    // It may still fail, once its connection is gone.
    work.catch(() => {});
  }
}
