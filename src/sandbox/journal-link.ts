import { randomUUID } from 'node:crypto';
import { clearTimeout, setTimeout } from '../domain/real-time.ts';
import { StorageError } from '../store/errors.ts';
import type { KeptEntry, SharedJournal, SharedRuns } from '../store/runtime.ts';
import type { Journal } from './journal.ts';
import { fromKeptText, type JournalEntry, toKeptText } from './journal-entry.ts';
import type { Link } from './link.ts';

/** Real milliseconds that entries wait to be written together. */
const TOGETHER_MS = 20;
/** How often the journal is read while somebody waits for what comes. */
const READ_EVERY_MS = 100;

/**
 * What makes a journal one of several processes: what is noted here is written behind the answer, and what is kept here is what was
 * read, of all of them.
 */
export class JournalLink implements Link {
  generation = 0;
  isComplete = true;
  private readonly journal: Journal;
  private readonly shared: SharedJournal;
  private readonly runs: SharedRuns;
  /** Of those that were noted and have not ended. */
  private readonly uids = new Map<JournalEntry, string>();
  private waiting = new Map<JournalEntry, { uid: string; generation: number; isNew: boolean }>();
  private timer: NodeJS.Timeout | undefined;
  /** While something waits. */
  private release: (() => void) | undefined;
  private reading: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();
  private lastRead: Promise<void> = Promise.resolve();
  private place: string | undefined;
  private start = 0;

  constructor(journal: Journal, shared: SharedJournal, runs: SharedRuns) {
    this.journal = journal;
    this.shared = shared;
    this.runs = runs;
  }

  get isIdle(): boolean {
    return this.waiting.size === 0;
  }

  isNoted(entry: JournalEntry): boolean {
    return this.uids.has(entry);
  }

  note(entry: JournalEntry): void {
    const known = this.uids.get(entry);
    const uid = known ?? randomUUID();
    const isNew = known === undefined || this.waiting.get(entry)?.isNew === true;
    if (entry.ms === undefined) this.uids.set(entry, uid);
    else this.uids.delete(entry);
    this.waiting.set(entry, { uid, generation: this.generation, isNew });
    this.release ??= this.runs.onSettle(() => this.write());
    this.timer ??= setTimeout(() => void this.write().catch(() => {}), TOGETHER_MS);
  }

  write(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.writing = this.writing.catch(() => {}).then(() => this.writeNow());
    return this.writing;
  }

  async sync(): Promise<void> {
    this.isComplete = await this.runs.settle();
    await this.read();
  }

  /** One reading after another: each goes on where the last one ended. */
  read(): Promise<void> {
    this.lastRead = this.lastRead.catch(() => {}).then(() => this.readNow());
    return this.lastRead;
  }

  private async readNow(): Promise<void> {
    const part = await this.shared.read(this.place);
    if (part === undefined) return;
    const { entries, place, start, first, last } = part;
    if (start !== this.start) this.journal.clear();
    this.start = start;
    this.place = place;
    for (const { seq, text } of entries) this.journal.receive(fromKeptText(text, seq));
    this.journal.bound(start, first, last);
  }

  async empty(): Promise<number> {
    await this.runs.settle();
    const count = await this.shared.empty();
    await this.read();
    return count;
  }

  follow(): void {
    if (this.reading !== undefined) return;
    this.reading = setTimeout(async () => {
      await this.read().catch(() => {});
      this.reading = undefined;
      if (this.journal.watchers.size > 0) this.follow();
    }, READ_EVERY_MS);
  }

  private async writeNow(): Promise<void> {
    const waiting = this.waiting;
    this.waiting = new Map();
    const byGeneration = new Map<number, KeptEntry[]>();
    for (const [entry, { uid, generation, isNew }] of waiting) {
      const all = byGeneration.get(generation) ?? [];
      all.push({ uid, text: toKeptText(entry), isNew });
      byGeneration.set(generation, all);
    }
    try {
      for (const [generation, entries] of byGeneration) await this.shared.write(generation, entries);
      if (this.waiting.size > 0) return;
      this.release?.();
      this.release = undefined;
    } catch (error) {
      // What cannot be written at all would keep back what comes behind it.
      if (error instanceof StorageError) this.keep(waiting);
      throw error;
    }
  }

  /** They wait again, in front of what came since; of more than the journal keeps the oldest go. */
  private keep(waiting: JournalLink['waiting']): void {
    const all = new Map(waiting);
    for (const [entry, later] of this.waiting) {
      const noted = waiting.get(entry);
      all.set(entry, noted === undefined ? later : { ...later, isNew: noted.isNew });
    }
    const tooMany = all.size - this.journal.size;
    for (const entry of [...all.keys()].slice(0, Math.max(0, tooMany))) {
      all.delete(entry);
      this.uids.delete(entry);
    }
    this.waiting = all;
  }
}
