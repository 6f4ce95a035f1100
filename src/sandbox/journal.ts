import { countBytes, type JournalEntry } from './journal-entry.ts';
import type { Bounded, Journals } from './journals.ts';
import type { Link } from './link.ts';

/** Empty places that are worth removing from the front. */
const CUT_AT = 64;

/** The requests of a sandbox, the newest ones: bounded in number and in bytes, oldest dropped first and counted. */
export class Journal implements Bounded {
  /** Entries that it keeps. */
  readonly size: number;
  private readonly all: Journals;
  /** By their `seq`, from `head` on; dropped entries are removed from the front only now and then. */
  private entries: (JournalEntry | undefined)[] = [];
  private head = 0;
  /** Requests of it that are under way. */
  private open = 0;
  /** Of all entries that have ended. */
  bytes = 0;
  /** The last `seq` that was given. */
  lastSeq: number;
  /** Entries that are no longer kept. */
  dropped = 0;
  /** How often it was emptied. */
  cleared = 0;
  /** Of those up to this `seq` some may be gone: dropped, deleted, or of a run before. */
  lostSeq: number;
  /** The `seq` behind which this run began, or it was emptied. */
  private firstSeq: number;
  /** Where it is one of several processes. */
  link: Link | undefined = undefined;
  /** Told of each entry that is given its `seq`. */
  readonly watchers = new Set<(entry: JournalEntry) => void>();

  /**
   * @param size entries that are kept; 0 keeps none
   * @param all what it shares with the others
   * @param lastSeq the `seq` after which it goes on
   */
  constructor(size: number, all: Journals, lastSeq = 0) {
    this.size = size;
    this.all = all;
    this.lastSeq = lastSeq;
    this.lostSeq = lastSeq;
    this.firstSeq = lastSeq;
  }

  get isOff(): boolean {
    return this.size === 0;
  }

  /** Whether no request is under way. */
  get isIdle(): boolean {
    return this.open === 0 && this.link?.isIdle !== false;
  }

  /** Brings it to what all that share it have answered until now. */
  async sync(): Promise<void> {
    await this.link?.sync();
  }

  /** Brings it to what all that share it have written. */
  async read(): Promise<void> {
    await this.link?.read();
  }

  /** Brings it to what this process has noted, and all others have written. */
  async catchUp(): Promise<void> {
    await this.link?.write();
    await this.link?.read();
  }

  /** Whether all answers before the last {@link sync} are here. */
  get isComplete(): boolean {
    return this.link?.isComplete !== false;
  }

  /** Tells of each entry that is given its `seq`, until that is taken back. */
  watch(watcher: (entry: JournalEntry) => void): () => void {
    this.watchers.add(watcher);
    this.link?.follow();
    return () => this.watchers.delete(watcher);
  }

  /** Forgets what has ended, for all that share it. */
  async empty(): Promise<number> {
    return this.link === undefined ? this.clear() : this.link.empty();
  }

  /** How many entries {@link list} has. */
  get length(): number {
    return this.entries.length - this.head + this.open;
  }

  /** The entry that ended last. */
  get newest(): JournalEntry | undefined {
    return this.entries.at(-1);
  }

  begin(entry: JournalEntry): void {
    this.all.underWay.set(entry, this);
    this.open++;
  }

  /** Its answer is decided: it has its place among the others. */
  number(entry: JournalEntry): void {
    if (this.link !== undefined) {
      this.link.note(entry);
      return;
    }
    this.lastSeq++;
    entry.seq = this.lastSeq;
    if (this.watchers.size === 0) return;
    for (const watcher of this.watchers) watcher(entry);
  }

  /** It is over, here or in what was a sandbox of the same id. */
  leave(entry: JournalEntry): void {
    if (this.all.underWay.delete(entry)) this.open--;
  }

  /** Keeps an entry that has ended, unless the journal was emptied since its answer was decided. */
  file(entry: JournalEntry): void {
    if (this.link !== undefined) {
      this.link.note(entry);
      return;
    }
    if (entry.seq === 0) this.number(entry);
    if (entry.seq <= this.firstSeq) return;
    this.place(entry);
  }

  /** Keeps what was read, in place of what it was before. */
  receive(entry: JournalEntry): void {
    // Most are new, or among the newest.
    let at = this.entries.length - 1;
    while (at >= this.head && (this.entries[at]?.seq ?? 0) > entry.seq) at--;
    const known = at >= this.head ? this.entries[at] : undefined;
    if (known?.seq === entry.seq) {
      const { size } = known;
      Object.assign(known, entry, { size });
      this.count(known);
      return;
    }
    this.lastSeq = Math.max(this.lastSeq, entry.seq);
    this.place(entry);
    for (const watcher of this.watchers) watcher(entry);
  }

  /**
   * What all that share it have.
   * @param start the `seq` behind which it was emptied
   * @param first the lowest that is kept; null where none is
   */
  bound(start: number, first: number | null, last: number): void {
    const lost = first === null ? last : first - 1;
    while (this.entries.length > this.head && (this.entries[this.head]?.seq ?? 0) <= lost) this.dropOldest();
    this.firstSeq = start;
    this.lostSeq = lost;
    this.lastSeq = Math.max(this.lastSeq, last);
    this.dropped = Math.max(0, lost - start);
  }

  private place(entry: JournalEntry): void {
    // Those that were decided later may have ended before.
    let place = this.entries.length;
    while (place > this.head && (this.entries[place - 1]?.seq ?? 0) > entry.seq) place--;
    if (place === this.entries.length) this.entries.push(entry);
    else this.entries.splice(place, 0, entry);
    this.count(entry);
  }

  /** The entry has other texts than before: from now on they count. */
  count(entry: JournalEntry): void {
    if (this.link !== undefined && entry.seq === 0) {
      this.link.note(entry);
      return;
    }
    // An entry that was dropped or deleted in the meantime takes nothing any more.
    if ((this.entries[this.head]?.seq ?? Number.POSITIVE_INFINITY) > entry.seq) return;
    const before = this.bytes - entry.size;
    entry.size = countBytes(entry);
    this.change(before + entry.size);
    if (this.entries.length - this.head > this.size) this.dropOldest();
    this.all.enforce();
  }

  /** All entries by their `seq`, and behind them those whose answer is not decided. */
  list(): readonly JournalEntry[] {
    const ended = this.entries.slice(this.head).filter((entry) => entry !== undefined);
    if (this.open === 0) return ended;
    ended.push(...this.listUnderWay());
    const order = ({ seq }: JournalEntry) => seq || Number.POSITIVE_INFINITY;
    return ended.sort((a, b) => Math.sign(order(a) - order(b)) || 0);
  }

  /** The newest of those that have ended and are behind a `seq`, in their order, and how many more there are. */
  listAfter(seq: number, most: number): { entries: JournalEntry[]; skipped: number } {
    const entries: JournalEntry[] = [];
    let at = this.entries.length - 1;
    for (; at >= this.head && entries.length < most; at--) {
      const entry = this.entries[at];
      if (entry === undefined || entry.seq <= seq) break;
      // One that was read before its end comes when that is known.
      if (entry.ms !== undefined) entries.push(entry);
    }
    const open = this.listOpen().filter((entry) => entry.seq > seq).length;
    const skipped = this.lastSeq - Math.max(seq, this.firstSeq) - entries.length - open;
    return { entries: entries.reverse(), skipped: Math.max(0, skipped) };
  }

  /** Those whose answer is decided and that have not ended, and those whose answer is not. */
  listOpen(): JournalEntry[] {
    const read =
      this.link === undefined ? [] : this.entries.filter((entry) => entry !== undefined && entry.ms === undefined);
    return [...(read as JournalEntry[]), ...this.listUnderWay()];
  }

  /** Those of this process, but for those that were read as well. */
  private listUnderWay(): JournalEntry[] {
    if (this.open === 0) return [];
    const own: JournalEntry[] = [];
    for (const [entry, journal] of this.all.underWay) {
      if (journal === this && this.link?.isNoted(entry) !== true) own.push(entry);
    }
    return own;
  }

  /** Forgets what has ended. */
  clear(): number {
    const count = this.entries.length - this.head;
    this.entries = [];
    this.head = 0;
    this.cleared++;
    this.lostSeq = this.lastSeq;
    this.firstSeq = this.lastSeq;
    this.dropped = 0;
    this.change(0);
    return count;
  }

  /** Drops the oldest entries until so many bytes are free, or none is left. */
  drop(bytes: number): void {
    const wanted = Math.max(0, this.bytes - bytes);
    while (this.bytes > wanted) this.dropOldest();
  }

  private dropOldest(): void {
    const dropped = this.entries[this.head];
    this.entries[this.head] = undefined;
    this.head++;
    this.dropped++;
    this.lostSeq = Math.max(this.lostSeq, dropped?.seq ?? 0);
    this.change(this.bytes - (dropped?.size ?? 0));
    const kept = this.entries.length - this.head;
    if (this.head < Math.max(kept, CUT_AT)) return;
    this.entries = this.entries.slice(this.head);
    this.head = 0;
  }

  private change(bytes: number): void {
    const before = this.bytes;
    this.bytes = bytes;
    this.all.count(this, before, bytes);
  }
}
