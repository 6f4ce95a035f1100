import { toMilliseconds } from './text.ts';

/**
 * The token bucket of a key and a category, drawn from one number: it refills evenly, a minute's worth of requests a minute, so
 * when it is full says what is left at any time before. The server counts in 1/60000 of a request and says `full_at` in whole
 * milliseconds: what is left is exact for every limit that divides 60,000 (all published ones), else it may be early by less
 * than a millisecond.
 */
export interface Gauge {
  /** Requests per minute. */
  limit: number;
  /** RFC 3339; null for a full bucket. */
  full_at: string | null;
}

const WINDOW_MS = 60_000;
const REQUEST = 60_000n;

/** Whole requests that would pass at once. @param now milliseconds since 1970, by the clock of the sandbox */
export function leftAt(bucket: Gauge, now: number): number {
  const limit = BigInt(bucket.limit);
  const rest = missingMs(bucket, now);
  // The debt is a whole number of its parts, and above what a millisecond less would be.
  const debt = rest === 0 ? 0n : BigInt(rest - 1) * limit + 1n;
  return Number((REQUEST * limit - debt) / REQUEST);
}

/** How full it is, from 0 to 1. */
export const levelAt = (bucket: Gauge, now: number): number => 1 - missingMs(bucket, now) / WINDOW_MS;

/** Milliseconds until it is full; 0 if it is. At most a minute, unless the clock was set back. */
export function msToFull({ full_at }: Gauge, now: number): number {
  const ms = full_at === null ? 0 : Math.ceil(toMilliseconds(full_at) - now);
  return Number.isNaN(ms) ? 0 : Math.max(0, ms);
}

/**
 * Milliseconds until one more request would pass than now; 0 if the bucket is full. Where `full_at` leaves room for doubt it is
 * the later one: a clock that is moved so far is moved far enough.
 */
export function msToNext(bucket: Gauge, now: number): number {
  const limit = BigInt(bucket.limit);
  const rest = msToFull(bucket, now);
  if (rest === 0 || limit === 0n) return 0;
  const debt = REQUEST * (limit - BigInt(leftAt(bucket, now)) - 1n);
  return Math.max(0, rest - Number(debt / limit));
}

/** No bucket is less than empty. */
const missingMs = (bucket: Gauge, now: number): number => Math.min(WINDOW_MS, msToFull(bucket, now));
