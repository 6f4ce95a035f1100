import { RATE_LIMIT_CATEGORIES, type RateLimitCategory, type RateLimits } from '../../src/domain/rate-limits.ts';

/** Of a request: a millisecond at N requests a minute gives N of them, so everything is a whole number. */
const PARTS = 60_000;

/** What became of a charge. */
export interface Charged {
  isAllowed: boolean;
  remaining: number;
  /** Milliseconds until the bucket is full. */
  fullIn: number;
  /** What a 429 says, in seconds. */
  retryAfter: number;
}

/** What the buckets of a sandbox must hold while its clock is frozen or moved: the rules anew, in the plainest way. */
export class BucketModel {
  private readonly levels = new Map<string, { category: RateLimitCategory; limit: number; level: number }>();
  /** Keys that were charged. */
  readonly used = new Set<string>();

  charge(key: string, category: RateLimitCategory, limit: number, count = 1): Charged {
    this.used.add(key);
    const bucket = this.levels.get(`${key} ${category}`) ?? { category, limit, level: limit * PARTS };
    const missing = count * PARTS - bucket.level;
    const isAllowed = missing <= 0;
    if (isAllowed) bucket.level -= count * PARTS;
    this.levels.set(`${key} ${category}`, bucket);
    const wait = count > limit ? 60 : Math.ceil(Math.ceil(missing / limit) / 1000);
    return {
      isAllowed,
      remaining: this.remaining(key, category, limit),
      fullIn: Math.ceil((limit * PARTS - bucket.level) / limit),
      retryAfter: Math.max(1, wait),
    };
  }

  remaining(key: string, category: RateLimitCategory, limit: number): number {
    return Math.floor((this.levels.get(`${key} ${category}`)?.level ?? limit * PARTS) / PARTS);
  }

  /** Time goes on. A clock that goes back leaves all as it is. */
  pass(milliseconds: number): void {
    for (const bucket of this.levels.values()) {
      bucket.level = Math.min(bucket.limit * PARTS, bucket.level + bucket.limit * Math.max(0, milliseconds));
    }
  }

  changeLimits(limits: RateLimits): void {
    for (const bucket of this.levels.values()) {
      const { [bucket.category]: limit } = limits;
      bucket.level = Math.min(bucket.level + Math.max(0, limit - bucket.limit) * PARTS, limit * PARTS);
      bucket.limit = limit;
    }
  }

  refill(): void {
    this.levels.clear();
  }

  forget(): void {
    this.levels.clear();
    this.used.clear();
  }

  /** As `GET …/limits` shows it. */
  list(limits: RateLimits): [key: string, category: string, limit: number, remaining: number][] {
    return [...this.used].flatMap((key) =>
      RATE_LIMIT_CATEGORIES.map((category): [string, string, number, number] => {
        const { [category]: limit } = limits;
        return [key, category, limit, this.remaining(key, category, limit)];
      }),
    );
  }
}
