import type { FastifyInstance } from 'fastify';
import { sendJson } from '../http/envelope.ts';

/**
 * `GET|HEAD /`: a browser is redirected to the docs page, anybody else gets a list of the paths.
 * @param listPaths asked once everything is registered
 */
export function addRootRoute(scope: FastifyInstance, version: string, listPaths: () => string[]): void {
  scope.route({
    method: ['GET', 'HEAD'],
    url: '/',
    handler: async (request, reply) => {
      if (/\btext\/html\b/i.test(request.headers.accept ?? '')) return reply.redirect('/docs', 302);
      return sendJson(
        reply,
        JSON.stringify({ name: 'mixpeek-mock', version, paths: listPaths().filter((path) => path !== '/') }),
      );
    },
  });
}
