import type { FastifyRequest } from 'fastify';
import * as z from 'zod';
import { toMilliseconds } from '../domain/clock.ts';
import { type Refusal, RefusalError } from '../domain/errors.ts';
import { sendJson, toErrorAnswer } from '../http/envelope.ts';
import type { AddRoute } from '../http/openapi.ts';
import { awaitVerdict, type Ended } from '../sandbox/await-verdict.ts';
import { toMissesJson } from '../sandbox/near-misses.ts';
import type { Sandboxes } from '../sandbox/sandboxes.ts';
import { type Question, type Verdict, Verification } from '../sandbox/verification.ts';
import { MATCH_SHAPE } from '../seed/fault.ts';
import { count, storable, strictObject, timestamp, wholeNumber } from '../seed/values.ts';
import { seedBody } from './members.ts';
import { ENTRY, RequestEntry, toPage } from './request-entries.ts';
import { done, type FindSandbox, InSandbox, refusal } from './routes.ts';

const MAX_STEPS = 100;
const MAX_WAIT_MS = 60_000;

const Match = strictObject({
  ...MATCH_SHAPE,
  status: wholeNumber(100, 599).optional(),
  request_id: storable.optional(),
  since: timestamp.transform((text) => toMilliseconds(text)).optional(),
});
const TIMES = 'expected a whole number, or {"min": 1, "max": 3}, or one of the two';
const Bounds = strictObject({ min: count.optional(), max: count.optional() }).refine(
  ({ min, max }) => (min !== undefined || max !== undefined) && (min ?? 0) <= (max ?? Number.POSITIVE_INFINITY),
  TIMES,
);
const Times = z.union([count, Bounds], { error: TIMES });

const VerifyRequest = strictObject({
  match: Match.optional(),
  in_order: z.array(Match).min(1, 'is empty').max(MAX_STEPS, `has more than ${MAX_STEPS} items`).optional(),
  times: Times.optional(),
  after: count.optional(),
  within_ms: wholeNumber(0, MAX_WAIT_MS).optional(),
})
  .superRefine(({ match, in_order, times }, context) => {
    const add = (message: string, ...path: string[]) => context.addIssue({ code: 'custom', path, message });
    if ((match === undefined) === (in_order === undefined)) add('expected either match or in_order');
    else if (in_order !== undefined && times !== undefined) add('goes with match only', 'times');
  })
  .meta({ oneOf: [{ required: ['match'] }, { required: ['in_order'], properties: { times: false } }] });

const Verified = z
  .strictObject({
    requests: z.array(RequestEntry),
    complete: z.boolean().describe('False where there are more: the journal has no longer all, or they are too long'),
  })
  .meta({ id: 'Verified' });

/** `…/requests/verify`: whether the requests were, or become, as a test expects. */
export function addVerifyRoute(add: AddRoute, find: FindSandbox, sandboxes: Sandboxes): void {
  add(
    'POST',
    '/requests/verify',
    {
      tags: ['requests'],
      summary: 'Whether there were such requests; it waits for them if asked to',
      params: InSandbox,
      body: seedBody(VerifyRequest),
      toExamples: () => ({
        none: { summary: 'Nothing was deleted', value: { match: { method: 'DELETE' }, times: 0 } },
        few: { summary: 'Ten calls at most', value: { match: { path: '/v1/**' }, times: { max: 10 } } },
      }),
      response: {
        200: done(Verified, { requests: [ENTRY], complete: true }),
        409: refusal('They are not as expected; details.nearest says which come nearest, and what differs'),
        503: refusal('The journal no longer has all that is asked about'),
      },
    },
    async (request, reply) => {
      const { params, body } = request;
      const { sandbox } = await find(params);
      await sandbox.journal.sync();
      const verification = new Verification(sandbox.journal, toQuestion(body));
      const hear = (end: () => void) => hearHangUp(request, end);
      const { verdict, ended } = await awaitVerdict(sandbox, verification, body.within_ms ?? 0, hear);
      if (verdict.kind === 'incomplete' && verdict.why === 'dropped') sandboxes.tally?.addIncomplete();
      if (verdict.kind === 'incomplete') throw new RefusalError(toIncomplete(verdict.why));
      const { status, headers, text } = verdict.kind === 'passed' ? toPassed(verdict) : toFailed(verdict, ended);
      sendJson(reply.code(status).headers(headers), text);
    },
  );
}

function toQuestion({ match, in_order, times = { min: 1 }, after }: z.output<typeof VerifyRequest>): Question {
  const steps = in_order ?? [];
  if (match === undefined)
    return { matches: steps, isInOrder: true, after, min: steps.length, max: undefined, isHasty: false };
  const { min = 0, max } = typeof times === 'number' ? { min: times, max: times } : times;
  const isHasty = typeof times === 'number' && times > 0;
  return { matches: [match], isInOrder: false, after, min, max, isHasty };
}

/** Since the server lets a client end its side first, one that goes away shows as that. */
function hearHangUp({ raw: { socket } }: FastifyRequest, end: () => void): () => void {
  if (socket.destroyed || socket.readableEnded) {
    end();
    return () => {};
  }
  socket.once('end', end).once('close', end);
  return () => socket.off('end', end).off('close', end);
}

const WHY = {
  off: ['The journal is off: it keeps no requests', 'start the server with a --journal-size above 0'],
  dropped: [
    'The journal no longer has all of the requests that are asked about',
    'a larger --journal-size keeps more; after names the seq behind which requests count: take one that is newer',
  ],
  late: [
    'A server that shares the database has not written yet what it has answered',
    'ask again: a server that does not come back is left out after 3 seconds',
  ],
} as const;

function toIncomplete(why: keyof typeof WHY): Refusal {
  const [message, advice] = WHY[why];
  return { code: 'incomplete', message: `${message}: ${advice}`, hint: advice };
}

function toPassed({ found, isComplete }: Extract<Verdict, { kind: 'passed' }>) {
  const page = toPage(found);
  const text = `{"requests":[${page.join(',')}],"complete":${isComplete && page.length === found.length}}`;
  return { status: 200, headers: {}, text };
}

const ENDED: Record<Ended, string> = {
  replaced: 'The wait was ended by a reset, a restore or an import',
  removed: 'The wait was ended by the end of the sandbox',
  stopped: 'The wait was ended by the end of the server',
  'hang-up': 'The wait was ended by its caller',
};

function toFailed({ found, expected, nearest }: Extract<Verdict, { kind: 'failed' }>, ended: Ended | undefined) {
  const problem = `found ${found}, expected ${expected}`;
  const message = ended ? `${ENDED[ended]}: ${problem}` : `The requests are not as expected: ${problem}`;
  const hint = 'error.details.nearest says which come nearest and what differs; within_ms waits for later ones';
  const { status, headers, body } = toErrorAnswer({ code: 'conflict', message, hint, details: {} });
  const members = JSON.stringify({ found, expected }).slice(0, -1);
  // Values of bodies keep their digits as text only.
  const details = `"details":${members},"nearest":${toMissesJson(nearest)}}`;
  return { status, headers, text: body.replace('"details":{}', () => details) };
}
