import type { FastifyRequest, onRequestHookHandler } from 'fastify';
import type { Organization } from '../domain/organization.ts';
import { cutBytes, type Journal, type JournalEntry } from '../sandbox/journal.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import '../wire/body-parser.ts';

declare module 'fastify' {
  interface FastifyRequest {
    journalEntry: JournalEntry | null;
  }
  interface FastifyContextConfig {
    /** False keeps a route out of the journal. */
    isJournaled?: boolean;
  }
}

/** Step 2: opens the entry of a request, which is closed when the response is: also when the line was cut. */
export function buildOpenEntry(sandbox: Sandbox): onRequestHookHandler {
  const { journal } = sandbox;
  return (request, reply, done) => {
    if (!journal.isOff && request.routeOptions.config.isJournaled !== false) {
      const { id, method, url, raw } = request;
      const received_at = sandbox.clock.now();
      const entry = journal.open({ request_id: id, received_at, method, url, headers: raw.rawHeaders.join('\n') });
      request.journalEntry = entry;
      const started = performance.now();
      reply.raw.on('close', () => {
        const { socket, writableEnded } = reply.raw;
        const isCut = !writableEnded || socket?.destroyed === true;
        const status = isCut ? null : reply.statusCode;
        closeEntry(journal, entry, request, { status, ms: performance.now() - started });
      });
    }
    done();
  };
}

function closeEntry(
  journal: Journal,
  entry: JournalEntry,
  { receivedBytes, sentText, caller }: FastifyRequest,
  { status, ms }: { status: number | null; ms: number },
): void {
  entry.outcome = status === null ? 'cut' : 'answered';
  entry.status = status;
  // What was made for a client that was gone by then never got out.
  if (status !== null && sentText !== undefined) entry.answer = cutText(sentText);
  entry.ms = ms;
  entry.body = receivedBytes && cutBytes(receivedBytes);
  entry.body_bytes = receivedBytes?.length ?? 0;
  entry.api_key_id = caller?.apiKey.api_key_id;
  entry.organization_id = caller?.organization.organization_id;
  journal.close(entry);
}

/** What an update changed, for the entry of its request. */
export function noteChange(request: FastifyRequest, sandbox: Sandbox, before: Organization, after: Organization): void {
  if (request.journalEntry === null) return;
  const [limitsBefore, limitsAfter] = [sandbox.limitsOf(before), sandbox.limitsOf(after)];
  request.journalEntry.change = { before, after, limitsBefore, limitsAfter };
}

const MAX_ANSWER_LENGTH = 64 * 1024;

/** A part of a text keeps the whole of it in memory, unless it is written anew. */
const cutText = (text: string) =>
  text.length <= MAX_ANSWER_LENGTH ? text : Buffer.from(text.slice(0, MAX_ANSWER_LENGTH)).toString();
