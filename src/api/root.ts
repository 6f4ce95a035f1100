import type { FastifyInstance } from 'fastify';
import { sendJson } from '../http/envelope.ts';

export interface RootOptions {
  version: string;
  /** Asked once everything is registered. */
  listPaths: () => string[];
}

/** `GET|HEAD /`: a browser is redirected to the docs page, anybody else gets a list of the paths. */
export function addRootRoute(scope: FastifyInstance, { version, listPaths }: RootOptions): void {
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
