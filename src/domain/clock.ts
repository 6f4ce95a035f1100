import { RealDate } from './real-time.ts';

/** A clock is frozen at a time (milliseconds since 1970), or runs with an offset to real time (milliseconds; 0 while it is frozen). */
export interface ClockSetting {
  frozen_at: number | null;
  offset_ms: number;
}

export const REAL_TIME: ClockSetting = { frozen_at: null, offset_ms: 0 };

/** The range of Python's datetime and of four-digit years, in milliseconds since 1970. */
export const EARLIEST = RealDate.parse('0001-01-01T00:00:00Z');
export const LATEST = RealDate.UTC(9999, 11, 31, 23, 59, 59, 999);

/**
 * The time of the clock, in milliseconds since 1970.
 * @param realTime in the same unit
 */
export const timeOf = ({ frozen_at, offset_ms }: ClockSetting, realTime: number = RealDate.now()): number =>
  frozen_at ?? Math.max(EARLIEST, Math.min(LATEST, realTime + offset_ms));

/** Whether the clock differs from real time. */
export const isMoved = ({ frozen_at, offset_ms }: ClockSetting): boolean => frozen_at !== null || offset_ms !== 0;

export const freezeAt = (time: number): ClockSetting => ({ frozen_at: time, offset_ms: 0 });

/** @param realTime milliseconds since 1970, by the clock that the offset is counted from */
export const runFrom = (time: number, realTime: number): ClockSetting => ({
  frozen_at: null,
  offset_ms: time - realTime,
});

/** Moves the clock by `ms`, running or frozen as before. */
export const advanceBy = ({ frozen_at, offset_ms }: ClockSetting, ms: number): ClockSetting =>
  frozen_at === null ? { frozen_at, offset_ms: offset_ms + ms } : freezeAt(frozen_at + ms);

/** A date, or an RFC 3339 time. */
export const TIMESTAMP_SHAPE = /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d))?$/;

/** Milliseconds since 1970 as a timestamp, as pydantic writes it. */
export function toTimestamp(milliseconds: number): string {
  const text = new RealDate(milliseconds).toISOString();
  return text.endsWith('.000Z') ? `${text.slice(0, -5)}Z` : `${text.slice(0, -1)}000Z`;
}

/** As the header `Date` has it. */
export const toHttpDate = (milliseconds: number) => new RealDate(milliseconds).toUTCString();

/** A timestamp as milliseconds since 1970, truncated. */
export function toMilliseconds(timestamp: string): number {
  return RealDate.parse(timestamp);
}

/**
 * Rewrites a date or RFC 3339 time as pydantic writes it: in UTC, with six digits of a fraction unless it is zero.
 * Undefined for any other text, for a day or hour that does not exist, and outside of the years 1 to 9999.
 */
export function normalizeTimestamp(text: string): string | undefined {
  const match = TIMESTAMP_SHAPE.exec(text);
  if (match === null) return undefined;
  const [, day, time = '00:00:00', fraction = '', offset = 'Z'] = match;
  const local = `${day}T${time}`;
  const asWritten = RealDate.parse(`${local}Z`);
  // The parser turns the 30th of February into a day of March, so compare.
  if (Number.isNaN(asWritten) || new RealDate(asWritten).toISOString().slice(0, 19) !== local) return undefined;
  const utc = RealDate.parse(`${local}${offset.toUpperCase()}`);
  // Also false for NaN.
  if (!(utc >= EARLIEST && utc <= LATEST)) return undefined;
  const seconds = new RealDate(utc).toISOString().slice(0, 19);
  const microseconds = fraction.padEnd(6, '0').slice(0, 6);
  return microseconds === '000000' ? `${seconds}Z` : `${seconds}.${microseconds}Z`;
}
