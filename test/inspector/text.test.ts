import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  showText,
  toCount,
  toDateTime,
  toDuration,
  toMilliseconds,
  toNews,
  toOffset,
  toSize,
  toTime,
} from '../../src/inspector/text.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('showText', () => {
  it.each([
    ['a\u202eb', 'a\\u202eb'],
    ['\u0000\u001b[31m\u007f\u0085', '\\u0000\\u001b[31m\\u007f\\u0085'],
    ['a\nb\tc\rd', 'a\\nb\\tc\\rd'],
    ['\u200b\u2066\u2069\ufeff\u00ad', '\\u200b\\u2066\\u2069\\ufeff\\u00ad'],
    ['\u2028\u2029', '\\u2028\\u2029'],
    ['\ud800 \udc00', '\\ud800 \\udc00'],
    ['\u{e0041}', '\\udb40\\udc41'],
    ['Zürich 東京 😀 <b>&amp;"\\', 'Zürich 東京 😀 <b>&amp;"\\'],
  ])('%j is shown as %s', (text, shown) => {
    expect(showText(text)).toBe(shown);
  });

  it('keeps newlines and tabs where they are wanted, and nothing else', () => {
    expect(showText('a\n\tb\r\u202e', '\n\t')).toBe('a\n\tb\\r\\u202e');
  });
});

describe('toDuration', () => {
  it.each([
    [0, '0 s'],
    [0.42, '0.4 ms'],
    [1.25, '1.3 ms'],
    [250, '250 ms'],
    [999, '999 ms'],
    [999.6, '1 s'],
    [1000, '1 s'],
    [1500, '1.5 s'],
    [3 * SECOND, '3 s'],
    [27_400, '27 s'],
    [59_400, '59 s'],
    [59_600, '1 min'],
    [MINUTE, '1 min'],
    [90 * SECOND, '1.5 min'],
    [5 * MINUTE, '5 min'],
    [9.96 * MINUTE, '10 min'],
    [59.4 * MINUTE, '59 min'],
    [59.6 * MINUTE, '1 h'],
    [2 * HOUR, '2 h'],
    [23.6 * HOUR, '1 d'],
    [36 * HOUR, '1.5 d'],
    [328.4 * DAY, '328 d'],
    [-5 * MINUTE, '5 min'],
  ])('of %d ms is %s', (ms, text) => {
    expect(toDuration(ms)).toBe(text);
  });
});

describe('toOffset', () => {
  it.each([
    [0, '0 s'],
    [5 * MINUTE, '+5 min'],
    [-5 * MINUTE, '-5 min'],
    [-250, '-250 ms'],
    [23 * HOUR, '+23 h'],
    [DAY, '1 d ahead'],
    [-328 * DAY, '328 d behind'],
  ])('of %d ms is %s', (ms, text) => {
    expect(toOffset(ms)).toBe(text);
  });
});

describe('toSize', () => {
  it.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [17, '17 bytes'],
    [1023, '1023 bytes'],
    [1024, '1 KiB'],
    [1536, '1.5 KiB'],
    [64 * 1024, '64 KiB'],
    [1024 ** 2 - 1, '1 MiB'],
    [2.5 * 1024 ** 2, '2.5 MiB'],
    [3 * 1024 ** 3, '3 GiB'],
  ])('of %d is %s', (bytes, text) => {
    expect(toSize(bytes)).toBe(text);
  });
});

it.each([
  [0, '0'],
  [999, '999'],
  [1161, '1,161'],
  [62_272, '62,272'],
  [1_234_567, '1,234,567'],
])('the count %d is %s', (count, text) => {
  expect(toCount(count)).toBe(text);
});

it.each([
  ['2026-01-01T09:00:30Z', '09:00:30.000', '2026-01-01 09:00:30 Z'],
  ['2026-01-01T09:00:30.120000Z', '09:00:30.120', '2026-01-01 09:00:30 Z'],
  ['2026-12-31T23:59:59.5Z', '23:59:59.500', '2026-12-31 23:59:59 Z'],
])('%s is shown as %s and %s', (iso, time, dateTime) => {
  expect([toTime(iso), toDateTime(iso)]).toEqual([time, dateTime]);
});

describe('timestamps are read and written as Date does it', () => {
  const LATEST = Date.parse('9999-12-31T23:59:59.999Z');

  it.each([
    '0001-01-01T00:00:00.000Z',
    '1600-02-29T12:00:00.000Z',
    '1900-02-28T23:59:59.999Z',
    '1969-12-31T23:59:59.999Z',
    '1970-01-01T00:00:00.000Z',
    '2000-02-29T00:00:00.000Z',
    '2000-03-01T00:00:00.000Z',
    '2100-03-01T00:00:00.000Z',
    '9999-12-31T23:59:59.999Z',
  ])('%s', (iso) => {
    expect(new Date(toMilliseconds(iso)).toISOString()).toBe(iso);
  });

  it('at any time', () => {
    fc.assert(
      fc.property(fc.integer({ min: Date.parse('0001-01-01T00:00:00Z'), max: LATEST }), (ms) => {
        const iso = new Date(ms).toISOString();
        expect(toMilliseconds(iso)).toBe(ms);
      }),
      { numRuns: 2000 },
    );
  });

  it('truncates a fraction, of a second and of a millisecond', () => {
    expect(toMilliseconds('2026-01-01T00:00:00.123999Z')).toBe(Date.parse('2026-01-01T00:00:00.123Z'));
    expect(toMilliseconds('2026-01-01T00:00:00.5Z')).toBe(Date.parse('2026-01-01T00:00:00.500Z'));
  });

  it.each(['', '2026-01-01', '2026-01-01T00:00:00', '2026-01-01T00:00:00+01:00', 'soon'])('%j is none', (text) => {
    expect(toMilliseconds(text)).toBeNaN();
  });
});

it.each([
  [[200], '1 new request'],
  [[200, 200], '2 new requests'],
  [[200, 429, null, 503, 302], '5 new requests, 3 refused'],
  [new Array(1234).fill(200), '1,234 new requests'],
])('what came is said in words: %#', (statuses, words) => {
  expect(toNews(statuses.map((status) => ({ status })))).toBe(words);
});
