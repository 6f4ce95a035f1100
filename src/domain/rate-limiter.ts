/** Whether requests are counted, told, and refused beyond the limit. */
export const LIMITS_MODES = ['off', 'headers', 'enforce'] as const;
export type LimitsMode = (typeof LIMITS_MODES)[number];

/**
 * The token bucket of a key and a category, in integers: no rounding ever adds up, and equal requests at equal times
 * give equal answers. Documented by the reference: a full bucket holds a minute's worth of requests and refills evenly.
 *
 * What is kept is the debt, in 1/60000 of a request: a request adds 60000, each millisecond takes N away at N requests a
 * minute. No debt is a full bucket, and then nothing need be kept. Debts are bigints: 60000 times the highest limit is more
 * than a number holds exactly.
 */
export interface Bucket {
  /** Requests per minute that it holds and refills. */
  limit: number;
  debt: bigint;
  /** Milliseconds since 1970 up to which the refill is counted. */
  at: number;
}

const REQUEST = 60_000n;
export const WINDOW_SECONDS = 60;

/** What a bucket has to say at a moment. */
export interface BucketState {
  /** Requests per minute. */
  limit: number;
  /** Whole requests that would pass at once. */
  remaining: number;
  /** Milliseconds since 1970 at which the bucket is full again; now, when it is. */
  full_at: number;
}

export interface Spending {
  isAllowed: boolean;
  /** The bucket afterwards; undefined when it is full. */
  bucket: Bucket | undefined;
  state: BucketState;
  /** Milliseconds until `count` requests would pass; 0 when they did, undefined when they never will: more than the limit. */
  retry_after_ms: number | undefined;
}

/**
 * Takes `count` requests from the bucket, all or none.
 * @param now milliseconds since 1970; earlier than the bucket's own time when the clock was moved back: then nothing was
 *   refilled, and time goes on from there
 */
export function spend(bucket: Bucket | undefined, limit: number, now: number, count = 1): Spending {
  const before = toDebt(bucket, limit, now);
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

/** What the bucket has to say, without a request. */
export function readBucket(bucket: Bucket | undefined, limit: number, now: number): BucketState {
  return toState(toDebt(bucket, limit, now), limit, now);
}

/**
 * The bucket with the limit that holds from `now` on: raised, what is left grows by the difference; lowered, what is left
 * is cut to the new limit.
 */
export function changeLimit(bucket: Bucket, limit: number, now: number): Bucket | undefined {
  return toBucket(toDebt(bucket, limit, now), limit, now);
}

/** The bucket when the clock goes from one time to an earlier one: as full as it was, and it refills from there. */
export function moveBack(bucket: Bucket, from: number, to: number): Bucket | undefined {
  return toBucket(toDebt(bucket, bucket.limit, from), bucket.limit, to);
}

/** The debt at a moment, under a limit that may be another than before. */
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
