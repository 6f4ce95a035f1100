import type { Permission } from './api-key.ts';
import { toTimestamp } from './clock.ts';
import { toJsonObject } from './text.ts';

/** Milliseconds: always the same, evenly drawn between two, or mostly short and sometimes long. */
export type Delay = number | { uniform: [number, number] } | { lognormal: { median: number; sigma: number } };

/** What can become of the connection, instead of a whole answer. */
export const CONNECTION_FAULTS = [
  'reset',
  'close',
  'hang',
  'headers_then_silence',
  'half_body',
  'malformed_json',
] as const;
export type ConnectionFault = (typeof CONNECTION_FAULTS)[number] | { drip_bytes_per_second: number };

/** What a request must be, all of it. A member that is undefined demands nothing. */
export interface Match {
  /** In any letter case. */
  method?: string | undefined;
  /** The whole path: `*` stands for anything within a segment, `**` across segments. */
  path?: string | undefined;
  api_key_id?: string | undefined;
  /** What the route demands. */
  permission?: Permission | undefined;
  organization_id?: string | undefined;
  /** JSON text of which the body must have everything. */
  body?: string | undefined;
}

/** How a request that matches is to fail. A setting of a sandbox: it changes only by being replaced. */
export interface FaultRule {
  id: string;
  name?: string | undefined;
  match?: Match | undefined;
  /** The request is carried out, and what follows happens to its answer. */
  after_handler?: boolean | undefined;
  delay_ms?: Delay | undefined;
  /** `sandbox`: the delay is over when the clock of the sandbox has come that far. */
  delay_clock?: 'real' | 'sandbox' | undefined;
  status?: number | undefined;
  headers?: Record<string, string> | undefined;
  /** JSON text; that of a string is sent as the text that it is. */
  body?: string | undefined;
  connection?: ConnectionFault | undefined;
  /** It fires so many times at most. */
  times?: number | undefined;
  /** It lets the first so many requests that match pass. */
  after?: number | undefined;
  /** Of those behind them it takes each so-manieth. */
  every?: number | undefined;
  /** 0 to 1, drawn for each of those. */
  probability?: number | undefined;
  /** What it draws follows from this number. */
  random_seed?: number | undefined;
  /** It is over at this time of the sandbox, in milliseconds since 1970. */
  expires_at?: number | undefined;
  enabled?: boolean | undefined;
}

/**
 * Draws how long a delay is, in milliseconds.
 * @param draw gives a number from 0 up to 1
 */
export function drawDelay(delay: Delay, draw: () => number): number {
  if (typeof delay === 'number') return delay;
  if ('uniform' in delay) {
    const [least, most] = delay.uniform;
    return least + draw() * (most - least);
  }
  const { median, sigma } = delay.lognormal;
  // Box and Muller: two even draws make a normal one. 0 has no logarithm.
  const normal = Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
  return Math.min(median * Math.exp(sigma * normal), MAX_DELAY_MS);
}

/** The longest delay, in milliseconds: an hour. */
export const MAX_DELAY_MS = 60 * 60 * 1000;

/** The rule as a seed has it, in JSON: bodies are the text that they were given as. */
export function toFaultJson({ id, name, match, body, expires_at, ...rest }: FaultRule): string {
  return toJsonObject([
    ['id', toJson(id)],
    ['name', toJson(name)],
    ['match', match && toMatchJson(match)],
    ...Object.entries(rest).map(([member, value]): [string, string | undefined] => [member, toJson(value)]),
    ['body', body],
    ['expires_at', expires_at === undefined ? undefined : toJson(toTimestamp(expires_at))],
  ]);
}

const toMatchJson = ({ body, ...rest }: Match) =>
  toJsonObject([
    ...Object.entries(rest).map(([member, value]): [string, string | undefined] => [member, toJson(value)]),
    ['body', body],
  ]);

const toJson = (value: unknown): string | undefined => JSON.stringify(value);
