import type { FoundSandbox, Use } from '../store/store.ts';

/** Numbers of requests that are reserved at once: after a crash they go on behind them. */
const RESERVED = 1_000_000;

/** How a live sandbox was used last, by real time: milliseconds since 1970. */
export class Usage {
  private readonly sandbox_id: string;
  private readonly created_at: number;
  private readonly ttl_ms: number | null;
  private used_at: number;
  /** Whether the sandbox was removed: one that has its id since is another one. */
  isOver = false;
  /** When it is removed unless somebody uses it. */
  expires_at: number | null;
  private recorded: number | null;
  /** No request may have a higher number before this is recorded. */
  private reserved: number;

  constructor({ sandbox_id, created_at, ttl_ms, expires_at, last_seq }: FoundSandbox) {
    this.sandbox_id = sandbox_id;
    this.created_at = created_at;
    this.ttl_ms = ttl_ms;
    this.expires_at = expires_at;
    this.recorded = expires_at;
    this.used_at = 0;
    this.reserved = last_seq;
  }

  /** @returns false for one that has expired */
  touch(now: number): boolean {
    this.used_at = now;
    if (this.ttl_ms === null) return true;
    if (this.expires_at !== null && this.expires_at <= now) return false;
    this.expires_at = now + this.ttl_ms;
    return true;
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
