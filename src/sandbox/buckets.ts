import type { ApiKey } from '../domain/api-key.ts';
import { type Bucket, changeLimit, moveBack, type Spending, spend } from '../domain/rate-limiter.ts';
import type { RateLimitCategory, RateLimits } from '../domain/rate-limits.ts';

/** The keys that were used, each with those of its buckets that are not full. */
export type KeyBuckets = { apiKey: ApiKey; byCategory: Partial<Record<RateLimitCategory, Bucket>> };

/** Keys whose buckets are kept before those that are full again are looked for. */
const SWEEP_ABOVE = 1000;

/** The rate-limit buckets of a sandbox: one for each key and category. They are gone with the process. */
export class Buckets {
  private readonly byKey = new Map<string, KeyBuckets>();
  private sweepAbove = SWEEP_ABOVE;

  /**
   * Charges requests, all or none.
   * @param limit requests per minute, as they hold for the key's organization at this moment
   * @param now milliseconds since 1970
   */
  charge(apiKey: ApiKey, category: RateLimitCategory, limit: number, now: number, count = 1): Spending {
    const kept = this.byKey.get(apiKey.api_key_id) ?? this.add(apiKey, now);
    const spending = spend(kept.byCategory[category], limit, now, count);
    setBucket(kept, category, spending.bucket);
    return spending;
  }

  /** From now on other limits hold for an organization. */
  changeLimits(organizationId: string, limits: RateLimits, now: number): void {
    for (const kept of this.byKey.values()) {
      if (kept.apiKey.organization_id !== organizationId) continue;
      for (const [category, bucket] of toEntries(kept)) {
        setBucket(kept, category, changeLimit(bucket, limits[category], now));
      }
    }
  }

  /** The clock goes back: what was there is there, and refills from the earlier time on. */
  moveBack(from: number, to: number): void {
    for (const kept of this.byKey.values()) {
      for (const [category, bucket] of toEntries(kept)) setBucket(kept, category, moveBack(bucket, from, to));
    }
  }

  /** The keys that were used. Beyond a thousand of them, those whose buckets are full may be forgotten. */
  list(): KeyBuckets[] {
    return [...this.byKey.values()];
  }

  /** Fills one bucket of a key, or all of them. */
  refill(apiKeyId: string, category: RateLimitCategory | undefined): void {
    const kept = this.byKey.get(apiKeyId);
    if (kept === undefined) return;
    if (category === undefined) kept.byCategory = {};
    else delete kept.byCategory[category];
  }

  /** Fills every bucket. */
  refillAll(): void {
    for (const kept of this.byKey.values()) kept.byCategory = {};
  }

  clear(): void {
    this.byKey.clear();
  }

  private add(apiKey: ApiKey, now: number): KeyBuckets {
    if (this.byKey.size >= this.sweepAbove) this.sweep(now);
    const kept: KeyBuckets = { apiKey, byCategory: {} };
    this.byKey.set(apiKey.api_key_id, kept);
    return kept;
  }

  /** Forgets what is full again: a key that comes back starts with full buckets anyway. */
  private sweep(now: number): void {
    for (const [api_key_id, kept] of this.byKey) {
      for (const [category, bucket] of toEntries(kept)) {
        setBucket(kept, category, changeLimit(bucket, bucket.limit, now));
      }
      if (toEntries(kept).length === 0) this.byKey.delete(api_key_id);
    }
    this.sweepAbove = Math.max(SWEEP_ABOVE, this.byKey.size * 2);
  }
}

const toEntries = (kept: KeyBuckets) => Object.entries(kept.byCategory) as [RateLimitCategory, Bucket][];

function setBucket(kept: KeyBuckets, category: RateLimitCategory, bucket: Bucket | undefined): void {
  if (bucket === undefined) delete kept.byCategory[category];
  else kept.byCategory[category] = bucket;
}
