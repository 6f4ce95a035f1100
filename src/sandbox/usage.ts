import { type FoundSandbox, SHARE_OF_TTL, type Use } from '../store/store.ts';

/** Numbers of requests that are reserved at once: after a crash they go on behind them. */
const RESERVED = 1_000_000;

/** How a live sandbox was used last, by real time: milliseconds since 1970. */
export class Usage {
  private readonly sandbox_id: string;
  private readonly created_at: number;
  private readonly ttl_ms: number | null;
  private readonly isShared: boolean;
  /** How much later than it is recorded its end may be, as other servers know. */
  private readonly slack_ms: number;
  private used_at: number;
  /** Whether the sandbox was removed: one that has its id since is another one. */
  isOver = false;
  /** When it is removed unless somebody uses it. */
  expires_at: number | null;
  private recorded: number | null;
  /** No request may have a higher number before this is recorded. */
  private reserved: number;

  /** @param isShared whether other servers use it, too */
  constructor({ sandbox_id, created_at, ttl_ms, expires_at, last_seq }: FoundSandbox, isShared: boolean) {
    this.isShared = isShared;
    this.slack_ms = isShared ? (ttl_ms ?? 0) / SHARE_OF_TTL : 0;
    this.sandbox_id = sandbox_id;
    this.created_at = created_at;
    this.ttl_ms = ttl_ms;
    this.expires_at = expires_at;
    this.recorded = expires_at;
    this.used_at = 0;
    this.reserved = last_seq;
  }

  /**
   * @param recorded its end, as it was recorded by whoever used it
   * @param real the time by the clock of the storage
   * @returns false for one that has expired
   */
  touch(now: number, recorded: number | null, real = now): boolean {
    if (this.ttl_ms !== null) {
      if (this.isShared) {
        this.recorded = later(this.recorded, recorded);
        this.expires_at = later(this.expires_at, recorded);
      }
      if (this.expires_at !== null && this.expires_at + this.slack_ms <= real) return false;
      this.expires_at = real + this.ttl_ms;
    }
    this.used_at = now;
    return true;
  }

  /** Whether the others should hear now how long it stays. */
  get isDue(): boolean {
    return this.isShared && (this.expires_at ?? 0) - (this.recorded ?? 0) > this.slack_ms / 2;
  }

  end(): void {
    this.isOver = true;
  }

  /** Real milliseconds without use. */
  idleFor(now: number): number {
    return now - this.used_at;
  }

  /** What is recorded before the numbers behind `lastSeq` are given. */
  reserve(lastSeq: number): Use {
    this.reserved = lastSeq + RESERVED;
    return this.toRecord();
  }

  /** What is to be recorded now and then: a later end, or more numbers where half of them are used up. */
  toChanged(lastSeq: number): Use[] {
    if (this.reserved - lastSeq < RESERVED / 2) return [this.reserve(lastSeq)];
    return this.expires_at === this.recorded ? [] : [this.toRecord()];
  }

  /** @param lastSeq the last number that was given, once no other will be */
  toRecord(lastSeq = this.reserved): Use {
    const { sandbox_id, created_at, expires_at } = this;
    this.recorded = expires_at;
    return { sandbox_id, created_at, expires_at, last_seq: lastSeq };
  }
}

const later = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? (one ?? other) : Math.max(one, other);
