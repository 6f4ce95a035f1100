import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toTimestamp } from '../../src/domain/clock.ts';
import { type Bucket, readBucket, spend } from '../../src/domain/rate-limiter.ts';
import { DEFAULT_TIERS } from '../../src/domain/rate-limits.ts';
import { type Gauge, leftAt, levelAt, msToFull, msToNext } from '../../src/inspector/gauge.ts';

const NOW = Date.UTC(2026, 0, 1);
const at = (limit: number, full_at: number): Gauge => ({ limit, full_at: toTimestamp(full_at) });

/** Limits whose debt is a whole number of milliseconds, as all published ones. */
const EXACT = Object.values(DEFAULT_TIERS).flatMap(({ monthly_credits: _, ...limits }) => Object.values(limits));
const exactLimit = fc.constantFrom(...new Set([...EXACT, 1, 60, 1500, 60_000]));
const anyLimit = fc.oneof(exactLimit, fc.integer({ min: 1, max: 60_000 }));

/** Waits, in milliseconds, and how many requests come after each. */
const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 70_000 }), fc.integer({ min: 1, max: 300 })), {
  minLength: 1,
  maxLength: 12,
});

/** The bucket after these steps, and what the server says of it. */
function run(limit: number, moves: [wait: number, count: number][]) {
  let bucket: Bucket | undefined;
  let now = NOW;
  for (const [wait, count] of moves) {
    now += wait;
    bucket = spend(bucket, limit, now, Math.min(count, readBucket(bucket, limit, now).remaining)).bucket;
  }
  return { bucket, now, gauge: at(limit, readBucket(bucket, limit, now).full_at) };
}

describe('a gauge has what the rate limiter has', () => {
  it('whatever was charged, at any time afterwards, at every published limit', () => {
    fc.assert(
      fc.property(exactLimit, steps, fc.integer({ min: 0, max: 61_000 }), (limit, moves, later) => {
        const { bucket, now, gauge } = run(limit, moves);
        const time = now + later;
        const { remaining, full_at } = readBucket(bucket, limit, time);
        expect(leftAt(gauge, time)).toBe(remaining);
        expect(msToFull(gauge, time)).toBe(full_at - time);
        const { retry_after_ms } = spend(bucket, limit, time, remaining + 1);
        expect(msToNext(gauge, time)).toBe(remaining === limit ? 0 : retry_after_ms);
      }),
      { numRuns: 2000 },
    );
  });

  it('and at any limit up to a millisecond', () => {
    fc.assert(
      fc.property(anyLimit, steps, fc.integer({ min: 0, max: 61_000 }), (limit, moves, later) => {
        const { bucket, now, gauge } = run(limit, moves);
        const time = now + later;
        const left = leftAt(gauge, time);
        expect(left).toBeGreaterThanOrEqual(readBucket(bucket, limit, time).remaining);
        expect(left).toBeLessThanOrEqual(readBucket(bucket, limit, time + 1).remaining);
        const wait = msToNext(gauge, time);
        if (left === limit) return;
        expect(spend(bucket, limit, time + wait, left + 1).isAllowed).toBe(true);
        if (wait > 2) expect(spend(bucket, limit, time + wait - 2, left + 1).isAllowed).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('levels', () => {
  it.each([
    ['full', null, 1, 60, 0, 0],
    ['full since', NOW - 5, 1, 60, 0, 0],
    ['full now', NOW, 1, 60, 0, 0],
    ['half', NOW + 30_000, 0.5, 30, 30_000, 1000],
    ['one missing', NOW + 1000, 59 / 60, 59, 1000, 1000],
    ['a millisecond before full', NOW + 1, 1 - 1 / 60_000, 59, 1, 1],
    ['empty', NOW + 60_000, 0, 0, 60_000, 1000],
    ['empty, the clock set back', NOW + 90_000, 0, 0, 90_000, 31_000],
  ])('%s', (_, fullAt, level, left, toFull, toNext) => {
    const gauge = fullAt === null ? { limit: 60, full_at: null } : at(60, fullAt);
    expect(levelAt(gauge, NOW)).toBeCloseTo(level, 10);
    expect(leftAt(gauge, NOW)).toBe(left);
    expect(msToFull(gauge, NOW)).toBe(toFull);
    expect(msToNext(gauge, NOW)).toBe(toNext);
  });

  it('a browser whose clock has fractions counts as the server does', () => {
    expect(leftAt(at(60, NOW + 1000), NOW + 0.7)).toBe(59);
    expect(msToFull(at(60, NOW + 1000), NOW + 0.7)).toBe(1000);
  });

  it('what is not a time counts as full, and a limit of 0 as nothing', () => {
    expect(leftAt({ limit: 60, full_at: 'soon' }, NOW)).toBe(60);
    expect([leftAt(at(0, NOW + 10), NOW), msToNext(at(0, NOW + 10), NOW)]).toEqual([0, 0]);
  });

  it('of the highest limit are no error', () => {
    const limit = Number.MAX_SAFE_INTEGER;
    expect(leftAt(at(limit, NOW + 60_000), NOW)).toBeLessThan(limit / 59_000);
    expect(leftAt({ limit, full_at: null }, NOW)).toBe(limit);
  });
});
