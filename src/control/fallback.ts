import type { FastifyInstance } from 'fastify';
import { methodNotAllowed, notFound } from '../domain/errors.ts';
import { refuseUnserved } from '../http/envelope.ts';
import { ServedPaths } from '../http/served-paths.ts';

const HINT = 'GET /_mock lists what there is';

/**
 * Answers whatever else is asked of the scope: 405 for a method that a path does not have, else 404. Comes before the routes,
 * so that it hears of them.
 */
export function addControlFallback(scope: FastifyInstance): void {
  const served = new ServedPaths();
  served.listenTo(scope);
  refuseUnserved(scope, (request) => {
    const allowed = served.methodsOf(request);
    return allowed === undefined ? notFound(HINT) : methodNotAllowed(allowed);
  });
}
