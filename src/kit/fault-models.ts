import type { Permission, RateLimits } from './models.ts';

/** How long a fault rule delays, in milliseconds: always the same, evenly drawn between two, or mostly short and sometimes long. */
export type FaultDelay = number | { uniform: [number, number] } | { lognormal: { median: number; sigma: number } };

/** What becomes of a connection instead of a whole answer; `drip_bytes_per_second` sends the body so slowly. */
export type ConnectionFault =
  | 'reset'
  | 'close'
  | 'hang'
  | 'headers_then_silence'
  | 'half_body'
  | 'malformed_json'
  | { drip_bytes_per_second: number };

/** Which requests a fault rule is for: those that are all of it. */
export interface FaultMatch {
  /** In any letter case. */
  method?: string;
  /** The whole path: `*` stands for anything within a segment, `**` across segments. */
  path?: string;
  api_key_id?: string;
  /** What the route demands. */
  permission?: Permission;
  organization_id?: string;
  /** What the JSON of the body must have: objects as subsets, lists whole, numbers by exact value. */
  body?: Record<string, unknown>;
}

/** How requests fail: `preset`, or at least one of `delay_ms`, `status` and `connection`. */
export interface FaultRule {
  /** `flt_`, then letters, digits or `_`. Default: generated. */
  id?: string;
  /** A well-known rule, of which the other members replace members. */
  preset?: 'flaky' | 'slow' | 'lost-answer' | 'maintenance' | 'auth-outage';
  /** For people. */
  name?: string;
  /** Default: every request that passed key, permission and limits. */
  match?: FaultMatch;
  /** The request is carried out, and what follows happens to its answer. Default false. */
  after_handler?: boolean;
  /** At most an hour. */
  delay_ms?: FaultDelay;
  /** `sandbox`: the delay is over when the clock of the sandbox has come that far. Default `real`. */
  delay_clock?: 'real' | 'sandbox';
  /** Of an answer in the place of the real one, 200 to 599. */
  status?: number;
  /** Of that answer, besides those that the status has. */
  headers?: Record<string, string>;
  /** Of that answer; text is sent as it is. Default: what the API answers with the status. */
  body?: object | string;
  connection?: ConnectionFault;
  /** It fires so many times at most. */
  times?: number;
  /** It lets the first so many requests that match pass. Default 0. */
  after?: number;
  /** Of those behind them it takes each so-manieth. Default 1. */
  every?: number;
  /** 0 to 1, drawn for each of those. Default 1. */
  probability?: number;
  /** Number from which follows what is drawn. Default: real chance, or the `randomSeed` of the server. */
  random_seed?: number;
  /** It is over after so many milliseconds of the clock of the sandbox. */
  ttl_ms?: number;
  /** It is over at this time of the sandbox, RFC 3339. */
  expires_at?: string;
  /** Default true. */
  enabled?: boolean;
}

/** A fault rule of a sandbox, with the members of its preset. */
export interface AddedFaultRule extends Omit<FaultRule, 'preset' | 'ttl_ms'> {
  id: string;
  /** Requests that it was asked about and that match. */
  matched: number;
  /** Of these, how often it did something. */
  fired: number;
}

/** Which requests are meant: those that are all of it. */
export interface RequestMatch extends FaultMatch {
  /** Of the answer. */
  status?: number;
  request_id?: string;
  /** Received then or later, RFC 3339. */
  since?: string;
}

/** A request as the journal has it. Keys in it are masked. */
export interface RecordedRequest {
  /** Counts the requests of the sandbox. */
  seq: number;
  request_id: string;
  /** By the clock of the sandbox. */
  received_at: string;
  method: string;
  path: string;
  query: string;
  /** Lower-case names. */
  headers: Record<string, string>;
  /** The first 64 KiB; null where there was none. */
  body: string | null;
  body_bytes: number | null;
  api_key_id: string | null;
  organization_id: string | null;
  /** Null while it is open, and where no whole answer got out. */
  status: number | null;
  outcome: 'open' | 'answered' | 'cut';
  answer: string | null;
  /** Real milliseconds until its end; null while it is open. */
  ms: number | null;
  bucket: { category: keyof RateLimits; limit: number; remaining: number } | null;
  /** What to do next, as the answer said it. */
  hint: string | null;
  changes: { member: string; before: unknown; after: unknown }[] | null;
  /** The fault rule that fired. */
  fault: Omit<FaultRule, 'preset' | 'ttl_ms'> | null;
}
