import { timingSafeEqual } from 'node:crypto';
import type { FastifyRequest, onRequestHookHandler } from 'fastify';
import { badRequest, notFromHere, unauthorized } from '../domain/errors.ts';

const LOOPBACK_NAMES = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;

/** Whether a server that is bound to this address can be reached from this machine only. */
export const isLoopback = (host: string) => LOOPBACK_NAMES.test(host.includes(':') ? `[${host}]` : host);

const HINT = 'the control plane is for programs on this machine, without a browser between';

/**
 * Keeps web pages and strangers out of the control plane. Bound to loopback it asks for no token, but a page in a browser of
 * this machine could send requests too: it betrays itself by its Origin, by Sec-Fetch-Site, or by a Host that is another
 * name for this machine (DNS rebinding). Bound to anything else a bearer token is demanded, and any Host will do.
 * @param token undefined when the server is bound to loopback
 */
export function buildGuard(token: string | undefined): onRequestHookHandler {
  return (request, _reply, done) => {
    done(findRefusal(request, token));
  };
}

function findRefusal(request: FastifyRequest, token: string | undefined): Error | undefined {
  const { host = '', origin, authorization, 'sec-fetch-site': site } = request.headers;
  if (token !== undefined && !isToken(authorization, token)) {
    return unauthorized('The control plane needs its token', "send 'Authorization: Bearer <control token>'");
  }
  if (token === undefined && !LOOPBACK_NAMES.test(host)) {
    return notFromHere('The control plane is not served under this Host', HINT);
  }
  if (origin !== undefined && origin !== `http://${host}`) {
    return notFromHere('The control plane is not for pages of another origin', HINT);
  }
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    return notFromHere('The control plane is not for pages of another origin', HINT);
  }
  if (request.method !== 'GET' && !isJson(request)) {
    return badRequest('What changes something needs Content-Type: application/json');
  }
  return undefined;
}

/** The header as it was sent: the one that Fastify sees was made harmless. */
function isJson({ raw }: FastifyRequest): boolean {
  const at = raw.rawHeaders.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'content-type');
  return at !== -1 && /^application\/json\s*(?:;|$)/i.test(raw.rawHeaders[at + 1] ?? '');
}

function isToken(authorization: string | undefined, token: string): boolean {
  const [, sent = ''] = /^Bearer +(\S+)$/i.exec(authorization ?? '') ?? [];
  const [left, right] = [Buffer.from(sent), Buffer.from(token)];
  return left.length === right.length && timingSafeEqual(left, right);
}
