import { type Bucket, changeLimit, type Spending, spend } from '../domain/rate-limiter.ts';
import type { RateLimitCategory, RateLimits } from '../domain/rate-limits.ts';

type KeyBuckets = { organization_id: string; byCategory: Partial<Record<RateLimitCategory, Bucket>> };

/** Keys whose buckets are kept before those that are full again are looked for. */
const SWEEP_ABOVE = 1000;

/** The rate-limit buckets of a sandbox: one for each key and category. They are gone with the process. */
export class Buckets {
  private readonly byKey = new Map<string, KeyBuckets>();
  private sweepAbove = SWEEP_ABOVE;

  /**
   * Charges one request.
   * @param limit requests per minute, as they hold for the key's organization at this moment
   * @param now milliseconds since 1970
   */
  charge(
    { api_key_id, organization_id }: { api_key_id: string; organization_id: string },
    category: RateLimitCategory,
    limit: number,
    now: number,
  ): Spending {
    const kept = this.byKey.get(api_key_id) ?? this.add(api_key_id, organization_id, now);
    const spending = spend(kept.byCategory[category], limit, now);
    setBucket(kept, category, spending.bucket);
    return spending;
  }

  /** From now on other limits hold for an organization. */
  changeLimits(organizationId: string, limits: RateLimits, now: number): void {
    for (const kept of this.byKey.values()) {
      if (kept.organization_id !== organizationId) continue;
      for (const [category, bucket] of toEntries(kept)) {
        setBucket(kept, category, changeLimit(bucket, limits[category], now));
      }
    }
  }

  private add(api_key_id: string, organization_id: string, now: number): KeyBuckets {
    if (this.byKey.size >= this.sweepAbove) this.sweep(now);
    const kept: KeyBuckets = { organization_id, byCategory: {} };
    this.byKey.set(api_key_id, kept);
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
