import { describe, expect, it } from 'vitest';
import { type Bucket, changeLimit, moveBack, readBucket, spend } from '../../src/domain/rate-limiter.ts';

const NOW = Date.UTC(2026, 0, 1);

/** A bucket with nothing left, without a call for each of its requests. */
const drain = (limit: number, now = NOW) => spend(undefined, limit, now, limit).bucket;

describe('a bucket', () => {
  it.each([1, 2, 60, 1000])('of %i lets just so many pass at once', (limit) => {
    let bucket: Bucket | undefined;
    for (let count = 1; count <= limit; count++) {
      const spent = spend(bucket, limit, NOW);
      expect([spent.isAllowed, spent.state.remaining]).toEqual([true, limit - count]);
      bucket = spent.bucket;
    }
    expect(spend(bucket, limit, NOW).isAllowed).toBe(false);
  });

  it.each([1, 2, 7, 60, 1000, 59_999, 60_001, Number.MAX_SAFE_INTEGER])(
    'of %i lets one more pass after 60/N seconds, and not a millisecond before',
    (limit) => {
      const empty = drain(limit);
      const refused = spend(empty, limit, NOW);
      expect(refused).toMatchObject({ isAllowed: false, state: { remaining: 0 } });
      const wait = Math.ceil(60_000 / limit);
      expect(refused.retry_after_ms).toBe(wait);
      expect(spend(empty, limit, NOW + wait).isAllowed).toBe(true);
      expect(spend(empty, limit, NOW + wait - 1).isAllowed).toBe(false);
    },
  );

  it.each([1, 2, 60, 1000, Number.MAX_SAFE_INTEGER])('of %i is full after a minute, and not before', (limit) => {
    const empty = drain(limit);
    expect(readBucket(empty, limit, NOW)).toEqual({ limit, remaining: 0, full_at: NOW + 60_000 });
    expect(readBucket(empty, limit, NOW + 59_999).remaining).toBeLessThan(limit);
    expect(readBucket(empty, limit, NOW + 60_000)).toEqual({ limit, remaining: limit, full_at: NOW + 60_000 });
    expect(spend(empty, limit, NOW + 60_000, limit).isAllowed).toBe(true);
  });

  it('refuses more than it will ever hold, and takes all or none', () => {
    const refused = spend(undefined, 5, NOW, 6);
    expect(refused).toMatchObject({ isAllowed: false, bucket: undefined, retry_after_ms: undefined });
    const { bucket } = spend(undefined, 5, NOW, 3);
    expect(spend(bucket, 5, NOW, 3)).toMatchObject({
      isAllowed: false,
      state: { remaining: 2 },
      retry_after_ms: 12_000,
    });
  });

  it('that was refused is not charged for it', () => {
    let bucket = drain(60);
    for (let call = 0; call < 100; call++) bucket = spend(bucket, 60, NOW + 999).bucket;
    expect(spend(bucket, 60, NOW + 1000).isAllowed).toBe(true);
  });

  it.each([
    ['raised: what is left grows by the difference', 10, 4, 15, 11],
    ['lowered: what is left is cut to the new limit', 10, 4, 3, 3],
    ['lowered, but to more than is left: what is left stays', 10, 8, 5, 2],
    ['as it was', 10, 4, 10, 6],
  ])('%s', (_name, from, spent, to, left) => {
    const { bucket } = spend(undefined, from, NOW, spent);
    expect(readBucket(bucket, to, NOW).remaining).toBe(left);
    expect(bucket && readBucket(changeLimit(bucket, to, NOW), to, NOW).remaining).toBe(left);
  });

  it('refills at the old limit until it changes, at the new one from then on', () => {
    const empty = drain(60);
    const changed = empty && changeLimit(empty, 600, NOW + 1000);
    expect(readBucket(changed, 600, NOW + 1000).remaining).toBe(541);
    expect(readBucket(changed, 600, NOW + 2000).remaining).toBe(551);
  });

  it('neither overflows nor stalls when the clock is moved', () => {
    const empty = drain(60);
    expect(readBucket(empty, 60, NOW + 365 * 86_400_000).remaining).toBe(60);
    const back = spend(empty, 60, NOW - 3_600_000);
    expect(back).toMatchObject({ isAllowed: false, state: { remaining: 0, full_at: NOW - 3_600_000 + 60_000 } });
    expect(spend(back.bucket, 60, NOW - 3_600_000 + 1000).isAllowed).toBe(true);
  });

  it('is as full as it was when the clock goes back, and refills from there', () => {
    const empty = drain(60);
    const back = empty && moveBack(empty, NOW + 10_000, NOW - 3_600_000);
    expect(readBucket(back, 60, NOW - 3_600_000)).toEqual({
      limit: 60,
      remaining: 10,
      full_at: NOW - 3_600_000 + 50_000,
    });
    expect(readBucket(back, 60, NOW - 3_600_000 + 50_000).remaining).toBe(60);
    expect(empty && moveBack(empty, NOW + 60_000, NOW)).toBeUndefined();
  });

  it('does not keep what is full', () => {
    expect(spend(drain(60), 60, NOW + 60_000, 0).bucket).toBeUndefined();
  });
});
