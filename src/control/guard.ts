import { timingSafeEqual } from 'node:crypto';
import type { FastifyRequest, onRequestHookHandler } from 'fastify';
import { badRequest, foreignOrigin, unauthorized } from '../domain/errors.ts';
import type { RouteSchema } from '../http/openapi.ts';
import { findSentHeader } from '../http/sent-header.ts';

const LOOPBACK_NAMES = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;

/** Whether a server that is bound to this address can be reached from this machine only. */
export const isLoopback = (host: string) => LOOPBACK_NAMES.test(host.includes(':') ? `[${host}]` : host);

const HINT = 'the control plane is for programs on this machine, without a browser between';

/**
 * Keeps web pages and strangers out of the control plane. Bound to loopback it asks for no token, but a page in a browser of
 * this machine could send requests too: it betrays itself by Sec-Fetch-Site, in a browser without it by its Origin, or by a
 * Host that is another name for this machine (DNS rebinding). Bound to anything else a token is demanded, and any Host will do.
 * @param token undefined when the server is bound to loopback
 */
export function buildGuard(token: string | undefined): onRequestHookHandler {
  return (request, _reply, done) => {
    done(findRefusal(request, token));
  };
}

/** Whether the control plane would listen to who sends it. */
export const isTrusted = (request: FastifyRequest, token: string | undefined): boolean =>
  findStranger(request, token) === undefined;

function findRefusal(request: FastifyRequest, token: string | undefined): Error | undefined {
  const stranger = findStranger(request, token);
  if (stranger !== undefined) return stranger;
  // Nothing comes of what is answered with 404 or 405.
  if (!request.is404 && WITH_BODY.includes(request.method) && !isAllowedType(request)) {
    const hint = 'send the header, with or without a body: a form of a page cannot';
    return badRequest('What changes something needs Content-Type: application/json', hint);
  }
  return undefined;
}

function findStranger(request: FastifyRequest, token: string | undefined): Error | undefined {
  const { host = '', authorization } = request.headers;
  if (token !== undefined && !isToken(authorization, token)) {
    return unauthorized('The control plane needs its token', "send 'Authorization: Bearer <control token>'");
  }
  if (token === undefined && !LOOPBACK_NAMES.test(host)) {
    return foreignOrigin('The control plane is not served under this Host', HINT);
  }
  if (isForeignPage(request)) {
    return foreignOrigin('The control plane is not for pages of another origin', HINT);
  }
  return undefined;
}

/** Whether a page of another origin sends it. */
export function isForeignPage({ headers }: FastifyRequest): boolean {
  const { host = '', origin, 'sec-fetch-site': site } = headers;
  return site === undefined ? !isOwnOrigin(origin, host) : site !== 'same-origin' && site !== 'none';
}

/** Methods that a form of a page could send, or whose body could be read as a form. DELETE passes no preflight. */
const WITH_BODY = ['POST', 'PUT', 'PATCH'];

/** Behind a proxy that speaks TLS the page has another scheme than the server. */
const isOwnOrigin = (origin: string | undefined, host: string) =>
  origin === undefined || [`http://${host}`, `https://${host}`].includes(origin);

/** The header as it was sent: the one that Fastify sees was made harmless. */
const isJson = ({ raw }: FastifyRequest) =>
  /^application\/json\s*(?:;|$)/i.test(findSentHeader(raw, 'content-type') ?? '');

function isAllowedType(request: FastifyRequest): boolean {
  const { hasYaml, takesAnyType }: Partial<RouteSchema> = Object(request.routeOptions.schema);
  return takesAnyType === true || isJson(request) || (hasYaml === true && isYaml(request));
}

const isYaml = ({ raw }: FastifyRequest) => isYamlType(findSentHeader(raw, 'content-type'));

/** `application/yaml`, or one of the names from before it was registered (RFC 9512). */
export const isYamlType = (type = '') => /^(?:application|text)\/(?:x-)?yaml\s*(?:;|$)/i.test(type);

/** As a bearer token, or as the password of Basic: some programs can only put it into a URL. */
function isToken(authorization: string | undefined, token: string): boolean {
  const [left, right] = [Buffer.from(readToken(authorization)), Buffer.from(token)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function readToken(authorization = ''): string {
  const [, scheme = '', sent = ''] = /^(Bearer|Basic) +(\S+)$/i.exec(authorization) ?? [];
  if (scheme.toLowerCase() !== 'basic') return sent;
  const [, password = ''] = /^[^:]*:(.*)$/s.exec(Buffer.from(sent, 'base64').toString()) ?? [];
  return password;
}
