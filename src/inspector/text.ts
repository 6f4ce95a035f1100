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

const COUNT = new Intl.NumberFormat('en-US');

/** `62,272` */
export const toCount = (count: number): string => COUNT.format(count);

/** The time of a timestamp in UTC: `09:00:30.000`. */
export const toTime = (iso: string): string => `${iso.slice(11, 19)}.${fractionOf(iso)}`;

/** `2026-01-01 09:00:30 Z` */
export const toDateTime = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 19)} Z`;

const fractionOf = (iso: string) => (/^\.([0-9]{1,3})/.exec(iso.slice(19))?.[1] ?? '').padEnd(3, '0');

const DAY_MS = 86_400_000;
/** Days of 400 years, after which the calendar repeats, and of the years 0 to 1969. */
const ERA_DAYS = 146_097;
const DAYS_TO_1970 = 719_468;
const TIMESTAMP = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?[Zz]$/;

/**
 * A timestamp in UTC as milliseconds since 1970, truncated; NaN for any other text. The years count from March, so that the 29th
 * of February is the last day of one.
 */
export function toMilliseconds(iso: string): number {
  const match = TIMESTAMP.exec(iso);
  if (match === null) return Number.NaN;
  const [year = 0, month = 0, day = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1, 7).map(Number);
  const marchYear = month > 2 ? year : year - 1;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const leapDays = Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400);
  const days = marchYear * 365 + leapDays + dayOfYear - DAYS_TO_1970;
  return days * DAY_MS + ((hours * 60 + minutes) * 60 + seconds) * 1000 + Number(fractionOf(iso));
}

/** Milliseconds since 1970, in the years 1 to 9999, as a timestamp in UTC: `2026-01-01T09:00:30.000Z`. */
export function toTimestamp(milliseconds: number): string {
  const whole = Math.floor(milliseconds);
  const days = Math.floor(whole / DAY_MS) + DAYS_TO_1970;
  const era = Math.floor(days / ERA_DAYS);
  const dayOfEra = days - era * ERA_DAYS;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const month = ((marchMonth + 2) % 12) + 1;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const ofDay = whole - Math.floor(whole / DAY_MS) * DAY_MS;
  const [hours, minutes] = [Math.floor(ofDay / 3_600_000), Math.floor(ofDay / 60_000) % 60];
  const [seconds, rest] = [Math.floor(ofDay / 1000) % 60, ofDay % 1000];
  const date = `${pad(year, 4)}-${pad(month)}-${pad(day)}`;
  return `${date}T${pad(hours)}:${pad(minutes)}:${pad(seconds)}.${pad(rest, 3)}Z`;
}

const pad = (value: number, length = 2) => String(value).padStart(length, '0');
