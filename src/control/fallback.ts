import type { FastifyInstance } from 'fastify';
import { methodNotAllowed, notFound } from '../domain/errors.ts';
import { refuseUnserved } from '../wire/envelope.ts';

const HINT = 'GET /_mock lists what there is';

/**
 * Answers whatever else is asked of the scope: 405 for a method that a path does not have, else 404. Comes before the routes,
 * so that it hears of them.
 */
export function addControlFallback(scope: FastifyInstance): void {
  const served = new Map<string, { pattern: RegExp; methods: string[] }>();
  scope.addHook('onRoute', ({ method, url }) => {
    const path = url.replace(/\/$/, '');
    const pattern = new RegExp(`^${path.replace(/:\w+/g, '[^/]+')}/?$`);
    served.set(path, { pattern, methods: [...(served.get(path)?.methods ?? []), ...[method].flat()] });
  });
  refuseUnserved(scope, ({ url }) => {
    const [path = ''] = url.split(/[?#]/, 1);
    const found = [...served.values()].find(({ pattern }) => pattern.test(decodeURI(path)));
    return found === undefined ? notFound(HINT) : methodNotAllowed([...new Set(found.methods)]);
  });
}
