import type { Database } from 'better-sqlite3';
import { setImmediate } from '../domain/real-time.ts';

interface Unit {
  /** Does the work, and returns what reports its outcome once that is committed. */
  attempt: () => () => void;
  reject: (error: unknown) => void;
}

/** What hears of the transactions, before the writers do. */
export interface TransactionHooks {
  /** Just before a commit; what it throws takes the whole transaction back. */
  beforeCommit(): void;
  afterCommit(): void;
  /** The transaction was taken back as a whole. */
  afterRollback(): void;
  /** The error as a writer gets it. */
  explain(error: unknown): unknown;
}

/**
 * Writes that arrive in the same turn of the event loop share one transaction, and are settled after its commit. One that
 * throws is rejected alone; when the transaction ends early or its commit fails, all of them are.
 */
export function buildGroupCommit(db: Database, hooks: TransactionHooks) {
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  let waiting: Unit[] = [];
  let isClosed = false;

  const runUnit = ({ attempt, reject }: Unit): (() => void) => {
    try {
      return attempt();
    } catch (error) {
      // Where the disk is full, say, SQLite takes the whole transaction back automatically.
      if (!db.inTransaction) throw error;
      const explained = hooks.explain(error);
      return () => reject(explained);
    }
  };

  /** A disk that fails may fail here too: SQLite is out of the transaction all the same. */
  const rollBack = () => {
    try {
      if (db.inTransaction) db.exec('ROLLBACK');
    } catch {}
  };

  const flush = () => {
    const units = waiting;
    waiting = [];
    if (units.length === 0) return;
    const settle: (() => void)[] = [];
    try {
      begin.run();
      for (const unit of units) settle.push(runUnit(unit));
      hooks.beforeCommit();
      commit.run();
    } catch (error) {
      rollBack();
      hooks.afterRollback();
      const explained = hooks.explain(error);
      for (const unit of units) unit.reject(explained);
      return;
    }
    hooks.afterCommit();
    for (const done of settle) done();
  };

  return {
    /**
     * Runs the synchronous work in the next transaction. Work of several statements takes its own back when it throws
     * (`db.transaction` does); a single one leaves nothing behind anyway.
     */
    run: <T>(work: () => T): Promise<T> =>
      new Promise((resolve, reject) => {
        if (isClosed) return reject(new Error('the store is closed'));
        if (waiting.length === 0) setImmediate(flush);
        const attempt = () => {
          const value = work();
          return () => resolve(value);
        };
        waiting.push({ attempt, reject });
      }),
    /** Commits what waits and takes no more. */
    close: () => {
      isClosed = true;
      flush();
    },
  };
}
