import type { FastifyInstance } from 'fastify';
import { sendJson } from '../http/envelope.ts';
import { wantsPage } from '../http/wants-page.ts';

/**
 * `GET|HEAD /`: a browser is redirected to a page, anybody else gets a list of the paths.
 * @param listPaths asked once everything is registered
 * @param page its path
 */
export function addRootRoute(scope: FastifyInstance, version: string, listPaths: () => string[], page: string): void {
  scope.route({
    method: ['GET', 'HEAD'],
    url: '/',
    handler: async (request, reply) => {
      if (wantsPage(request)) return reply.redirect(page, 302);
      return sendJson(
        reply,
        JSON.stringify({ name: 'mixpeek-mock', version, paths: listPaths().filter((path) => path !== '/') }),
      );
    },
  });
}
