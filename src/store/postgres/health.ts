import { now } from '../../domain/real-time.ts';
import { type Report, StorageError } from '../errors.ts';
import type { Connections } from './connections.ts';

/** Real milliseconds for which an answer is good: many may ask. */
const GOOD_MS = 200;

/** Whether the engine answers, and takes changes: a standby does not, nor does one whose disk is full. */
export class Health {
  private readonly connections: Connections;
  private readonly report: Report;
  private last: { at: number; answer: Promise<boolean> } | undefined;
  /** What failed last, of reading and writing. */
  private readonly down = new Set<'read' | 'write'>();

  constructor(connections: Connections, report: Report) {
    this.connections = connections;
    this.report = report;
  }

  isReady(): Promise<boolean> {
    if (this.last === undefined || now() - this.last.at >= GOOD_MS) this.last = { at: now(), answer: this.ask() };
    return this.last.answer;
  }

  /** What work gives; that the engine is gone, or there again, is said once. One that only reads does not tell that it is there. */
  watch<T>(work: () => Promise<T>): Promise<T> {
    return this.watchAs('read', work);
  }

  watchWrite<T>(work: () => Promise<T>): Promise<T> {
    return this.watchAs('write', work);
  }

  /** What was meant to happen behind the answers and cannot, and is nobody's mistake but ours. */
  tell(text: string): void {
    this.report('error', text);
  }

  private async watchAs<T>(kind: 'read' | 'write', work: () => Promise<T>): Promise<T> {
    try {
      const done = await work();
      this.end(kind);
      return done;
    } catch (error) {
      if (error instanceof StorageError) {
        if (this.down.size === 0) this.report('error', error.message);
        this.down.add(kind);
      }
      throw error;
    }
  }

  private end(kind: 'read' | 'write'): void {
    if (this.down.delete(kind) && this.down.size === 0) this.report('info', 'the database answers again');
  }

  private async ask(): Promise<boolean> {
    const { where } = this.connections;
    try {
      await this.watch(async () => {
        const text = "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean AS is_read_only";
        const [row] = await this.connections.read(text);
        if (row?.is_read_only !== false) throw new StorageError(`${where}: it takes no changes`);
      });
      // Nobody may be writing.
      this.end('write');
      return true;
    } catch {
      return false;
    }
  }
}
