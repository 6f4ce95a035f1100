import type { Database, Statement } from 'better-sqlite3';

interface Unit {
  work: () => unknown;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

/**
 * Writes that arrive in the same turn of the event loop share one transaction: each in its savepoint, so that one that
 * fails takes back nothing but itself, and each settled after the commit. When the commit fails, all of them fail.
 */
export class GroupCommit {
  private readonly db: Database;
  private readonly onEnd: (isCommitted: boolean) => void;
  private readonly statements: Record<'begin' | 'commit' | 'savepoint' | 'release' | 'undo', Statement>;
  private waiting: Unit[] = [];
  private isClosed = false;

  /** @param onEnd hears of the end of each transaction, before anybody else does */
  constructor(db: Database, onEnd: (isCommitted: boolean) => void) {
    this.db = db;
    this.onEnd = onEnd;
    this.statements = {
      begin: db.prepare('BEGIN IMMEDIATE'),
      commit: db.prepare('COMMIT'),
      savepoint: db.prepare('SAVEPOINT unit'),
      release: db.prepare('RELEASE unit'),
      undo: db.prepare('ROLLBACK TO unit'),
    };
  }

  /** Runs the synchronous work in the next transaction. */
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
      this.statements.begin.run();
      for (const unit of units) settle.push(this.runUnit(unit));
      this.statements.commit.run();
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
    this.statements.savepoint.run();
    try {
      const value = work();
      this.statements.release.run();
      return () => resolve(value);
    } catch (error) {
      this.statements.undo.run();
      this.statements.release.run();
      return () => reject(error);
    }
  }
}
