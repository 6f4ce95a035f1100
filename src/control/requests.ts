import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { normalizeTimestamp, toMilliseconds } from '../domain/clock.ts';
import { badRequest, notFound } from '../domain/errors.ts';
import { type JournalEntry, toEntryJson } from '../sandbox/journal.ts';
import { sendJson } from '../wire/envelope.ts';
import { NoMembers } from './body.ts';
import { describedAs } from './openapi.ts';
import { requireSandbox } from './require-sandbox.ts';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;
/** Characters from which on a page ends: writing one of hundreds of megabytes would keep every other client waiting. */
const LONG_PAGE = 2 * 1024 * 1024;
const number = (description: string, minimum = 0, maximum = 999_999_999_999_999) =>
  z
    .string()
    .refine((text) => /^\d{1,15}$/.test(text), 'expected a whole number')
    .transform(Number)
    .refine((value) => value >= minimum && value <= maximum, `expected ${minimum} to ${maximum}`)
    .meta({ type: 'integer', minimum, maximum, description });

const Query = z.strictObject({
  method: z.string().optional().describe('In any letter case'),
  path: z.string().optional().describe('The whole path, without the query'),
  status: number('Of the answer').optional(),
  organization_id: z.string().optional(),
  request_id: z.string().optional(),
  since: z
    .string()
    .refine((text) => normalizeTimestamp(text) !== undefined, 'expected a time like 2026-01-01T00:00:00Z')
    .transform((text) => toMilliseconds(normalizeTimestamp(text) ?? ''))
    .meta({ format: 'date-time', description: 'Received then or later' })
    .optional(),
  limit: number('Entries of a page; a page of large entries ends early', 1, MAX_LIMIT).default(DEFAULT_LIMIT),
  cursor: number('The next of the page before').default(0),
});

const HINT = 'the filters stand in /_mock/openapi.json and on the docs page';

const LISTING = { summary: 'The journal, oldest first', answer: 'RequestPage', filters: Query } as const;
const READING = {
  summary: 'One entry of the journal',
  answer: 'RequestEntry',
  refusals: { 404: 'No such sandbox, or no such entry' },
} as const;
const DELETING = { summary: 'Empty the journal', answer: 'Deleted' } as const;

/** `…/requests`: the journal, oldest first; one entry of it; and how to empty it. */
export function addRequestRoutes(scope: FastifyInstance): void {
  scope.get('/requests', describedAs(LISTING), async (request, reply) => {
    const { journal } = (await requireSandbox(request)).sandbox;
    const query = readQuery(request.query);
    const found = journal.list().filter((entry) => entry.seq > query.cursor && isWanted(entry, query));
    const page = toPage(found.slice(0, query.limit));
    const next = found.length > page.length ? (found[page.length - 1]?.seq ?? null) : null;
    // As bytes: a text would be held in several forms for as long as nobody reads it.
    return reply.send(Buffer.from(`{"requests":[${page.join(',')}],"next":${next},"dropped":${journal.dropped}}`));
  });

  scope.get('/requests/:id', describedAs(READING), async (request, reply) => {
    const { id } = request.params as { id: string };
    const { journal } = (await requireSandbox(request)).sandbox;
    const entry = journal.list().findLast(({ request_id, seq }) => request_id === id || String(seq) === id);
    if (entry === undefined) throw notFound('GET /_mock/sandboxes/default/requests lists what the journal has');
    return sendJson(reply, toEntryJson(entry));
  });

  scope.delete('/requests', { ...describedAs(DELETING), schema: { body: NoMembers } }, async (request) => ({
    deleted: (await requireSandbox(request)).sandbox.journal.clear(),
  }));
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

function readQuery(sent: unknown): z.output<typeof Query> {
  const result = Query.safeParse({ ...(sent as object) });
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const known = Object.keys(Query.shape).join(', ');
  if (issue?.code === 'unrecognized_keys') throw badRequest(`A filter is not known; there are ${known}`, HINT);
  throw badRequest(`The filter ${issue?.path.join('.')} is wrong: ${issue?.message}`, HINT);
}

function isWanted(entry: JournalEntry, query: z.output<typeof Query>): boolean {
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
