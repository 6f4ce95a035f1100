import pg from 'pg';
import { clearTimeout, now, setTimeout } from '../../domain/real-time.ts';
import { StorageError } from '../errors.ts';
import { BusyError, ConnectError, DeadlineError, explain } from './errors.ts';

/** The shortest time that is worth a try, in real milliseconds. */
export const LEAST_MS = 50;

/** Connections for one kind of work, and those who wait for one, in their order. */
export class Lane {
  private readonly pool: pg.Pool;
  private readonly connectMs: number;
  private free: number;
  private waiting: (() => void)[] = [];

  /** @param settings SQL that each connection begins with */
  constructor(options: pg.PoolConfig & { connectionTimeoutMillis: number }, settings: string, size: number) {
    this.connectMs = options.connectionTimeoutMillis;
    this.free = size;
    this.pool = new pg.Pool({
      ...options,
      max: size,
      pipeline: true,
      idleTimeoutMillis: 0,
      keepAlive: true,
      // The pool waits for it as long as it takes.
      onConnect: (client) => begin(client, settings, this.connectMs),
    });
    // Without a listener a connection that breaks would end the program.
    this.pool.on('connect', (client) => client.on('error', () => {}));
    this.pool.on('error', () => {});
  }

  /**
   * Work with a connection. One in whose use something went wrong is closed, whatever still comes on it.
   * @param until when it has to have begun at the latest, by the clock of durations
   * @param waitMs how long it may wait for others
   * @throws {BusyError} {@link ConnectError} and what the work throws
   */
  async use<T>(until: number, waitMs: number, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    await this.enter(Math.min(waitMs, until - now()));
    const connecting = this.pool.connect();
    let client: pg.PoolClient;
    try {
      client = await within(Math.max(LEAST_MS, Math.min(until - now(), this.connectMs)), connecting);
    } catch (error) {
      // One that comes too late goes back, and only then somebody else can have it.
      connecting
        .then((late) => late.release())
        .catch(() => {})
        .finally(() => this.leave());
      throw new ConnectError(error);
    }
    let isSound = false;
    try {
      const done = await work(client);
      isSound = true;
      return done;
    } catch (error) {
      isSound = !(explain('', error) instanceof StorageError);
      // A goodbye would wait for an engine that does not answer.
      if (error instanceof DeadlineError) cut(client);
      throw error;
    } finally {
      client.release(!isSound);
      this.leave();
    }
  }

  end(): Promise<void> {
    return this.pool.end();
  }

  private enter(ms: number): Promise<void> {
    if (this.free > 0) {
      this.free--;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const go = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.waiting = this.waiting.filter((one) => one !== go);
        reject(new BusyError(ms));
      }, ms);
      this.waiting.push(go);
    });
  }

  private leave(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.free++;
    else next();
  }
}

/** @throws where the engine does not answer, or is a standby, which may be behind */
async function begin(client: pg.ClientBase, settings: string, ms: number): Promise<void> {
  const beginning = async () => {
    await client.query(settings);
    const { rows } = await client.query('SELECT pg_is_in_recovery() AS is_standby');
    if (rows[0]?.is_standby === true) throw new ConnectError(new Error('it is a standby, which takes no changes'));
  };
  try {
    await within(ms, beginning());
  } catch (error) {
    cut(client);
    throw error;
  }
}

/** Ends a connection without a word. */
function cut(client: pg.ClientBase): void {
  const { connection }: { connection?: { stream: { destroy(): void } } } = client as object;
  connection?.stream.destroy();
}

/** @throws {DeadlineError} */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DeadlineError(`no answer within ${Math.round(ms)} ms`)), ms);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
    // It may still fail, once its connection is gone.
    work.catch(() => {});
  }
}
