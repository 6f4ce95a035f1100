import type { Database, Statement } from 'better-sqlite3';

interface Unit {
  work: () => unknown;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

/**
 * Writes that arrive in the same turn of the event loop share one transaction, and are settled after its commit. One that
 * throws is rejected alone; when the transaction ends early or its commit fails, all of them are.
 */
export class GroupCommit {
  private readonly db: Database;
  private readonly onEnd: (isCommitted: boolean) => void;
  private readonly begin: Statement;
  private readonly commit: Statement;
  private waiting: Unit[] = [];
  private isClosed = false;

  /** @param onEnd hears of the end of each transaction, before anybody else does */
  constructor(db: Database, onEnd: (isCommitted: boolean) => void) {
    this.db = db;
    this.onEnd = onEnd;
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
      this.commit.run();
    } catch (error) {
      if (this.db.inTransaction) this.db.exec('ROLLBACK');
      this.onEnd(false);
      for (const unit of units) unit.reject(error);
      return;
    }
    this.onEnd(true);
    for (const done of settle) done();
  }

  private runUnit({ work, resolve, reject }: Unit): () => void {
    try {
      const value = work();
      return () => resolve(value);
    } catch (error) {
      // Where the disk is full, say, SQLite takes the whole transaction back by itself.
      if (!this.db.inTransaction) throw error;
      return () => reject(error);
    }
  }
}
