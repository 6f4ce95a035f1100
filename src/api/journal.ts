import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { listChanges, type Organization } from '../domain/organization.ts';
import { limitsOf, type Tiers } from '../domain/rate-limits.ts';
import { now } from '../domain/real-time.ts';
import { DEFAULT_SANDBOX } from '../domain/state.ts';
import { type Journal, type JournalEntry, toKeptAnswer, toKeptBody } from '../sandbox/journal.ts';
import type { Sandboxes } from '../sandbox/sandboxes.ts';
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

/** Step 2: opens the entry of a request, which is closed when the response is: also when the connection was aborted. */
export const buildOpenEntry = (sandboxes: Sandboxes) => async (request: FastifyRequest, reply: FastifyReply) => {
  if (request.route.isJournaled === false) return;
  // What cannot be read is told by whoever needs it.
  const found = await sandboxes.find(DEFAULT_SANDBOX).catch(() => undefined);
  if (found === undefined || found.sandbox.journal.isOff) return;
  const { sandbox, now: received_at } = found;
  const { journal } = sandbox;
  const { id, method, url, raw } = request;
  const entry = journal.open({ request_id: id, received_at, method, url, headers: raw.rawHeaders.join('\n') });
  request.journalEntry = entry;
  const started = now();
  reply.raw.on('close', () => {
    const { socket, writableEnded, errored } = reply.raw;
    // Where several parts were written, Node finishes a response whose connection broke.
    const isBroken = errored !== null || raw.socket.errored instanceof Error;
    const isCut = !writableEnded || isBroken || socket?.destroyed === true;
    const status = isCut ? null : reply.statusCode;
    closeEntry(journal, entry, request, { status, ms: now() - started });
  });
};

function closeEntry(
  journal: Journal,
  entry: JournalEntry,
  { receivedBytes, sentText, caller, raw }: FastifyRequest,
  { status, ms }: { status: number | null; ms: number },
): void {
  entry.status = status;
  // What was made for a client that was gone by then never got out.
  if (status !== null && sentText !== undefined) entry.answer = toKeptAnswer(sentText);
  entry.ms = ms;
  entry.body = receivedBytes && toKeptBody(receivedBytes);
  entry.body_bytes = receivedBytes?.length ?? (hasBody(raw) ? null : 0);
  entry.api_key_id = caller?.apiKey.api_key_id;
  entry.organization_id = caller?.organization.organization_id;
  journal.count(entry);
}

const hasBody = ({ headers }: IncomingMessage) =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';

/** Records what an update changed, for the entry of its request: also when the client was gone by then. */
export function noteChange(request: FastifyRequest, tiers: Tiers, before: Organization, after: Organization): void {
  const { journalEntry } = request;
  if (journalEntry === null) return;
  journalEntry.changes = listChanges(before, after, (organization) => limitsOf(tiers, organization));
  if (journalEntry.ms !== undefined) request.caller?.sandbox.journal.count(journalEntry);
}
