import type { FastifyInstance, FastifyRequest } from 'fastify';
import { methodNotAllowed, notImplemented } from '../domain/errors.ts';
import { refuseUnserved } from '../wire/envelope.ts';

/**
 * Answers whatever else is asked of the scope: 405 for a method that a served path does not have, 501 for a path that
 * the real service may have and this server does not. Comes before the routes, so that it hears of them.
 */
export function addFallback(scope: FastifyInstance): void {
  const served = new Map<string, string[]>();
  scope.addHook('onRoute', ({ method, url }) => {
    if (method === 'OPTIONS') return;
    served.set(url, [...(served.get(url) ?? []), ...[method].flat()]);
  });
  refuseUnserved(scope, (request) => {
    const allowed = served.get(pathOf(request));
    if (allowed !== undefined) return methodNotAllowed(allowed);
    return notImplemented([...served].flatMap(([path, methods]) => toOperations(path, methods)));
  });
}

/** What is served at a path, for people: HEAD says nothing that GET does not. */
const toOperations = (path: string, methods: string[]) =>
  methods.filter((method) => method !== 'HEAD').map((method) => `${method} ${path}`);

/** The path as the router reads it: decoded, without query and trailing slash. */
function pathOf(request: FastifyRequest): string {
  const [path = ''] = request.url.split(/[?#]/, 1);
  return decodeURI(path).replace(/(?<=.)\/$/, '');
}
