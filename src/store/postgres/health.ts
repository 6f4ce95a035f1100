import { now } from '../../domain/real-time.ts';
import { type Report, StorageError } from '../store.ts';
import type { Connections } from './connections.ts';

/** Real milliseconds for which an answer is good: many may ask. */
const GOOD_MS = 200;

/** Whether the engine answers, and takes changes: a standby does not. */
export class Health {
  private readonly connections: Connections;
  private readonly report: Report;
  private last: { at: number; answer: Promise<boolean> } | undefined;
  private isDown = false;

  constructor(connections: Connections, report: Report) {
    this.connections = connections;
    this.report = report;
  }

  isReady(): Promise<boolean> {
    if (this.last === undefined || now() - this.last.at >= GOOD_MS) this.last = { at: now(), answer: this.ask() };
    return this.last.answer;
  }

  /** What work gives; that the engine is gone, or there again, is said once. */
  async watch<T>(work: () => Promise<T>): Promise<T> {
    try {
      const done = await work();
      if (this.isDown) this.report('info', 'the database answers again');
      this.isDown = false;
      return done;
    } catch (error) {
      if (error instanceof StorageError && !this.isDown) {
        this.isDown = true;
        this.report('error', error.message);
      }
      throw error;
    }
  }

  private async ask(): Promise<boolean> {
    try {
      const [row] = await this.watch(() => this.connections.read('SELECT pg_is_in_recovery() AS is_standby'));
      return row?.is_standby === false;
    } catch {
      return false;
    }
  }
}
