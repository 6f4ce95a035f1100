import type { Database, Statement } from 'better-sqlite3';
import { setImmediate } from '../domain/real-time.ts';

interface Unit {
  work: () => unknown;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

/** What hears of the transactions, before the writers do. */
export interface TransactionHooks {
  /** Just before a commit; what it throws takes the whole transaction back. */
  beforeCommit(): void;
  afterCommit(): void;
  /** The transaction was taken back as a whole. */
  afterRollback(): void;
  /** What a writer is told of an error. */
  explain(error: unknown): unknown;
}

/**
 * Writes that arrive in the same turn of the event loop share one transaction, and are settled after its commit. One that
 * throws is rejected alone; when the transaction ends early or its commit fails, all of them are.
 */
export class GroupCommit {
  private readonly db: Database;
  private readonly hooks: TransactionHooks;
  private readonly begin: Statement;
  private readonly commit: Statement;
  private waiting: Unit[] = [];
  private isClosed = false;

  constructor(db: Database, hooks: TransactionHooks) {
    this.db = db;
    this.hooks = hooks;
    this.begin = db.prepare('BEGIN IMMEDIATE');
    this.commit = db.prepare('COMMIT');
  }

  /**
   * Runs the synchronous work in the next transaction. Work of several statements takes its own back when it throws
   * (`db.transaction` does); a single one leaves nothing behind anyway.
   */
  run<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.isClosed) return reject(new Error('the store is closed'));
      if (this.waiting.length === 0) setImmediate(() => this.flush());
      this.waiting.push({ work, resolve: resolve as Unit['resolve'], reject });
    });
  }

  /** Commits what waits and takes no more. */
  close(): void {
    this.isClosed = true;
    this.flush();
  }

  private flush(): void {
    const units = this.waiting;
    this.waiting = [];
    if (units.length === 0) return;
    const settle: (() => void)[] = [];
    try {
      this.begin.run();
      for (const unit of units) settle.push(this.runUnit(unit));
      this.hooks.beforeCommit();
      this.commit.run();
    } catch (error) {
      this.rollBack();
      this.hooks.afterRollback();
      const explained = this.hooks.explain(error);
      for (const unit of units) unit.reject(explained);
      return;
    }
    this.hooks.afterCommit();
    for (const done of settle) done();
  }

  private runUnit({ work, resolve, reject }: Unit): () => void {
    try {
      const value = work();
      return () => resolve(value);
    } catch (error) {
      // Where the disk is full, say, SQLite takes the whole transaction back by itself.
      if (!this.db.inTransaction) throw error;
      const explained = this.hooks.explain(error);
      return () => reject(explained);
    }
  }

  /** A disk that fails may fail here too: SQLite is out of the transaction all the same. */
  private rollBack(): void {
    try {
      if (this.db.inTransaction) this.db.exec('ROLLBACK');
    } catch {}
  }
}
