import type { ApiKey } from '../domain/api-key.ts';
import type { FaultRule } from '../domain/fault.ts';
import type { Bucket, Spending } from '../domain/rate-limiter.ts';
import type { RateLimitCategory, RateLimits } from '../domain/rate-limits.ts';

/** A key that was used, with those of its buckets that are not full. */
export type KeyBuckets = {
  apiKey: ApiKey;
  byCategory: Partial<Record<RateLimitCategory, Bucket>>;
  /** Greater for one that was used later. */
  used: number;
};

/** Keys that are gone: one, or those of an organization. */
export type GoneKeys = { api_key_id: string } | { organization_id: string };

/** The rate-limit buckets of a sandbox: one for each key and category. Times are milliseconds since 1970. */
export interface Buckets {
  /**
   * Charges requests, all or none.
   * @param limit requests per minute, as the key's organization has it at this moment
   */
  charge(apiKey: ApiKey, category: RateLimitCategory, limit: number, now: number, count?: number): Promise<Spending>;

  /** From now on other limits hold for an organization. Where the store shares its runs, that was done with the change. */
  changeLimits(organizationId: string, limits: RateLimits, now: number): Promise<void>;

  /**
   * The clock goes back: each bucket is as full as it was, and refills from the earlier time on. Where the store shares its
   * runs, that was done with the change.
   */
  moveBack(from: number, to: number): Promise<void>;

  /** Refills one bucket of a key, all of its buckets, or those of every key. */
  refill(apiKeyId?: string, category?: RateLimitCategory): Promise<void>;

  /** Whether nothing is lost with this: those of a sandbox that is opened anew are full, or are the same ones. */
  areFull(now: number): boolean;

  /** Forgets keys that are gone. */
  forget(gone: GoneKeys): Promise<void>;

  /** Another one whenever a bucket may have changed. */
  readonly version: number;

  /** The keys that were used. Of very many, those whose buckets are full may be left out. */
  list(): Promise<KeyBuckets[]>;
}

/** How often a fault rule was asked, and did something. */
export interface FaultCounts {
  /** Requests that matched, whether or not it fired. */
  matched: number;
  fired: number;
}

/** What has become of the fault rules of a sandbox. */
export interface FaultCounters {
  /**
   * Counts a request that matches, and says whether the rule is due for it.
   * @param draw gives a number from 0 up to 1
   * @returns the place of the request among those that match, from 1 on, where it fires; else undefined
   */
  count(rule: FaultRule, draw: () => number): Promise<number | undefined>;

  /** By the ids of the rules; those that were never asked are left out. */
  read(): Promise<ReadonlyMap<string, FaultCounts>>;

  /** Forgets rules that are gone: one that has its id later begins anew. */
  keepOnly(rules: readonly FaultRule[]): Promise<void>;

  /** Whether nothing is forgotten with this. */
  readonly isUnused: boolean;
}

/** An entry to be written: as it is now. */
export interface KeptEntry {
  /** Of this process, and always the same one for a request. */
  uid: string;
  /** JSON, without secrets. */
  text: string;
  /** Whether it was not written before. */
  isNew: boolean;
}

/** What there is of a journal. */
export interface JournalPart {
  /** Those written behind the place that was named, as they were last written. */
  entries: { seq: number; text: string }[];
  /** Where to go on. */
  place: string;
  /** The `seq` behind which it was emptied last. */
  start: number;
  /** The lowest `seq` that is kept; null where none is. */
  first: number | null;
  last: number;
}

/** The journal of a sandbox, of all processes. */
export interface SharedJournal {
  /** What was noted in a state that was replaced since is left out. */
  write(generation: number, entries: readonly KeptEntry[]): Promise<void>;
  /** @param place the last one that was given; undefined for the beginning */
  read(place: string | undefined): Promise<JournalPart | undefined>;
  /** @returns how many entries there were */
  empty(): Promise<number>;
}

/** What several processes share of the run of a world, beside its state. */
export interface SharedRuns {
  /** @param size entries that are kept */
  openJournal(sandboxId: string, size: number): SharedJournal;

  /**
   * Whoever shares the storage writes what it has noted.
   * @returns false where some process that is alive did not in time
   */
  settle(): Promise<boolean>;

  /**
   * Asked to write what was noted, now and then and when somebody wants to know all.
   * @returns what takes that back
   */
  onSettle(write: () => Promise<void>): () => void;

  openBuckets(sandboxId: string, generation: number): Buckets;
  openFaultCounters(sandboxId: string, generation: number): FaultCounters;
}
