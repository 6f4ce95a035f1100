import * as z from 'zod';
import { LIMITS_MODES } from '../domain/rate-limiter.ts';
import { RATE_LIMIT_CATEGORIES } from '../domain/rate-limits.ts';

/**
 * What the control plane answers, by name: for its document, since answers are not checked on their way out. Built when the
 * document is asked for, not at every start.
 */
export function buildAnswers() {
  const time = () => z.string().meta({ format: 'date-time' });
  const integer = () => z.number().meta({ type: 'integer' });
  const category = z.enum(RATE_LIMIT_CATEGORIES);

  const Clock = z.object({
    now: time().describe('What clients see: timestamps, key expiry, buckets, the header `Date`'),
    mode: z.enum(['running', 'frozen']),
    offset_ms: integer().describe('Milliseconds from real time'),
  });

  const Bucket = z.object({
    api_key_id: z.string(),
    key_prefix: z.string().describe('The first characters of the key'),
    organization_id: z.string(),
    category,
    limit: integer().describe('Requests per minute, as the organization has it now'),
    remaining: integer().describe('Requests that would pass at once'),
    full_at: time(),
  });

  const Limits = z.object({ mode: z.enum(LIMITS_MODES), buckets: z.array(Bucket) });

  const Spent = Bucket.extend({
    spent: integer().describe('What was taken: count, or 0 where the bucket had less and the mode is not enforce'),
  });

  const json = () => z.unknown().meta({ description: 'Any JSON' });
  const Change = z.object({
    member: z.enum(['organization_name', 'logo_url', 'metadata', 'billing_email', 'rate_limits']),
    before: json(),
    after: json(),
  });

  const RequestEntry = z.object({
    seq: integer().describe('Counts the requests since the start'),
    request_id: z.string(),
    received_at: time().describe('By the clock of the sandbox'),
    method: z.string(),
    path: z.string(),
    query: z.string(),
    headers: z
      .record(z.string(), z.string())
      .describe('Lower-case names; what looks like a key is masked, other credentials as a whole'),
    body: z.string().nullable().describe('The first 64 KiB; null where there was none, or it was not read'),
    body_bytes: integer().nullable().describe('Null where the body was not read'),
    api_key_id: z.string().nullable(),
    organization_id: z.string().nullable(),
    status: integer().nullable().describe('Null while it is open, and where the answer never got out'),
    outcome: z
      .enum(['open', 'answered', 'cut'])
      .describe('cut: the client or the line was gone before the answer was out'),
    answer: z.string().nullable().describe('The first 64 KiB'),
    ms: z.number().nullable().describe('Real milliseconds until the end'),
    bucket: z
      .object({ category, limit: integer(), remaining: integer() })
      .nullable()
      .describe('What was charged, and what was left'),
    changes: z.array(Change).nullable().describe('What a PATCH changed, member by member'),
  });

  const RequestPage = z.object({
    requests: z.array(RequestEntry),
    next: integer().nullable().describe('The cursor of the next page; null on the last one'),
    dropped: integer().describe('Older requests that the journal no longer has'),
  });

  const Deleted = z.object({ deleted: integer() });

  const ResetDone = z.object({ reset: z.array(z.string()).describe('What was reset') });

  const ErrorResponse = z.object({
    success: z.literal(false),
    status: integer(),
    error: z.object({ type: z.string(), message: z.string(), details: z.record(z.string(), z.unknown()) }),
    detail: z
      .array(z.object({ type: z.string(), loc: z.array(z.union([z.string(), integer()])), msg: z.string() }))
      .optional()
      .describe('Of a 422: where, and what would be right'),
  });

  return { Clock, Limits, Spent, RequestEntry, RequestPage, Deleted, ResetDone, ErrorResponse };
}

/** What a route can answer. */
export type AnswerName = Exclude<keyof ReturnType<typeof buildAnswers>, 'ErrorResponse'>;

const BUCKET = {
  api_key_id: 'key_00790b23ef8911f35db0a3b5',
  key_prefix: 'sk_live_ab',
  organization_id: 'org_demo123',
  category: 'search',
  limit: 60,
  remaining: 50,
  full_at: '2026-01-01T00:00:10Z',
};

const ENTRY = {
  seq: 1,
  request_id: 'req_0123456789abcdef01234567',
  received_at: '2026-01-01T00:00:00Z',
  method: 'PATCH',
  path: '/v1/organizations',
  query: '',
  headers: { host: 'localhost:4030', authorization: 'Bearer sk_live_ab…' },
  body: '{"logo_url":null}',
  body_bytes: 17,
  api_key_id: 'key_00790b23ef8911f35db0a3b5',
  organization_id: 'org_demo123',
  status: 200,
  outcome: 'answered',
  answer: '{…}',
  ms: 1.23,
  bucket: { category: 'metadata', limit: 100, remaining: 99 },
  changes: [{ member: 'logo_url', before: 'https://example.com/logo.png', after: null }],
};

export const EXAMPLES: Record<AnswerName, unknown> = {
  Clock: { now: '2026-01-01T00:00:00Z', mode: 'frozen', offset_ms: -86_400_000 },
  Limits: { mode: 'headers', buckets: [BUCKET] },
  Spent: { ...BUCKET, spent: 10 },
  RequestEntry: ENTRY,
  RequestPage: { requests: [ENTRY], next: null, dropped: 0 },
  Deleted: { deleted: 12 },
  ResetDone: { reset: ['organizations', 'api_keys', 'tiers', 'clock', 'limits', 'requests'] },
};
