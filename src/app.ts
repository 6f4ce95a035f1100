import type { FastifyBaseLogger, FastifyInstance, FastifyRequest, FastifyServerOptions } from 'fastify';
import { addIdentification, authenticate, checkPermission } from './api/auth.ts';
import { addCors, setCorsHeaders } from './api/cors.ts';
import { addDocumentRoutes, type BuildDocs, type BuildDocument } from './api/documents.ts';
import { addFallback, addOuterFallback } from './api/fallback.ts';
import { addProbeRoutes, type HealthSource } from './api/health.ts';
import { addMetricsRoute } from './api/metrics.ts';
import { addOperations, buildApiDocument } from './api/operations.ts';
import { buildCharge } from './api/rate-limit.ts';
import { addRootRoute } from './api/root.ts';
import { isForeignPage, isTrusted } from './control/guard.ts';
import type { ServerInfo } from './control/info.ts';
import { buildBareApp } from './http/bare-app.ts';
import { compileBodyCheck, receiveBodies, requireHost } from './http/body-parser.ts';
import { handleError } from './http/envelope.ts';
import { beginExchange, buildFindSandbox, buildOpenEntry } from './http/exchange.ts';
import { buildFaultStep, type ReadFaultHeader } from './http/fault-steps.ts';
import { answerLate } from './http/late-app.ts';
import type { Metrics } from './http/metrics.ts';
import { toAddRoute } from './http/openapi.ts';
import { logRequest, logRequests } from './http/request-log.ts';
import { ServedPaths } from './http/served-paths.ts';
import type { Sandboxes } from './sandbox/sandboxes.ts';

/** What the app is built of. */
export interface AppDependencies {
  sandboxes: Sandboxes;
  /** Asked whether it works. */
  store: HealthSource;
  /** Whether the server is about to go away. */
  isStopping: () => boolean;
  log: FastifyBaseLogger;
  version: string;
  /**
   * The token that the control plane demands, if any, what it says of the server, and the folder of its page; undefined without a
   * control plane.
   */
  control: { token: string | undefined; info: ServerInfo; inspector: string } | undefined;
  /** What `/metrics` shows; undefined where there is none. */
  metrics: Metrics | undefined;
  /** Whether a request may ask for a fault. */
  hasFaultHeader: boolean;
  /** Called when somebody first asks for the page. */
  buildDocs: BuildDocs;
}

/**
 * The steps of a request. The app never listens: `http/listener.ts` has the sockets, and a `Connection` gives it one request
 * after another. Under /v1, in this order; what a step throws ends the request, and `handleError` writes the answer:
 *
 * 1. `beginExchange` (`http/exchange.ts`, called by `http/bare-app.ts`): the request as its journal will have it begins
 * 2. `addIdentification` (`api/auth.ts`): whose key it is, which decides the sandbox; `openEntry`: that has it in its journal
 * 3. `requireHost`, CORS, then `authenticate`: a key that can be used, or 401
 * 4. `checkPermission`: what the route demands, or 403
 * 5. `buildCharge` (`api/rate-limit.ts`): the bucket of key and category, or 429
 * 6. `receiveBodies` (`http/body-parser.ts`): the bytes of the body, or 413, and what they say
 * 7. `buildFaultStep` (`http/fault-steps.ts`): the fault rule that fires, if one does; it may answer, or change what is answered
 * 8. `compileBodyCheck`, `readBody` of `pydantic/model.ts`: the members, by the route's schema, or 400 and 422
 * 9. the handler of the route: reads what step 2 found, or changes it through its sandbox, whose store keeps it
 * 10. `sendJson` (`http/envelope.ts`): the answer; when the response is closed, the exchange ends
 */
export async function buildApp(dependencies: AppDependencies): Promise<FastifyInstance> {
  const { sandboxes, store, isStopping, log, version, control, metrics, buildDocs, hasFaultHeader } = dependencies;
  const findSandbox = buildFindSandbox(sandboxes, buildAssign(control));
  const openEntry = buildOpenEntry(sandboxes);
  const faultStep = buildFaultStep(buildReadFault(hasFaultHeader));
  const options: FastifyServerOptions = {
    loggerInstance: log,
    // What the router refuses meets no hook.
    frameworkErrors(error, request, reply) {
      beginExchange(request, reply, {});
      metrics?.begin(request, reply);
      findSandbox(request, reply, () => {
        if (!/^\/(?:_mock|docs)\//.test(request.url)) openEntry(request, reply, () => {});
        if (!request.url.startsWith('/_mock/')) setCorsHeaders(request, reply);
        handleError(error, request, reply);
        logRequest.call(app, request, reply, () => {});
      });
    },
    rewriteUrl: (request) => toOriginForm(request.url ?? '/'),
  };
  const app = buildBareApp(options, metrics);
  app.setErrorHandler(handleError);
  if (control !== undefined) {
    const build = async () => {
      const { buildControlPlane } = await import('./control/control-plane.ts');
      return buildControlPlane({ ...control, sandboxes, metrics, log: app.log });
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
  await app.register(async (open) => {
    logRequests(open);
    receiveBodies(open);
    await open.register(
      async (api) => {
        servedApi.listenTo(api);
        await addIdentification(api, sandboxes);
        api.addHook('onRequest', findSandbox);
        api.addHook('onRequest', openEntry);
        api.addHook('onRequest', requireHost);
        await addCors(api);
        api.addHook('onRequest', authenticate);
        api.addHook('onRequest', checkPermission);
        api.addHook('onRequest', buildCharge(control !== undefined));
        api.addHook('preValidation', faultStep);
        api.setValidatorCompiler(compileBodyCheck);
        addFallback(api, servedApi, sandboxes.tally);
        addOperations(toAddRoute(api, []), store, version);
      },
      { prefix: '/v1' },
    );
    await open.register(async (pages) => {
      servedPages.listenTo(pages);
      pages.addHook('onRequest', findSandbox);
      pages.addHook('onRequest', requireHost);
      await addCors(pages);
      addRootRoute(pages, version, listPaths, control === undefined ? '/docs' : '/_mock/');
      addProbeRoutes(pages, store, isStopping);
      if (metrics !== undefined) addMetricsRoute(pages, metrics);
      const build: BuildDocument = (documented, openapi) => buildApiDocument(version, documented, openapi);
      addDocumentRoutes(pages, build, buildDocs);
    });
    await open.register(async (rest) => {
      // A client that left out /v1 finds its request where it looks for it.
      await addIdentification(rest, sandboxes);
      rest.addHook('onRequest', findSandbox);
      rest.addHook('onRequest', openEntry);
      rest.addHook('onRequest', requireHost);
      await addCors(rest);
      rest.addHook('preValidation', faultStep);
      addOuterFallback(rest, servedPages, servedApi);
    });
  });
  return app;
}

/** A request whose key says nothing may name a sandbox, where the control plane would listen to it. */
const buildAssign =
  (control: AppDependencies['control']) =>
  (request: FastifyRequest): string | undefined => {
    const named = request.headers['x-mixpeek-mock-sandbox'];
    if (typeof named !== 'string' || control === undefined) return undefined;
    return isTrusted(request, control.token) ? named : undefined;
  };

/** Where a request may ask for a fault, a page of another origin may not; elsewhere nothing comes of it. */
const buildReadFault =
  (hasFaultHeader: boolean): ReadFaultHeader =>
  async (request) => {
    if (!hasFaultHeader || isForeignPage(request)) return undefined;
    const { readFaultHeader } = await import('./control/fault-header.ts');
    return readFaultHeader(request);
  };

/** Clients behind a proxy may name the whole URL (RFC 9112, 3.2.2). */
function toOriginForm(url: string): string {
  if (url.startsWith('/')) return url;
  const path = url.replace(/^https?:\/\/[^/?]*/i, '');
  return path.startsWith('/') ? path : `/${path}`;
}
