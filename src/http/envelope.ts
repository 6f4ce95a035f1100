import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { badRequest, notFound, type Refusal, RefusalError } from '../domain/errors.ts';
import { redactKeys } from '../domain/redact.ts';
import './exchange.ts';
import type { Caller } from '../sandbox/sandboxes.ts';
import { HINT, toHeaderText } from './hint.ts';
import { toVersionHint } from './ignored-members.ts';
import { toValidationHint } from './validation-hint.ts';

/** Bytes of a request body that are read; one more is answered with 413. */
export const BODY_LIMIT = 1024 * 1024;

/** An answer that is not what the client asked for. */
export interface ErrorAnswer {
  status: number;
  /** JSON text. */
  body: string;
  headers: Record<string, string>;
}

/** The answer to a refusal: the one table from what went wrong to status, type and message. */
export function toErrorAnswer(refusal: Refusal): ErrorAnswer {
  switch (refusal.code) {
    case 'bad_request':
      return answer(400, 'BadRequestError', refusal.message, refusal.hint);
    case 'unauthorized':
      return answer(401, 'UnauthorizedError', refusal.message, refusal.hint, {}, { 'www-authenticate': 'Bearer' });
    case 'forbidden': {
      const { required, granted } = refusal;
      const hint = `use a key that has the permission ${required}: see this server's banner, or --api-key`;
      return answer(403, 'ForbiddenError', 'Insufficient permissions', hint, { required, granted });
    }
    case 'foreign_origin':
      return answer(403, 'ForbiddenError', refusal.message, refusal.hint);
    case 'not_found':
      return answer(404, 'NotFoundError', refusal.message ?? 'Not Found', refusal.hint, refusal.details);
    case 'conflict':
      return answer(409, 'ConflictError', refusal.message, refusal.hint, refusal.details);
    case 'precondition_failed': {
      const hint = 'the file is not the one that If-Match or If-Unmodified-Since asks for';
      return answer(412, 'PreconditionFailedError', 'Precondition Failed', hint);
    }
    case 'range_not_satisfiable':
      return answer(416, 'RangeNotSatisfiableError', 'Range Not Satisfiable', 'the file has no such Range');
    case 'method_not_allowed': {
      const allow = refusal.allowed.join(', ');
      return answer(405, 'MethodNotAllowedError', 'Method Not Allowed', `this path takes ${allow}`, {}, { allow });
    }
    case 'body_too_large': {
      const { limit_bytes } = refusal;
      const hint = `a body may have ${limit_bytes} bytes`;
      return answer(413, 'PayloadTooLargeError', 'Request body is too large', hint, { limit_bytes });
    }
    case 'invalid_body': {
      const { errors } = refusal;
      const validation_errors = errors.map(({ loc, msg, type, ctx }) => ({ type, location: loc, message: msg, ctx }));
      const hint = toValidationHint(errors);
      // The error guide documents details.validation_errors, the OpenAPI document and the SDK's models detail.
      const more = { detail: errors };
      const whole = answer(422, 'ValidationError', 'Validation error', hint, { validation_errors }, {}, more);
      return { ...whole, body: redactKeys(whole.body) };
    }
    case 'rate_limited': {
      const { code: _, hint, ...details } = refusal;
      const headers = { 'retry-after': String(details.retry_after) };
      return answer(429, 'TooManyRequestsError', 'Rate limit exceeded', hint, details, headers);
    }
    case 'not_implemented': {
      const { served } = refusal;
      const headers = { 'x-mixpeek-mock': 'not-implemented' };
      const hint = `this mock serves ${served.join(', ')}`;
      return answer(501, 'NotImplementedError', 'Not implemented by this mock', hint, { served }, headers);
    }
    case 'incomplete':
      return answer(503, 'ServiceUnavailableError', refusal.message, refusal.hint);
    case 'unavailable':
      return answer(503, 'ServiceUnavailableError', 'Service unavailable', refusal.hint, {}, { 'retry-after': '1' });
  }
}

/** The bare answer to what nobody foresaw: no stack, nothing internal. */
export const INTERNAL_ERROR = answer(
  500,
  'InternalServerError',
  'Internal server error',
  'a fault of this mock: its log has more, under this X-Request-Id',
);

function answer(
  status: number,
  type: string,
  message: string,
  hint: string,
  details: Record<string, unknown> = {},
  headers: Record<string, string> = {},
  more: Record<string, unknown> = {},
): ErrorAnswer {
  const body = JSON.stringify({ success: false, status, error: { type, message, details }, ...more });
  return { status, body, headers: { ...headers, [HINT]: toHeaderText(hint) } };
}

/** Message and hint of a request whose end never came. */
export const ABORTED = [
  'The request was aborted',
  'the connection was closed before the request was wholly received',
] as const;

/** Fastify's own refusals, by their code. Any other error of a library is an internal one, whatever status it names. */
const FASTIFY_REFUSALS: Record<string, (request: FastifyRequest) => RefusalError> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ({ routeOptions }) =>
    new RefusalError({ code: 'body_too_large', limit_bytes: routeOptions.bodyLimit ?? BODY_LIMIT }),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () =>
    badRequest('The body is not as long as Content-Length says', 'Content-Length counts bytes'),
  FST_ERR_BAD_URL: () => badRequest('The URL cannot be decoded', 'percent-encode the URL as UTF-8; a plain % is %25'),
  FST_ERR_NOT_FOUND: () => notFound('nothing is served at this path'),
  ECONNRESET: () => badRequest(...ABORTED),
};

/** With these Fastify refuses a body before it asks whether anything is served at the path. */
const BODY_REFUSALS = ['FST_ERR_CTP_BODY_TOO_LARGE', 'FST_ERR_ROUTE_MISSING_CONTENT_TYPE'];

/** Answers with a refusal where the scope serves nothing, whatever body was sent there. */
export function refuseUnserved(scope: FastifyInstance, toRefusal: (request: FastifyRequest) => RefusalError): void {
  scope.setNotFoundHandler((request) => {
    throw toRefusal(request);
  });
  scope.setErrorHandler((error: FastifyError, request, reply) =>
    handleError(request.is404 && BODY_REFUSALS.includes(error.code) ? toRefusal(request) : error, request, reply),
  );
}

/** Turns what was thrown anywhere into the answer. What is not known here is logged whole and answered as a bare 500. */
export function handleError(error: FastifyError | RefusalError, request: FastifyRequest, reply: FastifyReply): void {
  const known = error instanceof RefusalError ? error : FASTIFY_REFUSALS[error.code]?.(request);
  if (known === undefined) request.log.error({ err: error, request_id: request.id }, 'unexpected error');
  const { status, body, headers } = known === undefined ? INTERNAL_ERROR : toErrorAnswer(known.refusal);
  // Fastify closes the connection where a body was not read. The listener reads the rest away, and goes on. Without the header
  // Node would not say what it does.
  if (reply.hasHeader('connection')) reply.header('connection', reply.raw.shouldKeepAlive ? 'keep-alive' : 'close');
  reply.code(status).headers(headers).header('x-request-id', request.id);
  const hint = known && toVersionHintOf(known.refusal, request.exchange.caller);
  sendJson(hint === undefined ? reply : reply.header(HINT, hint), body);
}

/** A member of another version of the API is refused like any other, but with a hint of its own. */
function toVersionHintOf(refusal: Refusal, caller: Caller | undefined): string | undefined {
  if (refusal.code !== 'invalid_body' || caller === undefined) return undefined;
  const names = refusal.errors.filter(({ type, loc }) => type === 'extra_forbidden' && loc.length === 2);
  return toVersionHint(
    names.map(({ loc }) => String(loc[1])),
    caller.settings.api_version,
  );
}

/**
 * Sends JSON text as `application/json` without a charset, as FastAPI does.
 * @param payload the same as bytes, where they are there already
 */
export function sendJson(reply: FastifyReply, text: string, payload: string | Buffer = text): void {
  const { exchange } = reply.request;
  exchange.decide(text, reply.statusCode);
  reply.header('content-type', 'application/json');
  const { onAnswer } = exchange;
  if (onAnswer === undefined) {
    // With a serializer set, Fastify leaves text and Content-Type as they are.
    reply.serializer(asText).send(payload);
  } else {
    exchange.onAnswer = undefined;
    onAnswer(text);
  }
}
const asText = (text: string) => text;
