/** Whether requests are counted and reported (headers), and also refused beyond the limit (enforce). */
export const LIMITS_MODES = ['off', 'headers', 'enforce'] as const;
export type LimitsMode = (typeof LIMITS_MODES)[number];

/**
 * The token bucket of a key and a category. Documented by the reference: a full bucket has a minute's worth of requests and
 * refills evenly. It is an integer, so that no rounding errors add up.
 *
 * `debt` is in 1/60000 of a request: a request adds 60000, each millisecond subtracts N at N requests a minute. A full bucket has
 * no debt, and is not stored. Debts are bigints: 60000 times the highest limit exceeds the exact range of a number.
 */
export interface Bucket {
  /** Requests per minute. */
  limit: number;
  debt: bigint;
  /** When `debt` was right, in milliseconds since 1970. */
  at: number;
}

const REQUEST = 60_000n;
export const WINDOW_SECONDS = 60;

/** A bucket at a moment. */
export interface BucketState {
  /** Requests per minute. */
  limit: number;
  /** Whole requests that are allowed at once. */
  remaining: number;
  /** When the bucket is full again, in milliseconds since 1970; now if it is full. */
  full_at: number;
}

export interface Spending {
  isAllowed: boolean;
  /** The bucket afterwards; undefined if it is full. */
  bucket: Bucket | undefined;
  state: BucketState;
  /** Milliseconds until `count` requests are allowed: 0 if they are now, undefined if they exceed the limit. */
  retry_after_ms: number | undefined;
}

/**
 * Takes `count` requests from the bucket, all or none.
 * @param now milliseconds since 1970; before the bucket's own time nothing is refilled
 */
export function spend(bucket: Bucket | undefined, limit: number, now: number, count = 1): Spending {
  return spendingOf(toDebt(bucket, limit, now), limit, now, count);
}

/**
 * What becomes of a bucket that is charged.
 * @param before its debt at this moment, under this limit
 */
export function spendingOf(before: bigint, limit: number, now: number, count: number): Spending {
  const capacity = REQUEST * BigInt(limit);
  const debt = before + REQUEST * BigInt(count);
  if (debt <= capacity) {
    return { isAllowed: true, bucket: toBucket(debt, limit, now), state: toState(debt, limit, now), retry_after_ms: 0 };
  }
  return {
    isAllowed: false,
    bucket: toBucket(before, limit, now),
    state: toState(before, limit, now),
    retry_after_ms: count > limit ? undefined : divideUp(debt - capacity, limit),
  };
}

export function readBucket(bucket: Bucket | undefined, limit: number, now: number): BucketState {
  return toState(toDebt(bucket, limit, now), limit, now);
}

/**
 * The bucket with a new limit from `now` on: raising it adds the difference to what is left, lowering it caps what is left.
 */
export function changeLimit(bucket: Bucket, limit: number, now: number): Bucket | undefined {
  return toBucket(toDebt(bucket, limit, now), limit, now);
}

/** The bucket after the clock moved back: as full as it was, refilling from the earlier time. */
export function moveBack(bucket: Bucket, from: number, to: number): Bucket | undefined {
  return toBucket(toDebt(bucket, bucket.limit, from), bucket.limit, to);
}

/** The debt at a moment, under a limit that may have changed. */
function toDebt(bucket: Bucket | undefined, limit: number, now: number): bigint {
  if (bucket === undefined) return 0n;
  const refilled = BigInt(bucket.limit) * BigInt(Math.max(0, now - bucket.at));
  const debt = bucket.debt > refilled ? bucket.debt - refilled : 0n;
  if (limit >= bucket.limit) return debt;
  const left = REQUEST * BigInt(bucket.limit) - debt;
  const capacity = REQUEST * BigInt(limit);
  return left > capacity ? 0n : capacity - left;
}

const toBucket = (debt: bigint, limit: number, at: number): Bucket | undefined =>
  debt === 0n ? undefined : { limit, debt, at };

function toState(debt: bigint, limit: number, now: number): BucketState {
  const remaining = Number((REQUEST * BigInt(limit) - debt) / REQUEST);
  return { limit, remaining, full_at: now + divideUp(debt, limit) };
}

const divideUp = (debt: bigint, limit: number) => Number((debt + BigInt(limit) - 1n) / BigInt(limit));
