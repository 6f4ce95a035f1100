import * as z from 'zod';
import { notFound } from '../domain/errors.ts';
import { UPDATABLE_MEMBERS } from '../domain/organization.ts';
import { sendJson } from '../http/envelope.ts';
import { type AddRoute, describeModel, integer } from '../http/openapi.ts';
import { type EntryModel, type JournalEntry, toEntryJson } from '../sandbox/journal-entry.ts';
import {
  category,
  done,
  type FindSandbox,
  InSandbox,
  NoMembers,
  next,
  number,
  Paging,
  refusal,
  sentTime,
  time,
} from './routes.ts';

/** Characters from which on a page ends: writing one of hundreds of megabytes would keep every other client waiting. */
const LONG_PAGE = 2 * 1024 * 1024;
const Filters = z.strictObject({
  method: z.string().optional().describe('In any letter case'),
  path: z.string().optional().describe('The whole path, without the query'),
  status: number('Of the answer').optional(),
  organization_id: z.string().optional(),
  request_id: z.string().optional(),
  since: sentTime().describe('Received then or later').optional(),
  ...Paging.shape,
});

const json = () => z.unknown().meta({ description: 'Any JSON' });
const RequestEntry = describeModel<EntryModel>()({
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

const RequestPage = z
  .strictObject({
    requests: z.array(RequestEntry),
    next,
    dropped: integer().describe('Older requests that the journal no longer has'),
  })
  .meta({ id: 'RequestPage' });

const Deleted = z.strictObject({ deleted: integer() }).meta({ id: 'Deleted' });

const ENTRY: z.output<typeof RequestEntry> = {
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
  fault: null,
};

/** `…/requests`: the journal, oldest first; one entry of it; and how to empty it. */
export function addRequestRoutes(add: AddRoute, find: FindSandbox): void {
  const tags = ['requests'];

  add(
    'GET',
    '/requests',
    {
      tags,
      summary: 'The journal, oldest first',
      params: InSandbox,
      querystring: Filters,
      response: { 200: done(RequestPage, { requests: [ENTRY], next: null, dropped: 0 }) },
    },
    async ({ params, query }, reply) => {
      const { journal } = (await find(params)).sandbox;
      const found = journal.list().filter((entry) => isWanted(entry, query));
      const numbered = found.filter(({ seq }) => seq > query.cursor);
      const page = toPage(numbered.slice(0, query.limit));
      const more = numbered.length > page.length ? (numbered[page.length - 1]?.seq ?? null) : null;
      // What has no number yet is behind everything else.
      if (more === null) page.push(...toPage(found.filter(({ seq }) => seq === 0).slice(0, query.limit - page.length)));
      // As bytes: a text would be held in several forms for as long as nobody reads it.
      reply.send(Buffer.from(`{"requests":[${page.join(',')}],"next":${more},"dropped":${journal.dropped}}`));
    },
  );

  add(
    'GET',
    '/requests/:id',
    {
      tags,
      summary: 'One entry of the journal',
      params: InSandbox.extend({ id: z.string().describe('The request id, or seq') }),
      response: { 200: done(RequestEntry, ENTRY), 404: refusal('No such sandbox, or no such entry') },
    },
    async ({ params }, reply) => {
      const { journal } = (await find(params)).sandbox;
      const entry = journal.list().findLast(({ request_id, seq }) => [request_id, String(seq)].includes(params.id));
      if (entry === undefined)
        throw notFound(`GET /_mock/sandboxes/${params.sandbox_id}/requests lists what the journal has`);
      sendJson(reply, toEntryJson(entry));
    },
  );

  add(
    'DELETE',
    '/requests',
    {
      tags,
      summary: 'Empty the journal',
      params: InSandbox,
      body: NoMembers,
      response: { 200: done(Deleted, { deleted: 12 }) },
    },
    async ({ params }) => ({ deleted: (await find(params)).sandbox.journal.clear() }),
  );
}

/** The first of the entries as JSON texts, as many as make a page. */
function toPage(entries: JournalEntry[]): string[] {
  const page: string[] = [];
  let length = 0;
  for (const entry of entries) {
    if (length > LONG_PAGE) break;
    const text = toEntryJson(entry);
    page.push(text);
    length += text.length;
  }
  return page;
}

function isWanted(entry: JournalEntry, query: z.output<typeof Filters>): boolean {
  const { method, path, status, organization_id, request_id, since } = query;
  return (
    (method === undefined || entry.method === method.toUpperCase()) &&
    (path === undefined || entry.url.split('?', 1)[0] === path) &&
    (status === undefined || entry.status === status) &&
    (organization_id === undefined || entry.organization_id === organization_id) &&
    (request_id === undefined || entry.request_id === request_id) &&
    (since === undefined || entry.received_at >= since)
  );
}
