import Fastify, { type FastifyInstance, type FastifyServerOptions, LogController } from 'fastify';
import { BODY_LIMIT } from './envelope.ts';
import { beginExchange } from './exchange.ts';
import type { Metrics } from './metrics.ts';
import { buildToRequestId } from './request-id.ts';

/**
 * A Fastify app with what every app of this server has.
 * @param metrics of the server, which count its requests
 */
export function buildBareApp(options: FastifyServerOptions, metrics?: Metrics): FastifyInstance {
  const app: FastifyInstance = Fastify({
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT,
    exposeHeadRoutes: false,
    genReqId: buildToRequestId(),
    // Node bounds the whole header already.
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: Number.MAX_SAFE_INTEGER },
    schemaController: WITHOUT_AJV,
    ...options,
  });
  app.decorateRequest('exchange');
  app.addHook('onRequest', (request, reply, done) => {
    // Fastify makes this object anew at each reading.
    const { config, url } = request.routeOptions;
    beginExchange(request, reply, config);
    metrics?.begin(request, reply, url);
    done();
  });
  // A logger for each request costs more than naming the request in its one line.
  return app.setChildLoggerFactory((parent) => parent);
}

/** Zod checks what is sent, and answers are written as text: Fastify need not load the compilers that it brings. */
const WITHOUT_AJV: NonNullable<FastifyServerOptions['schemaController']> = {
  compilersFactory: {
    buildValidator: () => () => {
      throw new Error('a scope whose routes check something sets its compiler');
    },
    buildSerializer: () => () => JSON.stringify,
  },
};
