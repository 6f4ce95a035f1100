import { type Report, StorageError } from './errors.ts';
import { toStorageError } from './storage-error.ts';

/** How often a write is tried while none works, in milliseconds. */
const RETRY_MS = 1000;

/** How often the same problem is reported, in milliseconds. */
const REPORT_AGAIN_MS = 60_000;

export interface HealthParts {
  /** A path, or `:memory:`. */
  file: string;
  report: Report;
  /** Milliseconds that only go forward. */
  now: () => number;
  /** Throws where the files of the database are no longer those that were opened. */
  checkFiles: () => void;
  tryRead: () => unknown;
  tryWrite: () => Promise<unknown>;
}

/** Whether the storage works, by what the last reads and writes met. */
export class StorageHealth {
  private readonly parts: HealthParts;
  private isWritable = true;
  private triedAt = 0;
  private lastReport = '';
  private reportedAt = 0;
  private isReported = false;
  private failedRead: (() => unknown) | undefined;

  constructor(parts: HealthParts) {
    this.parts = parts;
  }

  async canWrite(): Promise<boolean> {
    if (this.isWritable) this.lookForFiles();
    else if (this.parts.now() - this.triedAt >= RETRY_MS) {
      this.triedAt = this.parts.now();
      await this.parts.tryWrite().then(
        () => this.endWriteProblem(),
        () => {},
      );
    }
    return this.isWritable;
  }

  async canRead(): Promise<boolean> {
    try {
      this.read(this.failedRead ?? this.parts.tryRead);
    } catch (error) {
      if (error instanceof StorageError) return false;
      throw error;
    }
    if (this.failedRead !== undefined) this.parts.report('info', 'the database can be read again');
    this.failedRead = undefined;
    return true;
  }

  /** What a read gives, its error in words. */
  read<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      const explained = toStorageError(this.parts.file, error);
      if (explained instanceof StorageError) {
        if (this.failedRead === undefined) {
          this.parts.report('error', `the database cannot be read: ${explained.message}`);
        }
        this.failedRead = work;
      }
      throw explained;
    }
  }

  /** The error of a write, in words. */
  explainWrite(error: unknown): unknown {
    const explained = toStorageError(this.parts.file, error);
    if (!(explained instanceof StorageError) || !this.isWritable) return explained;
    this.isWritable = false;
    this.triedAt = this.parts.now();
    // Where some writes work and others do not, it would be reported again and again.
    this.isReported = explained.message !== this.lastReport || this.parts.now() - this.reportedAt >= REPORT_AGAIN_MS;
    if (!this.isReported) return explained;
    this.lastReport = explained.message;
    this.reportedAt = this.parts.now();
    this.parts.report('error', `changes cannot be kept: ${explained.message}`);
    return explained;
  }

  /** A write worked. */
  endWriteProblem(): void {
    if (this.isWritable) return;
    this.isWritable = true;
    if (this.isReported) this.parts.report('info', 'changes are kept again');
  }

  private lookForFiles(): void {
    try {
      this.parts.checkFiles();
    } catch (error) {
      this.explainWrite(error);
    }
  }
}
