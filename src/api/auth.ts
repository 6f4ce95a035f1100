import bearerAuth from '@fastify/bearer-auth';
import type { FastifyInstance, FastifyRequest, onRequestHookHandler } from 'fastify';
import { isAllowed, type Permission } from '../domain/api-key.ts';
import { forbidden, unauthorized } from '../domain/errors.ts';
import { isApiKey, KEY_FORM, toKeyPrefix } from '../domain/redact.ts';
import type { Caller, RefusedKey, Sandboxes } from '../sandbox/sandboxes.ts';
import { pathOf } from '../wire/served-paths.ts';
import { isKeyless } from './fallback.ts';

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller | null;
    refusedKey: KeyProblem | null;
  }
  interface FastifyContextConfig {
    /** What a route under /v1 demands of the key; `none` for a route that needs no key at all. */
    permission?: Permission | 'none';
  }
}

type KeyProblem = 'malformed' | 'unknown' | RefusedKey['problem'];

const KEYS_HERE = 'keys of this server: see its banner, or --api-key';
const HINTS = {
  missing: `send 'Authorization: Bearer <api key>'; ${KEYS_HERE}`,
  malformed: `a key is ${KEY_FORM}`,
};

/** Who sent the request. Only for routes that demand a permission. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === null) throw new Error('the route was reached without authentication');
  return request.caller;
}

/** Prepares a scope for {@link buildAuthenticate}. */
export async function addBearerAuth(scope: FastifyInstance, sandboxes: Sandboxes): Promise<void> {
  scope.decorateRequest('caller', null);
  scope.decorateRequest('refusedKey', null);
  await scope.register(bearerAuth, {
    addHook: false,
    keys: new Set<string>(),
    specCompliance: 'rfc6749',
    verifyErrorLogLevel: 'debug',
    auth: async (key, request) => {
      if (!isApiKey(key) || !isSentPlainly(key, request)) return note(request, 'malformed');
      return note(request, (await sandboxes.findCaller(key)) ?? 'unknown');
    },
  });
}

/** The library drops every whitespace that JavaScript knows; HTTP has spaces and tabs around a value, and no other. */
function isSentPlainly(key: string, { raw }: FastifyRequest): boolean {
  const credentials = raw.headers.authorization?.slice('Bearer '.length) ?? '';
  return credentials.length === key.length || /^[ \t]*$/.test(credentials.replace(key, ''));
}

/** Keeps who sends the request, or what is wrong with the key. */
function note(request: FastifyRequest, result: Caller | RefusedKey | KeyProblem): boolean {
  if (typeof result === 'string') request.refusedKey = result;
  else if ('problem' in result) request.refusedKey = result.problem;
  else request.caller = result;
  return request.caller !== null;
}

/** Step 3: the key becomes the caller, or a 401. */
export function buildAuthenticate(scope: FastifyInstance): onRequestHookHandler {
  const verify = scope.verifyBearerAuth;
  if (verify === undefined) throw new Error('addBearerAuth comes first');
  return (request, reply, done) => {
    if (request.route.permission === 'none' || (request.is404 && isKeyless(pathOf(request)))) return done();
    verify(request, reply, (error) => {
      if (error === undefined || error === null) return done();
      done(isRefusal(error) ? toRefusal(request) : error);
    });
  };
}

/** Step 4: what the route demands of the key, or a 403. What is answered with 405 or 501 demands nothing. */
export const checkPermission: onRequestHookHandler = (request, _reply, done) => {
  const required = request.route.permission;
  if (required === undefined || required === 'none') return done();
  const granted = callerOf(request).apiKey.permissions;
  done(isAllowed(granted, required) ? undefined : forbidden(required, granted));
};

const isRefusal = (error: Error) => 'code' in error && String(error.code).startsWith('FST_BEARER_AUTH_');

function toRefusal({ refusedKey, headers }: FastifyRequest): Error {
  if (refusedKey === 'malformed') return unauthorized('Malformed API key', HINTS.malformed);
  if (refusedKey !== null) return unauthorized('Invalid API key', toKeyHint(refusedKey, headers.authorization));
  if (!headers.authorization) return unauthorized('Missing Authorization header', HINTS.missing);
  return unauthorized("Authorization must be 'Bearer <api key>'", HINTS.missing);
}

/** Which key it was, as far as people see it, and why: the body must not tell. */
function toKeyHint(problem: KeyProblem, authorization = ''): string {
  const key = authorization.slice('Bearer '.length).trim();
  return `the key ${toKeyPrefix(key)}... is ${problem}; ${KEYS_HERE}`;
}
