import { STATUS_CODES } from 'node:http';
import type { FastifyReply, FastifyRequest, preValidationHookHandler } from 'fastify';
import { codeOf, type Refusal, unavailable } from '../domain/errors.ts';
import { drawDelay, type FaultRule } from '../domain/fault.ts';
import type { FaultAnswer } from '../faults/kind.ts';
import { findKind } from '../faults/kinds.ts';
import { readJsonTree } from '../pydantic/json-tree.ts';
import type { MatchSubject } from '../sandbox/match.ts';
import type { LiveSandbox } from '../sandbox/sandboxes.ts';
import { INTERNAL_ERROR, toErrorAnswer } from './envelope.ts';
import { HINT, toHeaderText } from './hint.ts';

/** The rule that a request names for itself, if it may; it throws a refusal for one that is wrong. */
export type ReadFaultHeader = (request: FastifyRequest) => Promise<FaultRule | undefined>;

/** Names the rule that fired, so that nobody takes what it did for a bug of this server. */
const FAULT = 'x-mixpeek-mock';
export const FAULT_HEADER = 'x-mixpeek-mock-fault';
/** The id of a rule that a request names for itself. */
export const ASKED_FOR = 'header';

const IGNORED = `${FAULT_HEADER} was ignored: it needs --fault-header on, and no page of another origin may send it`;

const GONE = 'the sandbox was deleted, or the server stops, while a fault delayed the request';

/** Step 7: the first fault rule that fires for the request has its way. */
export const buildFaultStep =
  (readHeader: ReadFaultHeader): preValidationHookHandler =>
  (request, reply, done) => {
    const { live } = request.exchange;
    const isAsking = request.headers[FAULT_HEADER] !== undefined;
    if (live === undefined || (live.settings.faults.length === 0 && !isAsking)) return done();
    findRule(request, reply, live, isAsking ? readHeader : undefined)
      .then((rule) => (rule === undefined ? true : apply(rule, live, request, reply)))
      .then((goesOn) => goesOn && done(), done);
  };

async function findRule(
  request: FastifyRequest,
  reply: FastifyReply,
  { sandbox, settings, now }: LiveSandbox,
  readHeader: ReadFaultHeader | undefined,
): Promise<FaultRule | undefined> {
  const named = await readHeader?.(request);
  if (readHeader !== undefined && named === undefined) reply.header(HINT, IGNORED);
  return named ?? sandbox.faults.fire(settings.faults, toSubject(request), now);
}

function toSubject({ exchange }: FastifyRequest): MatchSubject {
  const { method, url, api_key_id, organization_id, permission, bytes } = exchange;
  const readBody = () => bytes && readJsonTree(bytes.toString('utf8'));
  return { method, url, api_key_id, organization_id, permission, readBody };
}

/** @returns whether the request is carried out */
async function apply(
  rule: FaultRule,
  live: LiveSandbox,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<boolean> {
  const { exchange } = request;
  const kind = findKind(rule.connection);
  const isWaiting = rule.delay_ms !== undefined || kind?.waits === true;
  if (isWaiting && live.sandbox.waits.isFull) throw unavailable('1,000 requests wait already, the most that may');
  exchange.fault = rule;
  reply.header(FAULT, toMark(rule));
  if (rule.after_handler !== true && (await delay(rule, live, reply))) throw unavailable(GONE);
  if (rule.after_handler === true || (kind?.needsAnswer === true && rule.status === undefined)) {
    exchange.onAnswer = (text) => {
      reply.hijack();
      const answered = async () => {
        const isGone = rule.after_handler === true && (await delay(rule, live, reply));
        answer(isGone ? { id: rule.id, status: 503 } : rule, live, request, reply, text);
      };
      answered().catch((error) => giveUp(error, request, reply));
    };
    return true;
  }
  if (kind === undefined && rule.status === undefined) {
    reply.header(HINT, toHint(rule, live));
    return true;
  }
  reply.hijack();
  answer(rule, live, request, reply);
  return false;
}

/**
 * A client that gives up ends its delay. Its request goes on, as in a service that does not notice.
 * @returns whether the sandbox was removed, or the server stops
 */
async function delay(
  rule: FaultRule,
  { sandbox, settings, now }: LiveSandbox,
  { raw }: FastifyReply,
): Promise<boolean> {
  const { delay_ms, delay_clock } = rule;
  if (delay_ms === undefined) return false;
  const ms = drawDelay(delay_ms, sandbox.faults.drawFor(rule));
  const { waits } = sandbox;
  const wait = delay_clock === 'sandbox' ? waits.delayUntil(now + ms, settings.clock) : waits.delay(ms);
  const { socket } = raw;
  const leave = () => wait.end();
  socket?.once('end', leave).once('close', leave);
  const reason = await wait.done;
  socket?.off('end', leave).off('close', leave);
  return reason === 'removed' || reason === 'stopped';
}

/** @param made the answer of the handler, if that was asked */
function answer(rule: FaultRule, live: LiveSandbox, request: FastifyRequest, reply: FastifyReply, made?: string): void {
  const { exchange } = request;
  const { raw } = reply;
  const injected = rule.status === undefined ? undefined : toInjected(rule, rule.status, request);
  const text = injected?.body ?? made ?? '';
  exchange.decide(text);
  if (raw.destroyed) return;
  const headers = { ...reply.getHeaders(), ...injected?.headers, [FAULT]: toMark(rule), [HINT]: toHint(rule, live) };
  for (const [name, value = ''] of Object.entries(headers)) raw.setHeader(name, value);
  raw.once('close', () => raw.writableFinished || logCut(rule, request));
  const kind = findKind(rule.connection);
  const whole: FaultAnswer = { status: injected?.status ?? reply.statusCode, payload: toPayload(text, request) };
  if (kind === undefined) {
    // RFC 9110, 8.6: a 204 has none.
    if (whole.status !== 204) raw.setHeader('content-length', Buffer.byteLength(text));
    raw.writeHead(whole.status).end(whole.payload);
  } else {
    kind.run(raw, whole, (end) => live.sandbox.waits.hold(end));
  }
}

const toMark = ({ id }: FaultRule) => `fault; id=${id}`;

const toPayload = (text: string, { method }: FastifyRequest) => Buffer.from(method === 'HEAD' ? '' : text);

/** What never got its whole answer has no line otherwise. */
function logCut(
  { id }: FaultRule,
  { id: request_id, method, url, exchange: { organization_id }, log }: FastifyRequest,
): void {
  const [path] = url.split('?', 1);
  log.info({ request_id, method, path, organization_id, hint: `cut by the fault ${id}` }, 'request');
}

function giveUp(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  request.log.error({ err: error, request_id: request.id }, `a fault could not be applied: ${codeOf(error)}`);
  reply.raw.destroy();
}

const toHint = ({ id, name }: FaultRule, { sandbox }: LiveSandbox) => {
  if (id === ASKED_FOR) return `a fault that the request asked for in ${FAULT_HEADER} did this, not the service`;
  const named = name === undefined ? id : `${id} (${name})`;
  const where = `/_mock/sandboxes/${sandbox.sandbox_id}/faults`;
  return toHeaderText(
    `the fault rule ${named} did this, not the service: GET ${where} lists the rules, DELETE removes them`,
  );
};

interface Injected {
  status: number;
  body: string;
  headers: Record<string, string>;
}

/** The answer that a rule names; what it leaves out is as the API answers the status. */
function toInjected(rule: FaultRule, status: number, request: FastifyRequest): Injected {
  const known = toKnown(status, request);
  const { body = known.body } = rule;
  const isText = rule.body?.startsWith('"') === true;
  const type = isText ? 'text/plain; charset=utf-8' : 'application/json';
  const sent = isText ? JSON.parse(body) : body;
  const headers: Record<string, string> = { ...known.headers, ...(sent !== '' && { 'content-type': type }) };
  for (const [name, value] of Object.entries(rule.headers ?? {})) headers[name.toLowerCase()] = value;
  return { status, body: sent, headers };
}

const EMPTY: Injected = { status: 0, body: '', headers: {} };

/** As the API refuses with the status. One that it never answers has the same form. */
function toKnown(status: number, { exchange }: FastifyRequest): Injected {
  if (status < 400) return { ...EMPTY, status };
  const refusal = toRefusal(status, exchange);
  if (refusal !== undefined) return toErrorAnswer(refusal);
  if (status === 500) return INTERNAL_ERROR;
  const message = STATUS_CODES[status] ?? 'Error';
  const type = `${message.replace(/[^A-Za-z]/g, '')}Error`.replace(/ErrorError$/, 'Error');
  const body = JSON.stringify({ success: false, status, error: { type, message, details: {} } });
  return { status, body, headers: { 'content-type': 'application/json' } };
}

function toRefusal(status: number, exchange: FastifyRequest['exchange']): Refusal | undefined {
  const { category = 'metadata', limit, caller, route } = exchange;
  const { permission = 'read', api_name = 'organizations.get' } = route;
  const hint = '';
  switch (status) {
    case 400:
      return { code: 'bad_request', message: 'Bad Request', hint };
    case 401:
      return { code: 'unauthorized', message: 'Invalid API key', hint };
    case 403:
      return {
        code: 'forbidden',
        required: permission === 'none' ? 'read' : permission,
        granted: caller?.apiKey.permissions ?? [],
      };
    case 404:
      return { code: 'not_found', hint };
    case 422:
      return { code: 'invalid_body', errors: [] };
    case 429:
      return { code: 'rate_limited', hint, limit, window: '1m', retry_after: 1, category, api_name };
    case 503:
      return { code: 'unavailable', hint };
  }
  return undefined;
}
