import { describe, expect, it } from 'vitest';
import { isAllowed, PERMISSIONS } from '../../src/domain/api-key.ts';
import { advanceBy, LATEST, normalizeTimestamp, timeOf, toTimestamp } from '../../src/domain/clock.ts';
import { codeOf } from '../../src/domain/errors.ts';
import { DEFAULT_TIERS, findTierViolations, limitsOf } from '../../src/domain/rate-limits.ts';
import { toUrl } from '../../src/domain/text.ts';

describe('a key', () => {
  it('implies what is weaker', () => {
    for (const [has, permission] of PERMISSIONS.entries()) {
      for (const [needs, required] of PERMISSIONS.entries()) {
        expect(isAllowed([permission], required)).toBe(has >= needs);
      }
    }
    expect(isAllowed([], 'read')).toBe(false);
    expect(isAllowed(['read', 'delete'], 'write')).toBe(true);
  });
});

it('a clock that runs stops at the last moment that a timestamp can express', () => {
  const clock = { frozen_at: null, offset_ms: LATEST - 60_000 };
  expect(toTimestamp(timeOf(clock, 0))).toBe('9999-12-31T23:58:59.999000Z');
  expect(timeOf(advanceBy(clock, 60_000), 0)).toBe(LATEST);
  expect(toTimestamp(timeOf(advanceBy(clock, 60_001), 0))).toBe('9999-12-31T23:59:59.999000Z');
});

it.each([
  ['localhost', 'http://localhost:4030'],
  ['127.0.0.1', 'http://127.0.0.1:4030'],
  ['0.0.0.0', 'http://localhost:4030'],
  ['::', 'http://localhost:4030'],
  ['::1', 'http://[::1]:4030'],
])('a server that listens on %s is at %s', (host, url) => {
  expect(toUrl(host, 4030)).toBe(url);
});

it.each([
  [Object.assign(new Error('no such file'), { code: 'ENOENT' }), 'ENOENT'],
  [Object.assign(new Error('no such file'), { code: 7 }), 'no such file'],
  [new Error('broken'), 'broken'],
  ['thrown text', 'thrown text'],
])('the code of %o is %s', (error, code) => {
  expect(codeOf(error)).toBe(code);
});

describe('a timestamp', () => {
  it.each([
    [0, '1970-01-01T00:00:00Z'],
    [Date.UTC(2026, 10, 23), '2026-11-23T00:00:00Z'],
    [Date.UTC(2026, 10, 23) + 7, '2026-11-23T00:00:00.007000Z'],
  ])('of %i is %s', (milliseconds, timestamp) => {
    expect(toTimestamp(milliseconds)).toBe(timestamp);
  });

  it.each([
    ['2025-01-01', '2025-01-01T00:00:00Z'],
    ['2025-01-01T02:30:00+02:30', '2025-01-01T00:00:00Z'],
    ['2025-01-01t00:00:00.5z', '2025-01-01T00:00:00.500000Z'],
    ['2025-01-01 00:00:00.1234567Z', '2025-01-01T00:00:00.123456Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00Z'],
    ['2025-02-29T00:00:00Z', undefined],
    ['2025-01-01T24:00:00Z', undefined],
    ['2025-01-01T00:00:00+99:00', undefined],
    ['2025-01-01T00:00', undefined],
    ['yesterday', undefined],
  ])('%s reads as %s', (text, normalized) => {
    expect(normalizeTimestamp(text)).toBe(normalized);
  });
});

describe('tiers', () => {
  it('are as the reference has them', () => {
    expect(DEFAULT_TIERS).toEqual({
      free: { monthly_credits: 1_000, metadata: 20, data: 10, search: 10, upload: 5, compute: 5 },
      pro: { monthly_credits: 100_000, metadata: 100, data: 60, search: 60, upload: 30, compute: 30 },
      team: { monthly_credits: 1_000_000, metadata: 200, data: 100, search: 100, upload: 50, compute: 50 },
      enterprise: { monthly_credits: 10_000_000, metadata: 1000, data: 600, search: 600, upload: 300, compute: 300 },
    });
    expect(findTierViolations(DEFAULT_TIERS)).toEqual([]);
  });

  it('give way to an override, category by category', () => {
    expect(limitsOf(DEFAULT_TIERS, { account_type: 'free', rate_limits_override: { search: 1, compute: 9 } })).toEqual({
      metadata: 20,
      data: 10,
      search: 1,
      upload: 5,
      compute: 9,
    });
  });

  it('break an invariant where a category gets more than a wider one, or a tier less than a lower one', () => {
    const tiers = structuredClone(DEFAULT_TIERS);
    tiers.pro.search = 61;
    tiers.team.compute = 29;
    expect(findTierViolations(tiers).map(({ account_type, category }) => `${account_type}.${category}`)).toEqual([
      'pro.search',
      'team.compute',
    ]);
  });
});
