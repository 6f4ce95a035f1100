import type { JournalEntry } from './journal-entry.ts';

/** Bytes of all entries of all journals together. */
const MAX_BYTES = 64 * 1024 * 1024;
/** What the largest of several journals loses at once where there is too much, in bytes. */
const SPARE_BYTES = 64 * 1024;

/** A journal, as far as its bound needs it. */
export interface Bounded {
  readonly bytes: number;
  /** Drops the oldest entries until so many bytes are free, or none is left. */
  drop(bytes: number): void;
}

/** What all journals of a server share: their bound, in bytes, and what is under way. */
export class Journals {
  /** Requests under way, each with the journal that it began in: one for all, since those of a thousand are mostly empty. */
  readonly underWay = new Map<JournalEntry, Bounded>();
  private readonly filled = new Set<Bounded>();
  private readonly maxBytes: number;
  private bytes = 0;

  constructor(maxBytes = MAX_BYTES) {
    this.maxBytes = maxBytes;
  }

  /** A journal held so many bytes, and holds others now. */
  count(journal: Bounded, before: number, after: number): void {
    this.bytes += after - before;
    if (before === 0) this.filled.add(journal);
    if (after === 0) this.filled.delete(journal);
  }

  /** Makes all of them fit. Looking for the largest of many takes its time: it then loses more than it would have to. */
  enforce(): void {
    if (this.bytes <= this.maxBytes) return;
    const wanted = this.maxBytes - (this.filled.size > 1 ? SPARE_BYTES : 0);
    while (this.bytes > wanted) this.findLargest()?.drop(this.bytes - wanted);
  }

  private findLargest(): Bounded | undefined {
    let largest: Bounded | undefined;
    for (const journal of this.filled) if (journal.bytes > (largest?.bytes ?? 0)) largest = journal;
    return largest;
  }
}
