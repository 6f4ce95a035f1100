/** Where every time comes from that a client can see. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

const RFC_3339 = /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d))?$/;

/** Milliseconds since 1970 as a timestamp of the wire. */
export function toTimestamp(milliseconds: number): string {
  const text = new Date(milliseconds).toISOString();
  return text.endsWith('.000Z') ? `${text.slice(0, -5)}Z` : `${text.slice(0, -1)}000Z`;
}

/** A timestamp of the wire as milliseconds since 1970; what is finer is cut off. */
export function toMilliseconds(timestamp: string): number {
  return Date.parse(timestamp);
}

/**
 * The date or RFC 3339 time as pydantic writes it: in UTC, no fraction when it is zero, else six digits.
 * Undefined when it is neither, or no such day or hour exists.
 */
export function normalizeTimestamp(text: string): string | undefined {
  const match = RFC_3339.exec(text);
  if (match === null) return undefined;
  const [, day, time = '00:00:00', fraction = '', offset = 'Z'] = match;
  const local = `${day}T${time}`;
  const asWritten = Date.parse(`${local}Z`);
  // An ISO parser may roll the 30th of February over to March: what comes back must be what went in.
  if (Number.isNaN(asWritten) || new Date(asWritten).toISOString().slice(0, 19) !== local) return undefined;
  const utc = Date.parse(`${local}${offset.toUpperCase()}`);
  if (Number.isNaN(utc)) return undefined;
  const seconds = new Date(utc).toISOString().slice(0, 19);
  if (!/^\d{4}-/.test(seconds)) return undefined;
  const microseconds = fraction.padEnd(6, '0').slice(0, 6);
  return microseconds === '000000' ? `${seconds}Z` : `${seconds}.${microseconds}Z`;
}
