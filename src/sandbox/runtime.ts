import type { ApiKey } from '../domain/api-key.ts';
import type { Random } from '../domain/random.ts';
import type { Bucket, Spending } from '../domain/rate-limiter.ts';
import type { RateLimitCategory, RateLimits } from '../domain/rate-limits.ts';
import type { ControlLog } from './control-log.ts';
import type { Faults } from './faults.ts';
import type { Interaction } from './interaction.ts';
import type { Journal } from './journal.ts';
import type { Waits } from './waits.ts';

/** A key that was used, with those of its buckets that are not full. */
export type KeyBuckets = {
  apiKey: ApiKey;
  byCategory: Partial<Record<RateLimitCategory, Bucket>>;
  /** Greater for one that was used later. */
  used: number;
};

/** The rate-limit buckets of a sandbox: one for each key and category. Times are milliseconds since 1970. */
export interface Buckets {
  /**
   * Charges requests, all or none.
   * @param limit requests per minute, as the key's organization has it at this moment
   */
  charge(apiKey: ApiKey, category: RateLimitCategory, limit: number, now: number, count?: number): Promise<Spending>;

  /** From now on other limits hold for an organization. */
  changeLimits(organizationId: string, limits: RateLimits, now: number): Promise<void>;

  /** The clock goes back: each bucket is as full as it was, and refills from the earlier time on. */
  moveBack(from: number, to: number): Promise<void>;

  /** Refills one bucket of a key, all of its buckets, or those of every key. */
  refill(apiKeyId?: string, category?: RateLimitCategory): Promise<void>;

  /** Whether every bucket is full: those of a sandbox that is opened anew are. */
  areFull(now: number): boolean;

  /** Forgets keys that are gone. */
  forget(isGone: (apiKey: ApiKey) => boolean): Promise<void>;

  /** Another one whenever a bucket may have changed. */
  readonly version: number;

  /** The keys that were used. Of very many, those whose buckets are full may be left out. */
  list(): Promise<KeyBuckets[]>;
}

/** What a live sandbox has besides its state. */
export interface Runtime {
  /** Gone with the state. */
  readonly buckets: Buckets;
  readonly faults: Faults;
  readonly waits: Waits;
  /** Emptied with the state; its numbers go on. */
  readonly journal: Journal;
  /** What was done from outside: it outlives the state. */
  readonly actions: ControlLog;
  /** What a verifier of a pact does: it outlives the state. */
  readonly interaction: Interaction;
  /** What ids and keys are drawn from. */
  readonly random: Random;
  /** Whether the sandbox was removed: one that has its id since is another one. */
  readonly isGone: () => boolean;
}
