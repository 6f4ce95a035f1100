import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyBaseLogger, FastifyError, FastifyInstance } from 'fastify';
import { notFound, RefusalError } from '../domain/errors.ts';
import { buildBareApp } from '../http/bare-app.ts';
import { handleError } from '../http/envelope.ts';
import type { Metrics } from '../http/metrics.ts';

/** What the page is made of. */
export interface DocsOptions {
  /** The OpenAPI document. */
  document: Record<string, unknown>;
  /** The folder of Swagger UI's files. */
  assets: string;
  /** A key that "try it out" sends when no other was entered, as long as it can be used; only one that everybody knows. */
  demoKey: string;
  isUsable: (key: string) => boolean | Promise<boolean>;
  /** Whether there is a control plane, for the second tab. */
  hasControl: boolean;
  /** What counts its requests, if anything does. */
  metrics: Metrics | undefined;
  log: FastifyBaseLogger;
}

/** As wide as it says, whatever font the machine has: nothing of it is clipped. */
const LOGO =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 40"><text y="28" textLength="196" lengthAdjust="spacingAndGlyphs" ' +
  'font-family="sans-serif" font-size="26" font-weight="bold" fill="#fff">mixpeek-mock</text></svg>';

const API_TAB = { name: 'API', url: '/openapi.json' };
const CONTROL_TAB = { name: 'control plane', url: '/_mock/openapi.json' };
const KEY_SCRIPT = 'demo-key.js';
const WHERE = 'the page is /docs, the document /openapi.json';

/** An app of its own that serves the page for people under `/docs`, offline. It is built when somebody asks for it. */
export async function buildDocs(options: DocsOptions): Promise<FastifyInstance> {
  const { document, assets, demoKey, isUsable, hasControl, metrics, log } = options;
  const app = buildBareApp({ loggerInstance: log, exposeHeadRoutes: true }, metrics);
  app.setErrorHandler<FastifyError>((error, request, reply) => handleError(toRefusal(error), request, reply));
  app.setNotFoundHandler(() => {
    throw notFound(WHERE);
  });
  app.addHook('preHandler', async (request, reply) => {
    if (!request.url.split('?', 1)[0]?.endsWith(`/${KEY_SCRIPT}`)) return;
    reply.header('content-type', 'application/javascript; charset=utf-8').header('cache-control', 'no-store');
    return reply.send(toKeyScript(demoKey, await isUsable(demoKey)));
  });
  const tabs = hasControl && { urls: [API_TAB, CONTROL_TAB] };
  await app.register(swagger, { mode: 'static', specification: { document: JSON.parse(JSON.stringify(document)) } });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    baseDir: assets,
    logo: { type: 'image/svg+xml', content: Buffer.from(LOGO) },
    uiConfig: {
      docExpansion: 'list',
      defaultModelsExpandDepth: 0,
      tryItOutEnabled: true,
      persistAuthorization: true,
      deepLinking: true,
      ...tabs,
    },
    theme: { title: 'mixpeek-mock', js: [{ filename: KEY_SCRIPT, content: '' }] },
  });
  return app;
}

/** What the file server refuses; a name that it does not take is a 404 too. */
function toRefusal(error: FastifyError): FastifyError | RefusalError {
  const { statusCode = 500 } = error;
  if (statusCode === 412) return new RefusalError({ code: 'precondition_failed' });
  if (statusCode === 416) return new RefusalError({ code: 'range_not_satisfiable' });
  return statusCode >= 400 && statusCode < 500 ? notFound(WHERE) : error;
}

/** A script for the page that enters the key as if a person had, unless one did, and takes it back when it is of no use. */
function toKeyScript(key: string, isUsable: boolean): string {
  const schema = { type: 'http', scheme: 'bearer' };
  const authorized = JSON.stringify(JSON.stringify({ bearerAuth: { name: 'bearerAuth', schema, value: key } }));
  return isUsable
    ? `localStorage.getItem('authorized') ?? localStorage.setItem('authorized', ${authorized});`
    : `if (localStorage.getItem('authorized')?.includes(${JSON.stringify(JSON.stringify(key))})) localStorage.removeItem('authorized');`;
}
