import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { methodNotAllowed, notFound } from '../domain/errors.ts';
import { buildBareApp } from '../http/bare-app.ts';
import { requireHost, takeBodies } from '../http/body-parser.ts';
import { refuseUnserved } from '../http/envelope.ts';
import { buildFindSandbox } from '../http/exchange.ts';
import type { Metrics } from '../http/metrics.ts';
import { type AddRoute, type DocumentedRoute, toAddRoute } from '../http/openapi.ts';
import { logRequests } from '../http/request-log.ts';
import { findSentHeader } from '../http/sent-header.ts';
import { ServedPaths } from '../http/served-paths.ts';
import type { Sandboxes } from '../sandbox/sandboxes.ts';
import { logAction } from './actions.ts';
import { addApiKeyRoutes } from './api-keys.ts';
import { addClockRoutes } from './clock.ts';
import { addControlDocument } from './document.ts';
import { addFaultPresetRoute, addFaultRoutes } from './faults.ts';
import { buildGuard, isYamlType } from './guard.ts';
import { addInfoRoute, type ServerInfo } from './info.ts';
import { addInspector } from './inspector.ts';
import { addLimitsRoutes } from './limits.ts';
import { compileCheck, type SentBody } from './members.ts';
import { addOrganizationRoutes } from './organizations.ts';
import { addDefaultProviderStateRoute, addProviderStateRoute } from './pact.ts';
import { addRequestRoutes } from './requests.ts';
import { addResetRoute } from './reset.ts';
import { type FindSandbox, InSandbox } from './routes.ts';
import { addSandboxRoutes } from './sandboxes.ts';
import { addSnapshotRoutes } from './snapshots.ts';
import { addStateRoutes } from './state.ts';
import { buildAddStreamRoute } from './stream.ts';

/** The resources of a sandbox: the tag of each in the document, what that says of it, and its routes. */
const RESOURCES = [
  { name: 'clock', description: 'The time that clients see', addRoutes: addClockRoutes },
  { name: 'limits', description: 'The buckets of the rate limits', addRoutes: addLimitsRoutes },
  { name: 'faults', description: 'Rules by which requests fail', addRoutes: addFaultRoutes },
  { name: 'requests', description: 'The journal', addRoutes: addRequestRoutes },
  { name: 'reset', description: 'Back to the start', addRoutes: addResetRoute },
  { name: 'snapshots', description: 'States under names', addRoutes: addSnapshotRoutes },
  { name: 'state', description: 'All of a sandbox, as a seed file', addRoutes: addStateRoutes },
  { name: 'organizations', description: 'What the public API cannot do with them', addRoutes: addOrganizationRoutes },
  { name: 'api-keys', description: 'Keys of any permission and status', addRoutes: addApiKeyRoutes },
  { name: 'pact', description: 'Provider states of contract tests', addRoutes: addProviderStateRoute },
];

export interface ControlPlaneOptions {
  sandboxes: Sandboxes;
  info: ServerInfo;
  /** What whoever asks must send, if anything. */
  token: string | undefined;
  /** The folder with the files of the inspector. */
  inspector: string;
  /** What counts its requests, if anything does. */
  metrics: Metrics | undefined;
  log: FastifyBaseLogger;
}

/**
 * What only the mock does: looking into a sandbox and changing it from outside. An app of its own, since nothing of it is
 * needed before somebody asks.
 */
export async function buildControlPlane(options: ControlPlaneOptions): Promise<FastifyInstance> {
  const { sandboxes, info, token, inspector, metrics, log } = options;
  const find: FindSandbox = async ({ sandbox_id }) => {
    const found = await sandboxes.find(sandbox_id);
    if (found === undefined) throw notFound('GET /_mock/sandboxes lists what there is');
    return found;
  };
  const app = buildBareApp({ loggerInstance: log, exposeHeadRoutes: true }, metrics);
  logRequests(app);
  takeBodies(app, ({ raw }, bytes): SentBody => ({ bytes, isYaml: isYamlType(findSentHeader(raw, 'content-type')) }));
  app.addHook(
    'onRequest',
    buildFindSandbox(sandboxes, ({ params }) => InSandbox.safeParse(params).data?.sandbox_id),
  );
  app.addHook('onRequest', requireHost);
  const served = new ServedPaths();
  served.listenTo(app);
  addInspector(app, inspector);
  app.addHook('onRequest', buildGuard(token));
  app.addHook('onRequest', (_request, reply, done) => {
    reply.header('content-type', 'application/json').header('cache-control', 'no-store').serializer(JSON.stringify);
    done();
  });
  app.setValidatorCompiler(compileCheck);
  refuseUnserved(app, (request) => {
    const allowed = served.methodsOf(request);
    return allowed === undefined ? notFound('GET /_mock lists what there is') : methodNotAllowed(allowed);
  });
  const routes: DocumentedRoute[] = [];
  const tags = [
    { name: 'info', description: 'What this server is' },
    { name: 'sandboxes', description: 'Whole worlds, each with keys of its own' },
    ...RESOURCES.map(({ name, description }) => ({ name, description })),
  ];
  const features = ['sandboxes', ...RESOURCES.map(({ name }) => name)];
  addControlDocument(app, routes, tags, sandboxes, info.version, token !== undefined);
  await app.register(
    async (scope) => {
      const add: AddRoute = toAddRoute(scope, routes);
      addInfoRoute(add, sandboxes, info, token !== undefined, features);
      addSandboxRoutes(add, find, sandboxes);
      addFaultPresetRoute(add);
    },
    { prefix: '/_mock' },
  );
  await app.register(
    async (scope) => {
      const add: AddRoute = toAddRoute(scope, routes);
      scope.addHook('onResponse', logAction);
      for (const { addRoutes } of RESOURCES) addRoutes(add, find, sandboxes);
      buildAddStreamRoute(info.started_at)(add, find, sandboxes);
    },
    { prefix: '/_mock/sandboxes/:sandbox_id' },
  );
  await app.register(async (scope) => addDefaultProviderStateRoute(toAddRoute(scope, routes), find, sandboxes), {
    prefix: '/_mock',
  });
  return app;
}
