import type { FastifyContextConfig, FastifyInstance, FastifyReply, onRequestAsyncHookHandler } from 'fastify';
import { addBearerAuth, buildAuthenticate, checkPermission } from './api/auth.ts';
import { addCors, setCorsHeaders } from './api/cors.ts';
import { addDocumentRoutes, type BuildDocs } from './api/documents.ts';
import { addFallback, addOuterFallback } from './api/fallback.ts';
import { addProbeRoutes, type HealthSource } from './api/health.ts';
import { buildOpenEntry } from './api/journal.ts';
import { addOperations, buildApiDocument } from './api/operations.ts';
import { buildCharge } from './api/rate-limit.ts';
import { addRootRoute } from './api/root.ts';
import { isMoved, toHttpDate } from './domain/clock.ts';
import { DEFAULT_SANDBOX } from './domain/state.ts';
import type { Sandboxes } from './sandbox/sandboxes.ts';
import { buildBareApp } from './wire/bare-app.ts';
import { compileBodyCheck, receiveBodies, requireHost } from './wire/body-parser.ts';
import { handleError } from './wire/envelope.ts';
import { answerLate } from './wire/late-app.ts';
import { type DocumentedRoute, listenToRoutes, toScope } from './wire/openapi.ts';
import type { UnknownFields } from './wire/pydantic.ts';
import { logRequest, logRequests } from './wire/request-log.ts';
import { ServedPaths } from './wire/served-paths.ts';

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
  /** Called when somebody first asks for the page. */
  buildDocs: BuildDocs;
}

/** The request as the app answers it: the steps of a request, in their order. It never listens. */
export async function buildApp(dependencies: AppDependencies): Promise<FastifyInstance> {
  const { sandboxes, store, isStopping, logger, unknownFields, version, control, buildDocs } = dependencies;
  const openEntry = buildOpenEntry(sandboxes);
  const setDateHeader = async (reply: FastifyReply) => {
    const found = await sandboxes.find(DEFAULT_SANDBOX).catch(() => undefined);
    if (found !== undefined && isMoved(found.settings.clock)) reply.header('date', toHttpDate(found.now));
  };
  const begin: onRequestAsyncHookHandler = async (request, reply) => {
    request.route = request.routeOptions.config;
    reply.header('x-request-id', request.id);
    await setDateHeader(reply);
  };
  const app = buildBareApp({
    logger,
    // What the router refuses meets no hook.
    async frameworkErrors(error, request, reply) {
      request.route = {};
      if (!/^\/(?:_mock|docs)\//.test(request.url)) await openEntry(request, reply);
      if (!request.url.startsWith('/_mock/')) setCorsHeaders(request, reply);
      await setDateHeader(reply);
      handleError(error, request, reply);
      logRequest.call(app, request, reply, () => {});
    },
    rewriteUrl: (request) => toOriginForm(request.url ?? '/'),
  });
  app.setErrorHandler(handleError);
  app.decorateRequest('journalEntry', null);
  app.decorateRequest('route', null as never);
  if (control !== undefined) {
    const build = async () => {
      const { buildControlPlane } = await import('./control/control-plane.ts');
      return buildControlPlane({ sandboxes, version, token: control.token, log: app.log, begin });
    };
    await app.register(
      async (scope) => {
        scope.addHook('onRequest', answerLate(scope, build));
        scope.setNotFoundHandler(() => {});
      },
      { prefix: '/_mock' },
    );
  }
  const [servedApi, servedPages] = [new ServedPaths(), new ServedPaths()];
  const listPaths = () => [...servedApi.listPaths(), ...servedPages.listPaths(), ...(control ? ['/_mock'] : [])];
  let operations: DocumentedRoute[] = [];
  await app.register(async (open) => {
    logRequests(open);
    receiveBodies(open);
    open.addHook('onRequest', begin);
    await open.register(
      async (api) => {
        servedApi.listenTo(api);
        operations = listenToRoutes(api);
        api.addHook('onRequest', openEntry);
        api.addHook('onRequest', requireHost);
        await addCors(api);
        await addBearerAuth(api, sandboxes);
        api.addHook('onRequest', buildAuthenticate(api));
        api.addHook('onRequest', checkPermission);
        api.addHook('onRequest', buildCharge(control !== undefined));
        api.setValidatorCompiler(compileBodyCheck(unknownFields));
        addFallback(api, servedApi);
        addOperations(toScope(api), { unknownFields, store, version });
      },
      { prefix: '/v1' },
    );
    await open.register(async (pages) => {
      servedPages.listenTo(pages);
      pages.addHook('onRequest', requireHost);
      await addCors(pages);
      addRootRoute(pages, { version, listPaths });
      addProbeRoutes(pages, store, isStopping);
      addDocumentRoutes(pages, () => buildApiDocument(operations, version), buildDocs);
    });
    await open.register(async (rest) => {
      rest.addHook('onRequest', openEntry);
      rest.addHook('onRequest', requireHost);
      await addCors(rest);
      addOuterFallback(rest, servedPages, servedApi);
    });
  });
  return app;
}

/** Clients behind a proxy may name the whole URL (RFC 9112, 3.2.2). */
function toOriginForm(url: string): string {
  if (url.startsWith('/')) return url;
  const path = url.replace(/^https?:\/\/[^/?]*/i, '');
  return path.startsWith('/') ? path : `/${path}`;
}
