import type { ApiKey } from '../domain/api-key.ts';
import { type Bucket, changeLimit, moveBack, type Spending, spend } from '../domain/rate-limiter.ts';
import { RATE_LIMIT_CATEGORIES, type RateLimitCategory, type RateLimits } from '../domain/rate-limits.ts';
import type { Buckets, GoneKeys, KeyBuckets } from '../store/runtime.ts';

/** Keys whose buckets are kept before those that are full again are looked for. */
const SWEEP_ABOVE = 1000;

/** Buckets in the memory of this process. */
export class MemoryBuckets implements Buckets {
  private readonly byKey = new Map<string, KeyBuckets>();
  private sweepAbove = SWEEP_ABOVE;
  version = 0;

  async charge(apiKey: ApiKey, category: RateLimitCategory, limit: number, now: number, count = 1): Promise<Spending> {
    this.version++;
    const kept = this.byKey.get(apiKey.api_key_id) ?? this.add(apiKey, now);
    kept.used = this.version;
    const spending = spend(kept.byCategory[category], limit, now, count);
    setBucket(kept, category, spending.bucket);
    return spending;
  }

  async changeLimits(organizationId: string, limits: RateLimits, now: number): Promise<void> {
    this.version++;
    for (const kept of this.byKey.values()) {
      if (kept.apiKey.organization_id !== organizationId) continue;
      replaceEach(kept, (bucket, category) => changeLimit(bucket, limits[category], now));
    }
  }

  async moveBack(from: number, to: number): Promise<void> {
    this.version++;
    for (const kept of this.byKey.values()) replaceEach(kept, (bucket) => moveBack(bucket, from, to));
  }

  async refill(apiKeyId?: string, category?: RateLimitCategory): Promise<void> {
    this.version++;
    const wanted = apiKeyId === undefined ? [...this.byKey.values()] : [this.byKey.get(apiKeyId)];
    for (const kept of wanted) {
      if (kept === undefined) continue;
      if (category === undefined) kept.byCategory = {};
      else delete kept.byCategory[category];
    }
  }

  async forget(gone: GoneKeys): Promise<void> {
    this.version++;
    const isGone = (apiKey: ApiKey) =>
      'api_key_id' in gone ? apiKey.api_key_id === gone.api_key_id : apiKey.organization_id === gone.organization_id;
    for (const [id, { apiKey }] of this.byKey) if (isGone(apiKey)) this.byKey.delete(id);
  }

  areFull(now: number): boolean {
    this.sweep(now);
    return this.byKey.size === 0;
  }

  async list(): Promise<KeyBuckets[]> {
    return [...this.byKey.values()];
  }

  private add(apiKey: ApiKey, now: number): KeyBuckets {
    if (this.byKey.size >= this.sweepAbove) this.sweep(now);
    const kept: KeyBuckets = { apiKey, byCategory: {}, used: 0 };
    this.byKey.set(apiKey.api_key_id, kept);
    return kept;
  }

  /** Forgets what is full again: a key that comes back starts with full buckets anyway. */
  private sweep(now: number): void {
    for (const [api_key_id, kept] of this.byKey) {
      replaceEach(kept, (bucket) => changeLimit(bucket, bucket.limit, now));
      if (Object.keys(kept.byCategory).length === 0) this.byKey.delete(api_key_id);
    }
    this.sweepAbove = Math.max(SWEEP_ABOVE, this.byKey.size * 2);
  }
}

function replaceEach(
  kept: KeyBuckets,
  change: (bucket: Bucket, category: RateLimitCategory) => Bucket | undefined,
): void {
  for (const category of RATE_LIMIT_CATEGORIES) {
    const bucket = kept.byCategory[category];
    if (bucket !== undefined) setBucket(kept, category, change(bucket, category));
  }
}

function setBucket(kept: KeyBuckets, category: RateLimitCategory, bucket: Bucket | undefined): void {
  if (bucket === undefined) delete kept.byCategory[category];
  else kept.byCategory[category] = bucket;
}
