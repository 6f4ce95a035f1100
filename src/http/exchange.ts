import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import { isMoved, toHttpDate } from '../domain/clock.ts';
import { drawId } from '../domain/random.ts';
import { DEFAULT_SANDBOX } from '../domain/state.ts';
import { Exchange, type RouteConfig } from '../sandbox/exchange.ts';
import type { LiveSandbox, Sandboxes } from '../sandbox/sandboxes.ts';
import { HINT } from './hint.ts';
import { findSentHeader } from './sent-header.ts';

declare module 'fastify' {
  interface FastifyRequest {
    exchange: Exchange;
  }
  interface FastifyContextConfig extends RouteConfig {}
}

/** Step 1: the exchange begins. */
export function beginExchange(request: FastifyRequest, reply: FastifyReply, route: RouteConfig): void {
  request.exchange = new Exchange(request.id, request.method, request.url, route);
  reply.header('x-request-id', request.id);
}

/**
 * Gives a request its sandbox, where none is known yet, and the answer the time of that.
 * @param toSandboxId the sandbox that the request names; if it names none, or an unknown one, it gets `default`
 */
export function buildFindSandbox(sandboxes: Sandboxes, toSandboxId?: (request: FastifyRequest) => string | undefined) {
  const find = async (request: FastifyRequest): Promise<LiveSandbox | undefined> => {
    const named = toSandboxId?.(request);
    const found = named === undefined ? undefined : await sandboxes.find(named);
    return found ?? sandboxes.find(DEFAULT_SANDBOX);
  };
  return (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void => {
    const { exchange } = request;
    const go = (live: LiveSandbox | undefined) => {
      exchange.live = live;
      if (sandboxes.isSeeded && live !== undefined) nameAgain(request, reply, live);
      if (live !== undefined && isMoved(live.settings.clock)) reply.header('date', toHttpDate(live.now));
      done();
    };
    // Whoever needs a sandbox that cannot be read throws the error.
    if (exchange.live === undefined) find(request).then(go, () => go(undefined));
    else go(exchange.live);
  };
}

/** Where ids follow from a number, that of a request follows from those before it in its sandbox. */
function nameAgain(request: FastifyRequest, reply: FastifyReply, { sandbox }: LiveSandbox): void {
  const { exchange } = request;
  if (findSentHeader(request.raw, 'x-request-id') === request.id) return;
  exchange.request_id = drawId(sandbox.random, 'req');
  request.id = exchange.request_id;
  reply.header('x-request-id', request.id);
}

/** Whether a response that is closed did not get out as a whole. */
export function isAborted(request: IncomingMessage, response: ServerResponse): boolean {
  const { socket, writableEnded, errored } = response;
  // Where several parts were written, Node finishes a response whose connection broke.
  const isBroken = errored !== null || request.socket.errored instanceof Error;
  return !writableEnded || isBroken || socket?.destroyed === true;
}

/** Opens the entry of a request in the journal of its sandbox; it is closed when the response is, also when that is aborted. */
export const buildOpenEntry =
  (sandboxes: Sandboxes) =>
  (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void => {
    const { exchange, raw } = request;
    const { live, route } = exchange;
    if (live !== undefined && route.isJournaled !== false) live.sandbox.interaction.isOver = true;
    if (live !== undefined && !live.sandbox.journal.isOff && route.isJournaled !== false) {
      exchange.open(live, raw.rawHeaders);
      reply.raw.on('close', () => {
        const { 'transfer-encoding': encoding, 'content-length': length = '0' } = raw.headers;
        const hasBody = encoding !== undefined || length !== '0';
        exchange.hint = String(reply.getHeader(HINT) ?? '') || undefined;
        if (reply.statusCode >= 400) exchange.retry_after = Number(reply.getHeader('retry-after') ?? 0) || 0;
        const status = isAborted(raw, reply.raw) ? null : reply.statusCode;
        exchange.end(status, hasBody, sandboxes.findJournal(live.sandbox.sandbox_id));
      });
    }
    done();
  };
