import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyServerOptions,
  LogController,
  type onResponseHookHandler,
} from 'fastify';
import { addBearerAuth, buildAuthenticate, checkPermission } from './api/auth.ts';
import { addCors, setCorsHeaders } from './api/cors.ts';
import { addDocumentRoutes } from './api/documents.ts';
import { addFallback, addOuterFallback } from './api/fallback.ts';
import { addHealthRoute, addProbeRoutes, type HealthSource } from './api/health.ts';
import { buildOpenEntry } from './api/journal.ts';
import { buildOpenApiDocument, type OpenApiNode } from './api/openapi.ts';
import { addOrganizationRoutes } from './api/organizations.ts';
import { buildCharge } from './api/rate-limit.ts';
import { addRootRoute } from './api/root.ts';
import { addControlPlane } from './control/control-plane.ts';
import { isMoved, toHttpDate } from './domain/clock.ts';
import { DEFAULT_SANDBOX } from './domain/state.ts';
import type { Sandboxes } from './sandbox/sandboxes.ts';
import { receiveBodies, requireHost } from './wire/body-parser.ts';
import { BODY_LIMIT, HINT, handleError } from './wire/envelope.ts';
import type { UnknownFields } from './wire/pydantic.ts';
import { buildToRequestId } from './wire/request-id.ts';
import { ServedPaths } from './wire/served-paths.ts';

/** Bodies are checked by zod, and answers are written as text: Fastify need not load the compilers that it brings. */
const WITHOUT_AJV: NonNullable<FastifyServerOptions['schemaController']> = {
  compilersFactory: {
    // Typed as what ajv makes; it is never asked to check anything.
    buildValidator: (() => () => () => true) as never,
    buildSerializer: () => () => JSON.stringify,
  },
};

declare module 'fastify' {
  interface FastifyRequest {
    /** What the route says of itself; Fastify would put it together anew for each who asks. */
    route: Partial<FastifyContextConfig>;
  }
}

/** What the app is built of. */
export interface AppDependencies {
  sandboxes: Sandboxes;
  /** Asked whether it works. */
  store: HealthSource;
  /** Whether the server is about to go away. */
  isStopping: () => boolean;
  logger: { level: string; stream: { write(line: string): void } };
  unknownFields: UnknownFields;
  version: string;
  /** The token that the control plane demands, if any; undefined when there is no control plane. */
  control: { token: string | undefined } | undefined;
  /** Builds the page for people; called when somebody first asks for it. */
  buildDocs: (document: OpenApiNode, log: FastifyBaseLogger) => Promise<FastifyInstance>;
}

/** The request as the app answers it: the steps of a request, in their order. It never listens. */
export async function buildApp(dependencies: AppDependencies): Promise<FastifyInstance> {
  const { sandboxes, store, isStopping, logger, unknownFields, version, control, buildDocs } = dependencies;
  const openEntry = buildOpenEntry(sandboxes);
  const isLogging = REQUEST_LOG_LEVELS.includes(logger.level);
  const app: FastifyInstance = Fastify({
    logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT,
    exposeHeadRoutes: false,
    requestIdHeader: false,
    genReqId: buildToRequestId(),
    // What the router refuses meets no hook.
    async frameworkErrors(error, request, reply) {
      request.route = {};
      if (!/^\/(?:_mock|docs)\//.test(request.url)) await openEntry(request, reply);
      if (!request.url.startsWith('/_mock/')) setCorsHeaders(request, reply);
      await setDateHeader(reply);
      handleError(error, request, reply);
      if (isLogging) logRequest.call(app, request, reply, () => {});
    },
    // Node bounds the whole header already.
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: Number.MAX_SAFE_INTEGER },
    schemaController: WITHOUT_AJV,
    rewriteUrl: (request) => toOriginForm(request.url ?? '/'),
  });
  // A logger for each request costs more than naming the request in its one line.
  app.setChildLoggerFactory((parent) => parent);
  app.setErrorHandler(handleError);
  receiveBodies(app, unknownFields);
  app.decorateRequest('journalEntry', null);
  const setDateHeader = async (reply: FastifyReply) => {
    const found = await sandboxes.find(DEFAULT_SANDBOX).catch(() => undefined);
    if (found !== undefined && isMoved(found.settings.clock)) reply.header('date', toHttpDate(found.now));
  };
  app.decorateRequest('route', null as never);
  app.addHook('onRequest', async (request, reply) => {
    request.route = request.routeOptions.config;
    reply.header('x-request-id', request.id);
    await setDateHeader(reply);
  });
  if (isLogging) app.addHook('onResponse', logRequest);

  const [servedApi, servedPages] = [new ServedPaths(), new ServedPaths()];
  await app.register(
    async (api) => {
      servedApi.listenTo(api);
      api.addHook('onRequest', openEntry);
      api.addHook('onRequest', requireHost);
      await addCors(api);
      await addBearerAuth(api, sandboxes);
      api.addHook('onRequest', buildAuthenticate(api));
      api.addHook('onRequest', checkPermission);
      api.addHook('onRequest', buildCharge(control !== undefined));
      addFallback(api, servedApi);
      addOrganizationRoutes(api, { unknownFields });
      addHealthRoute(api, store, version);
    },
    { prefix: '/v1' },
  );
  if (control !== undefined) {
    await app.register((scope) => addControlPlane(scope, sandboxes, { ...control, version }), { prefix: '/_mock' });
  }
  await app.register(async (pages) => {
    servedPages.listenTo(pages);
    pages.addHook('onRequest', requireHost);
    await addCors(pages);
    const listPaths = () => [...servedApi.listPaths(), ...servedPages.listPaths(), ...(control ? ['/_mock'] : [])];
    addRootRoute(pages, { version, listPaths });
    addProbeRoutes(pages, store, isStopping);
    addDocumentRoutes(pages, {
      buildDocument: () => buildOpenApiDocument(version, unknownFields),
      buildDocs: (document) => buildDocs(document, app.log),
    });
  });
  await app.register(async (rest) => {
    rest.addHook('onRequest', openEntry);
    rest.addHook('onRequest', requireHost);
    await addCors(rest);
    addOuterFallback(rest, servedPages, servedApi);
  });
  return app;
}

/** Levels at which requests are logged; at any other the hook would only cost time. */
const REQUEST_LOG_LEVELS = ['info', 'debug', 'trace'];

/**
 * One line a request, with its hint: people look there, not at headers. A probe that is answered well is not worth one, but
 * for whoever debugs.
 */
const logRequest: onResponseHookHandler = (request, reply, done) => {
  const [path] = request.url.split('?', 1);
  const isRoutine = request.route.isProbe === true && reply.statusCode < 400;
  request.log[isRoutine ? 'debug' : 'info'](
    {
      request_id: request.id,
      method: request.method,
      path,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 100) / 100,
      organization_id: request.caller?.organization.organization_id,
      hint: reply.getHeader(HINT),
    },
    'request',
  );
  done();
};

/** Clients behind a proxy may name the whole URL (RFC 9112, 3.2.2). */
function toOriginForm(url: string): string {
  if (url.startsWith('/')) return url;
  const path = url.replace(/^https?:\/\/[^/?]*/i, '');
  return path.startsWith('/') ? path : `/${path}`;
}
