import bearerAuth from '@fastify/bearer-auth';
import type { FastifyInstance, FastifyRequest, onRequestHookHandler } from 'fastify';
import { isAllowed } from '../domain/api-key.ts';
import { RefusalError, unauthorized } from '../domain/errors.ts';
import { isApiKey, KEY_FORM, toKeyPrefix } from '../domain/redact.ts';
import type { Exchange } from '../sandbox/exchange.ts';
import type { Caller, Sandboxes } from '../sandbox/sandboxes.ts';
import '../http/exchange.ts';
import { pathOf } from '../http/served-paths.ts';
import { isKeyless } from './fallback.ts';

const KEYS_HERE = 'keys of this server: see its banner, or --api-key';
const HINTS = {
  missing: `send 'Authorization: Bearer <api key>'; ${KEYS_HERE}`,
  malformed: `a key is ${KEY_FORM}`,
};

/** Who sent the request. Only for routes that demand a permission. */
export function requireCaller({ caller }: Exchange): Caller {
  if (caller === undefined) throw new Error('the route was reached without authentication');
  return caller;
}

/**
 * Looks up whose key was sent, since the sandbox of a request depends on it. What is wrong with the key is said later, by
 * {@link authenticate}: CORS comes first.
 */
export async function addIdentification(scope: FastifyInstance, sandboxes: Sandboxes): Promise<void> {
  await scope.register(bearerAuth, {
    addHook: false,
    keys: new Set<string>(),
    specCompliance: 'rfc6749',
    verifyErrorLogLevel: 'debug',
    auth: async (key, request) => {
      const { exchange } = request;
      if (!isApiKey(key) || !isSentPlainly(key, request)) {
        exchange.refusal = unauthorized('Malformed API key', HINTS.malformed);
        return false;
      }
      const found = await sandboxes.findCaller(key);
      exchange.live = found;
      if (found !== undefined && 'apiKey' in found) exchange.caller = found;
      else exchange.refusal = unauthorized('Invalid API key', toKeyHint(key, found?.problem ?? 'unknown'));
      return exchange.caller !== undefined;
    },
  });
  const verify = scope.verifyBearerAuth;
  if (verify === undefined) throw new Error('the plugin gives the scope its function');
  scope.addHook('onRequest', (request, reply, done) => {
    const { exchange } = request;
    if (exchange.route.permission === 'none' || (request.is404 && isKeyless(pathOf(request)))) return done();
    verify(request, reply, (error) => {
      if (error) exchange.refusal ??= isRefusal(error) ? toRefusal(request) : error;
      done();
    });
  });
}

/** The library drops every whitespace that JavaScript knows; HTTP has spaces and tabs around a value, and no other. */
function isSentPlainly(key: string, { raw }: FastifyRequest): boolean {
  const credentials = raw.headers.authorization?.slice('Bearer '.length) ?? '';
  return credentials.length === key.length || /^[ \t]*$/.test(credentials.replace(key, ''));
}

/** Step 3: a request with a key that can be used goes on, any other is a 401. */
export const authenticate: onRequestHookHandler = ({ exchange }, _reply, done) => {
  const { caller, refusal } = exchange;
  exchange.api_key_id = caller?.apiKey.api_key_id;
  exchange.key_prefix = caller?.apiKey.key_prefix;
  exchange.organization_id = caller?.organization.organization_id;
  done(refusal);
};

/** Step 4: what the route demands of the key, or a 403. What is answered with 405 or 501 demands nothing. */
export const checkPermission: onRequestHookHandler = ({ exchange }, _reply, done) => {
  const required = exchange.route.permission;
  if (required === undefined || required === 'none') return done();
  const granted = requireCaller(exchange).apiKey.permissions;
  done(isAllowed(granted, required) ? undefined : new RefusalError({ code: 'forbidden', required, granted }));
};

const isRefusal = (error: Error) => 'code' in error && String(error.code).startsWith('FST_BEARER_AUTH_');

const toRefusal = ({ headers }: FastifyRequest) =>
  unauthorized(
    headers.authorization ? "Authorization must be 'Bearer <api key>'" : 'Missing Authorization header',
    HINTS.missing,
  );

/** The masked key and the reason: the body must not say it. */
const toKeyHint = (key: string, problem: string) => `the key ${toKeyPrefix(key)}... is ${problem}; ${KEYS_HERE}`;
