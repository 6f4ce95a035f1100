import type { FastifyInstance, onResponseHookHandler } from 'fastify';
import { HINT } from './hint.ts';

/** Levels at which requests are logged; at any other the hook would only cost time. */
const REQUEST_LOG_LEVELS = ['info', 'debug', 'trace'];

/** Logs the requests that the scope answers. */
export function logRequests(scope: FastifyInstance): void {
  if (REQUEST_LOG_LEVELS.includes(scope.log.level)) scope.addHook('onResponse', logRequest);
}

/**
 * One line a request, with its hint: people look there, not at headers. A probe that is answered well is not worth one, but
 * for whoever debugs.
 */
export const logRequest: onResponseHookHandler = (request, reply, done) => {
  const { exchange } = request;
  const [path] = request.url.split('?', 1);
  const isRoutine = exchange.route.isProbe === true && reply.statusCode < 400;
  request.log[isRoutine ? 'debug' : 'info'](
    {
      request_id: request.id,
      method: request.method,
      path,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 100) / 100,
      organization_id: exchange.organization_id,
      hint: reply.getHeader(HINT),
    },
    'request',
  );
  done();
};
