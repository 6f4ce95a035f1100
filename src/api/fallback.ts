import type { FastifyInstance } from 'fastify';
import { methodNotAllowed, notFound, RefusalError } from '../domain/errors.ts';
import { refuseUnserved } from '../http/envelope.ts';
import { pathOf, type ServedPaths } from '../http/served-paths.ts';
import type { Tally } from '../sandbox/tally.ts';

/**
 * Answers whatever else is asked under `/v1`: 405 for a method that a served path does not have, 501 for a path that the
 * real service may have and this server does not. No path of it has `/v1` twice.
 */
export function addFallback(scope: FastifyInstance, served: ServedPaths, tally: Tally | undefined): void {
  refuseUnserved(scope, (request) => {
    const allowed = served.methodsOf(request);
    if (allowed !== undefined) return methodNotAllowed(allowed);
    const path = pathOf(request);
    if (!/^\/v1\/v1(?:\/|$)/.test(path)) {
      tally?.addUnserved(request.method, path);
      return new RefusalError({ code: 'not_implemented', served: served.listOperations() });
    }
    return notFound(`/v1 is there twice, once in the base URL of the client: ${toSuggestion(path, served)}`);
  });
}

/** Answers whatever else is asked outside `/v1` and the control plane: 405 on a page of ours, else 404. */
export function addOuterFallback(scope: FastifyInstance, pages: ServedPaths, api: ServedPaths): void {
  refuseUnserved(scope, (request) => {
    const allowed = pages.methodsOf(request);
    return allowed === undefined ? notFound(toSuggestion(pathOf(request), api)) : methodNotAllowed(allowed);
  });
}

/** The served path that ends as the one that was asked for. */
function toSuggestion(path: string, api: ServedPaths): string {
  const meant = api.listPaths().find((served) => path.endsWith(served.slice('/v1'.length)));
  return meant === undefined
    ? 'the paths of the API begin with /v1; GET / lists what there is'
    : `did you mean ${meant}?`;
}

/**
 * What is published without a key: a gap there must not look like a refusal. `/v1/health` is served, but not with every method.
 */
export const isKeyless = (path: string) =>
  /^\/v1\/(?:(?:public|private)\/|(?:health|discovery|marketplace\/catalog)(?:\/|$))/.test(path);
