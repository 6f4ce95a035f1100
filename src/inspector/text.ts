// Control and format characters, line separators, and halves of surrogate pairs: what is invisible, or turns the text around.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const SHORT_ESCAPES: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * The text with what nobody would see written as JSON escapes it: `\u202e`.
 * @param kept characters that stay as they are, such as the newlines and tabs of a body: `'\n\t'`
 */
export const showText = (text: string, kept = ''): string =>
  text.replace(UNSEEN, (char) => (kept.includes(char) ? char : (SHORT_ESCAPES[char] ?? toEscapes(char))));

const toEscapes = (char: string) =>
  Array.from({ length: char.length }, (_, i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`).join('');

type Unit = [size: number, name: string];
/** Smallest first. */
const TIME_UNITS: Unit[] = [
  [1, 'ms'],
  [1000, 's'],
  [60_000, 'min'],
  [3_600_000, 'h'],
  [86_400_000, 'd'],
];
const SIZE_UNITS: Unit[] = [
  [1, 'bytes'],
  [1024, 'KiB'],
  [1024 ** 2, 'MiB'],
  [1024 ** 3, 'GiB'],
];

/** How long it is, without its sign: `3 s`, `1.5 min`, `328 d`; `0 s` for nothing. */
export const toDuration = (ms: number): string => (ms === 0 ? '0 s' : inUnits(Math.abs(ms), TIME_UNITS));

/** How far a clock is from real time: `+5 min`, `-3 h`; from a day on `328 d behind` or `2 d ahead`; `0 s` where it is not. */
export function toOffset(ms: number): string {
  const duration = toDuration(ms);
  if (duration.endsWith(' d')) return `${duration} ${ms < 0 ? 'behind' : 'ahead'}`;
  return ms === 0 ? duration : `${ms < 0 ? '-' : '+'}${duration}`;
}

/** `17 bytes`, `64 KiB`, `1.5 MiB` */
export const toSize = (bytes: number): string => (bytes === 1 ? '1 byte' : inUnits(bytes, SIZE_UNITS));

/** In the largest unit of which it has, once it is rounded, at least one; below 10 with a digit behind the point. */
function inUnits(amount: number, units: Unit[]): string {
  for (const [index, [size, name]] of units.entries()) {
    const exact = amount / size;
    const shown = exact < 10 ? Math.round(exact * 10) / 10 : Math.round(exact);
    const larger = units[index + 1]?.[0];
    if (larger === undefined || shown * size < larger) return `${shown} ${name}`;
  }
  return '';
}

/** `12 new requests, 3 refused` */
export function toNews(added: readonly { status: number | null }[]): string {
  const refused = added.filter(({ status }) => status === null || status >= 400).length;
  const words = `${toCount(added.length)} new ${added.length === 1 ? 'request' : 'requests'}`;
  return refused === 0 ? words : `${words}, ${toCount(refused)} refused`;
}

const COUNT = new Intl.NumberFormat('en-US');

/** `62,272` */
export const toCount = (count: number): string => COUNT.format(count);

/** The time of whoever looks: `14:02:11`. @param at as `performance.now()` says it */
export const toLocalTime = (at: number): string => new Date(performance.timeOrigin + at).toTimeString().slice(0, 8);

/** The time of a timestamp in UTC: `09:00:30.000`. */
export const toTime = (iso: string): string => `${iso.slice(11, 19)}.${fractionOf(iso)}`;

/** `2026-01-01 09:00:30 Z` */
export const toDateTime = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 19)} Z`;

const fractionOf = (iso: string) => (/^\.([0-9]{1,3})/.exec(iso.slice(19))?.[1] ?? '').padEnd(3, '0');

const TIMESTAMP = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?[Zz]$/;

/** A timestamp in UTC as milliseconds since 1970, truncated; NaN for any other text. */
export const toMilliseconds = (iso: string): number => (TIMESTAMP.test(iso) ? Date.parse(iso) : Number.NaN);
