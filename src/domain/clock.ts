import { RealDate } from './real-time.ts';

/** How a clock is set: frozen at a time, or that far from real time. Milliseconds. */
export interface ClockSetting {
  frozen_at: number | null;
  offset_ms: number;
}

export const REAL_TIME: ClockSetting = { frozen_at: null, offset_ms: 0 };

/** Times that Python and a timestamp of four-digit years can express, in milliseconds since 1970. */
export const EARLIEST = RealDate.parse('0001-01-01T00:00:00Z');
export const LATEST = RealDate.UTC(9999, 11, 31, 23, 59, 59, 999);

/**
 * What a clock shows, in milliseconds since 1970.
 * @param realTime when it is really that late, in the same unit
 */
export const timeOf = ({ frozen_at, offset_ms }: ClockSetting, realTime: number = RealDate.now()): number =>
  frozen_at ?? Math.min(LATEST, realTime + offset_ms);

/** Whether the clock shows another time than the real one. */
export const isMoved = ({ frozen_at, offset_ms }: ClockSetting): boolean => frozen_at !== null || offset_ms !== 0;

/** A clock that is frozen at a time. */
export const freezeAt = (time: number): ClockSetting => ({ frozen_at: time, offset_ms: time - RealDate.now() });

/** A clock that runs from a time on. */
export const runFrom = (time: number): ClockSetting => ({ frozen_at: null, offset_ms: time - RealDate.now() });

/** The clock `ms` later, running or frozen as before; earlier when it is negative. */
export const advanceBy = ({ frozen_at, offset_ms }: ClockSetting, ms: number): ClockSetting =>
  frozen_at === null ? { frozen_at, offset_ms: offset_ms + ms } : freezeAt(frozen_at + ms);

const RFC_3339 = /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d))?$/;

/** Milliseconds since 1970 as a timestamp of the wire. */
export function toTimestamp(milliseconds: number): string {
  const text = new RealDate(milliseconds).toISOString();
  return text.endsWith('.000Z') ? `${text.slice(0, -5)}Z` : `${text.slice(0, -1)}000Z`;
}

/** As the header `Date` has it. */
export const toHttpDate = (milliseconds: number) => new RealDate(milliseconds).toUTCString();

/** A timestamp of the wire as milliseconds since 1970; what is finer is cut off. */
export function toMilliseconds(timestamp: string): number {
  return RealDate.parse(timestamp);
}

/**
 * The date or RFC 3339 time as pydantic writes it: in UTC, no fraction when it is zero, else six digits.
 * Undefined when it is neither, or no such day or hour exists, or not in the years 1 to 9999.
 */
export function normalizeTimestamp(text: string): string | undefined {
  const match = RFC_3339.exec(text);
  if (match === null) return undefined;
  const [, day, time = '00:00:00', fraction = '', offset = 'Z'] = match;
  const local = `${day}T${time}`;
  const asWritten = RealDate.parse(`${local}Z`);
  // An ISO parser may roll the 30th of February over to March: what comes back must be what went in.
  if (Number.isNaN(asWritten) || new RealDate(asWritten).toISOString().slice(0, 19) !== local) return undefined;
  const utc = RealDate.parse(`${local}${offset.toUpperCase()}`);
  // NaN is in no range either.
  if (!(utc >= EARLIEST && utc <= LATEST)) return undefined;
  const seconds = new RealDate(utc).toISOString().slice(0, 19);
  const microseconds = fraction.padEnd(6, '0').slice(0, 6);
  return microseconds === '000000' ? `${seconds}Z` : `${seconds}.${microseconds}Z`;
}
