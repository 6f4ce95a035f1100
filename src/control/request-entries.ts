import * as z from 'zod';
import { notFound } from '../domain/errors.ts';
import { UPDATABLE_MEMBERS } from '../domain/organization.ts';
import { describeModel, integer } from '../http/openapi.ts';
import { toRateLimitHeaders } from '../http/rate-limit-headers.ts';
import { type EntryModel, type JournalEntry, toEntryJson, toMembers, writeEntry } from '../sandbox/journal-entry.ts';
import { type Summary, toFullAt } from '../sandbox/summary.ts';
import { category, type FindSandbox, InSandbox, time } from './routes.ts';

/** Characters from which on a page ends: writing one of hundreds of megabytes would keep every other client waiting. */
const LONG_PAGE = 2 * 1024 * 1024;
/** A value of a body. */
const json = () => z.unknown().meta({ description: 'Any JSON' });
export const RequestEntry = describeModel<EntryModel>()({
  seq: integer()
    .nullable()
    .describe('Counts the requests of the sandbox, through resets and restarts; null while it is open'),
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
  outcome: z.enum(['open', 'answered', 'cut']).describe('cut: the connection was aborted before the answer was out'),
  answer: z.string().nullable().describe('The first 64 KiB'),
  ms: z.number().nullable().describe('Real milliseconds until the end'),
  bucket: z
    .strictObject({ category, limit: integer(), remaining: integer() })
    .nullable()
    .describe('What was charged, and what was left'),
  hint: z.string().nullable().describe('X-Mixpeek-Mock-Hint of the answer'),
  changes: z
    .array(
      z.strictObject({
        member: z.enum(UPDATABLE_MEMBERS),
        before: json(),
        after: json(),
      }),
    )
    .nullable()
    .describe('What a PATCH changed, member by member'),
  fault: z.looseObject({ id: z.string() }).nullable().describe('The fault rule that fired'),
})
  .strict()
  .meta({ id: 'RequestEntry' });

export const ENTRY: z.output<typeof RequestEntry> = {
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
  hint: null,
  changes: [{ member: 'logo_url', before: 'https://example.com/logo.png', after: null }],
  fault: null,
};

/** One entry, with what a list leaves out. */
export const RequestDetail = describeModel<DetailModel>()({
  ...RequestEntry.shape,
  bucket: RequestEntry.shape.bucket
    .unwrap()
    .extend({ full_at: time().nullable().describe('Null where it was full') })
    .nullable()
    .describe('What was charged, what was left, and when it was full again'),
  response_headers: z
    .record(z.string(), z.string())
    .nullable()
    .describe('X-RateLimit-… and Retry-After of the answer, with lower-case names; null where there were none'),
})
  .strict()
  .meta({ id: 'RequestDetail' });
/** What `GET …/requests/ID` answers. */
export type DetailModel = EntryModel & ReturnType<typeof toDetail>;

export const DETAIL: z.output<typeof RequestDetail> = {
  ...ENTRY,
  bucket: { category: 'metadata', limit: 100, remaining: 99, full_at: '2026-01-01T00:00:00.600000Z' },
  response_headers: {
    'x-ratelimit-limit': '100',
    'x-ratelimit-remaining': '99',
    'x-ratelimit-reset': '1767225601',
    'x-ratelimit-window': '60',
  },
};

/** One entry as JSON text. */
export const toDetailJson = (entry: JournalEntry): string =>
  writeEntry(entry, { ...toMembers(entry), ...toDetail(entry) });

function toDetail(entry: JournalEntry) {
  const { category, limit, remaining } = entry;
  const bucket = category === undefined ? null : { category, limit, remaining, full_at: toFullAt(entry) };
  return { bucket, response_headers: toResponseHeaders(entry) };
}

/** What the answer said of limits: nobody keeps it, since it follows from what is kept. */
function toResponseHeaders(entry: JournalEntry): Record<string, string> | null {
  const { status, category, retry_after, fault } = entry;
  if (status === null) return null;
  const headers: Record<string, string> = {
    ...(category !== undefined && toRateLimitHeaders(entry)),
    ...(retry_after > 0 && { 'retry-after': String(retry_after) }),
  };
  // A fault rule may say something else.
  for (const [name, value] of Object.entries(fault?.headers ?? {})) {
    if (OF_LIMITS.test(name)) headers[name.toLowerCase()] = value;
  }
  return Object.keys(headers).length > 0 ? headers : null;
}
const OF_LIMITS = /^(?:x-ratelimit-.+|retry-after)$/i;

/** The first of the entries as JSON texts, as many as make a page. */
export function toPage(entries: JournalEntry[], write = toEntryJson): string[] {
  const page: string[] = [];
  let length = 0;
  for (const entry of entries) {
    if (length > LONG_PAGE) break;
    const text = write(entry);
    page.push(text);
    length += text.length;
  }
  return page;
}

const nullableText = () => z.string().nullable();
export const RequestSummary = describeModel<Summary>()({
  seq: integer().nullable(),
  request_id: z.string(),
  received_at: time(),
  method: z.string(),
  path: z.string(),
  status: integer().nullable(),
  outcome: RequestEntry.shape.outcome,
  ms: z.number().nullable(),
  api_key_id: nullableText(),
  key_prefix: nullableText().describe('The first characters of the key'),
  organization_id: nullableText(),
  bucket: z
    .strictObject({
      category: z.string(),
      limit: integer(),
      remaining: integer(),
      full_at: time().nullable().describe('Null where it was full'),
    })
    .nullable(),
  changed: z.array(z.enum(UPDATABLE_MEMBERS)).describe('Members that it changed'),
  fault: nullableText().describe('The id of the fault rule that fired'),
  error: nullableText().describe('What the answer says is wrong'),
})
  .strict()
  .meta({ id: 'RequestSummary' });

export const InEntry = InSandbox.extend({ id: z.string().describe('The request id, or seq') });

/** @throws the refusal `not_found` */
export async function findEntry(find: FindSandbox, params: z.output<typeof InEntry>): Promise<JournalEntry> {
  const { journal } = (await find(params)).sandbox;
  await journal.sync();
  const entry = journal.list().findLast(({ request_id, seq }) => [request_id, String(seq)].includes(params.id));
  if (entry !== undefined) return entry;
  throw notFound(`GET /_mock/sandboxes/${params.sandbox_id}/requests lists what the journal has`);
}
