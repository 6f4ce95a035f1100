import { writeSync } from 'node:fs';
import { codeOf } from '../domain/errors.ts';
import { now, setImmediate, setTimeout } from '../domain/real-time.ts';

/** Bytes that wait for a reader at most: beyond them lines are lost. */
const MAX_WAITING = 1024 * 1024;
/** Real milliseconds: until a reader that is behind is tried again, and how long one is waited for at the end. */
const AGAIN_MS = 20;
const END_MS = 1000;

/**
 * Writes lines to a file descriptor: those of one turn together, at its end, so that a killed process loses one turn at most.
 * A write a line took a GET a third of its rate. A reader that is too far behind loses lines, and nobody waits for it.
 */
export class LineWriter {
  private readonly fd: number;
  /** Text that says how many lines are lost; it may be a line of its own kind. */
  private readonly toLost: (lines: number) => string;
  private readonly writeBytes: typeof writeSync;
  private lines: string[] = [];
  private waiting = 0;
  /** What was begun and is not written wholly. */
  private rest: Buffer = Buffer.alloc(0);
  private lost = 0;
  private isScheduled = false;
  private isGone = false;

  constructor(fd: number, toLost: (lines: number) => string, writeBytes = writeSync) {
    this.fd = fd;
    this.toLost = toLost;
    this.writeBytes = writeBytes;
  }

  write(line: string): void {
    if (this.isGone) return;
    if (this.waiting + this.rest.length + line.length > MAX_WAITING) {
      this.lost++;
      return;
    }
    this.lines.push(line);
    this.waiting += line.length;
    if (this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(() => this.flush());
  }

  /** The process ends: what waits is written now, unless its reader does not read for a while. */
  end(): void {
    const until = now() + END_MS;
    while (!this.writeOut() && now() < until) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, AGAIN_MS);
  }

  private flush(): void {
    if (this.writeOut()) this.isScheduled = false;
    else setTimeout(() => this.flush(), AGAIN_MS).unref();
  }

  /** @returns whether all is written, or nobody is there to read it */
  private writeOut(): boolean {
    try {
      for (;;) {
        if (this.rest.length === 0) this.rest = Buffer.from(this.takeLines());
        if (this.rest.length === 0) return true;
        const written = this.writeBytes(this.fd, this.rest);
        this.rest = this.rest.subarray(written);
      }
    } catch (error) {
      if (codeOf(error) === 'EAGAIN') return false;
      // A reader that is gone wants no more; a disk that is full may have room later.
      this.isGone = codeOf(error) === 'EPIPE';
      this.lost += this.rest.toString('latin1').split('\n').length - 1;
      this.rest = Buffer.alloc(0);
      return true;
    }
  }

  private takeLines(): string {
    const text = this.lines.join('');
    this.lines = [];
    this.waiting = 0;
    if (this.lost === 0) return text;
    const lost = this.lost;
    this.lost = 0;
    return text + this.toLost(lost);
  }
}
