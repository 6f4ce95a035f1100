import * as z from 'zod';
import { sendJson } from '../http/envelope.ts';
import { type AddRoute, integer } from '../http/openapi.ts';
import { toControlView } from '../sandbox/control-log.ts';
import { type JournalEntry, toEntryJson } from '../sandbox/journal-entry.ts';
import type { Sandboxes } from '../sandbox/sandboxes.ts';
import { type Summary, toSummary } from '../sandbox/summary.ts';
import { addCurlRoute } from './curl.ts';
import {
  DETAIL,
  ENTRY,
  findEntry,
  InEntry,
  RequestDetail,
  RequestEntry,
  RequestSummary,
  toDetailJson,
  toPage,
} from './request-entries.ts';
import { buildIsWanted, Filters } from './request-filters.ts';
import { done, type FindSandbox, InSandbox, NoMembers, next, refusal } from './routes.ts';
import { addVerifyRoute } from './verify.ts';

const RequestPage = z
  .strictObject({
    requests: z.union([z.array(RequestEntry), z.array(RequestSummary)]).describe('Summaries with view=summary'),
    next: next.describe('The cursor of the next page, or its before where the newest come first; null on the last one'),
    dropped: integer().describe('Older requests that the journal no longer has'),
    complete: z
      .literal(false)
      .optional()
      .describe('Only where a server that shares the database has not written in time what it has answered'),
    controls: z
      .array(z.strictObject({ after: integer(), text: z.string(), by: z.string() }))
      .optional()
      .describe(
        'With view=summary: the last 200 calls that changed the sandbox from outside, and the seq behind which each came',
      ),
  })
  .meta({ id: 'RequestPage' });
/** What `GET …/requests?view=summary` answers. */
export type SummaryPage = Omit<z.output<typeof RequestPage>, 'requests'> & { requests: Summary[] };

const Deleted = z.strictObject({ deleted: integer() }).meta({ id: 'Deleted' });

/** `…/requests`: the journal; one entry of it, also as a curl line; what can be asked of it; and how to empty it. */
export function addRequestRoutes(add: AddRoute, find: FindSandbox, sandboxes: Sandboxes): void {
  const tags = ['requests'];

  add(
    'GET',
    '/requests',
    {
      tags,
      summary: 'The journal',
      params: InSandbox,
      querystring: Filters,
      response: { 200: done(RequestPage, { requests: [ENTRY], next: null, dropped: 0 }) },
    },
    async ({ params, query }, reply) => {
      const { journal, actions } = (await find(params)).sandbox;
      await journal.sync();
      const isWanted = buildIsWanted(query);
      const { found, next } = readPage(journal.list().filter(isWanted), query);
      const controls =
        query.view === 'summary' ? `,"controls":${JSON.stringify(actions.listAfter(0).map(toControlView))}` : '';
      // As bytes: a text would be held in several forms for as long as nobody reads it.
      reply.send(
        Buffer.from(
          `{"requests":[${found.join(',')}],"next":${next},"dropped":${journal.dropped}${controls}${journal.isComplete ? '' : ',"complete":false'}}`,
        ),
      );
    },
  );

  add(
    'GET',
    '/requests/:id',
    {
      tags,
      summary: 'One entry of the journal',
      params: InEntry,
      response: { 200: done(RequestDetail, DETAIL), 404: refusal('No such sandbox, or no such entry') },
    },
    async ({ params }, reply) => {
      sendJson(reply, toDetailJson(await findEntry(find, params)));
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
    async ({ params }) => ({ deleted: await (await find(params)).sandbox.journal.empty() }),
  );
  addCurlRoute(add, find);
  addVerifyRoute(add, find, sandboxes);
}

interface Page {
  /** JSON texts. */
  found: string[];
  next: number | null;
}

/** @param entries by their `seq`, those that have none yet behind them */
function readPage(entries: JournalEntry[], { view, order, cursor, before, limit }: Filters): Page {
  const write = view === 'summary' ? (entry: JournalEntry) => JSON.stringify(toSummary(entry)) : toEntryJson;
  const isNewestFirst = order === 'newest';
  const numbered = entries.filter(({ seq }) => seq > cursor && seq < (before ?? Number.POSITIVE_INFINITY));
  // What has no number yet is newer than everything else.
  const open = before === undefined ? entries.filter(({ seq }) => seq === 0) : [];
  if (isNewestFirst) {
    const newest = toPage(open.reverse().slice(0, limit), write);
    const rest = numbered.reverse();
    const page = toPage(rest.slice(0, limit - newest.length), write);
    // A page of nothing but open ones goes on with the newest number.
    const last = page.length === 0 ? (rest[0]?.seq ?? 0) + 1 : (rest[page.length - 1]?.seq ?? null);
    return { found: [...newest, ...page], next: rest.length > page.length ? last : null };
  }
  const page = toPage(numbered.slice(0, limit), write);
  const next = numbered.length > page.length ? (numbered[page.length - 1]?.seq ?? null) : null;
  if (next === null) page.push(...toPage(open.slice(0, limit - page.length), write));
  return { found: page, next };
}
