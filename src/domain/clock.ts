import { RealDate } from './real-time.ts';

/** Where every time comes from that a client can see. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
}

export const systemClock: Clock = { now: () => RealDate.now() };

/** How a clock was set: it stands at a time, or runs that far from real time. Milliseconds. */
export interface ClockSetting {
  frozen_at: number | null;
  offset_ms: number;
}

export const REAL_TIME: ClockSetting = { frozen_at: null, offset_ms: 0 };

/** Times that Python and a timestamp of four-digit years can tell, in milliseconds since 1970. */
export const EARLIEST = RealDate.parse('0001-01-01T00:00:00Z');
export const LATEST = RealDate.UTC(9999, 11, 31, 23, 59, 59, 999);

/** A clock that can be stopped and moved, so that nobody has to wait. */
export class SettableClock implements Clock {
  private current: ClockSetting;
  private lastTime = Number.NaN;
  private lastTimestamp = '';

  constructor(setting: ClockSetting) {
    this.current = setting;
  }

  get setting(): ClockSetting {
    return this.current;
  }

  /** Whether it tells another time than the real one. */
  get isMoved(): boolean {
    return this.current.frozen_at !== null || this.current.offset_ms !== 0;
  }

  now(): number {
    return this.current.frozen_at ?? Math.min(LATEST, RealDate.now() + this.current.offset_ms);
  }

  /** The time as a timestamp of the wire: within a millisecond it is written once. */
  timestamp(): string {
    const time = this.now();
    if (time !== this.lastTime) {
      this.lastTime = time;
      this.lastTimestamp = toTimestamp(time);
    }
    return this.lastTimestamp;
  }

  set(setting: ClockSetting): void {
    this.current = setting;
  }

  /** The setting that stands at a time. */
  frozenAt(time: number): ClockSetting {
    return { frozen_at: time, offset_ms: time - RealDate.now() };
  }

  /** The setting that runs from a time on. */
  runningFrom(time: number): ClockSetting {
    return { frozen_at: null, offset_ms: time - RealDate.now() };
  }

  /** The setting that is `ms` further, running or standing as before; back when it is negative. */
  advancedBy(ms: number): ClockSetting {
    const { frozen_at, offset_ms } = this.current;
    return frozen_at === null ? { frozen_at, offset_ms: offset_ms + ms } : this.frozenAt(frozen_at + ms);
  }
}

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
