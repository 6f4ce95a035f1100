import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import Fastify, { type FastifyInstance } from 'fastify';
import { notFound } from './domain/errors.ts';
import { buildToRequestId, handleError } from './wire/envelope.ts';

/** What the page is made of. */
export interface DocsOptions {
  /** The OpenAPI document. */
  document: Record<string, unknown>;
  /** The folder of Swagger UI's files. */
  assets: string;
  /** A key that "try it out" sends when no other was entered; only one that everybody knows. */
  demoKey: string | undefined;
  /** Whether there is a control plane, for the second tab. */
  hasControl: boolean;
}

const LOGO =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 190 40"><text y="28" font-family="sans-serif" ' +
  'font-size="26" font-weight="bold" fill="#fff">mixpeek-mock</text></svg>';

const API_TAB = { name: 'API', url: '/openapi.json' };
const CONTROL_TAB = { name: 'control plane', url: '/_mock/openapi.json' };

/** An app of its own that serves the page for people under `/docs`, offline. It is built when somebody asks for it. */
export async function buildDocs({ document, assets, demoKey, hasControl }: DocsOptions): Promise<FastifyInstance> {
  const app = Fastify({ exposeHeadRoutes: false, requestIdHeader: false, genReqId: buildToRequestId() });
  app.setErrorHandler(handleError);
  app.setNotFoundHandler(() => {
    throw notFound();
  });
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  const tabs = hasControl && { urls: [API_TAB, CONTROL_TAB] };
  await app.register(swagger, { mode: 'static', specification: { document: document as never } });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    baseDir: assets,
    logo: { type: 'image/svg+xml', content: Buffer.from(LOGO) },
    uiConfig: { docExpansion: 'full', tryItOutEnabled: true, persistAuthorization: true, deepLinking: true, ...tabs },
    theme: { title: 'mixpeek-mock', ...(demoKey && { js: [{ filename: 'demo-key.js', content: enterKey(demoKey) }] }) },
  });
  await app.ready();
  return app;
}

/** A script for the page that enters the key as if a person had, unless one did. */
const enterKey = (key: string) => {
  const schema = { type: 'http', scheme: 'bearer' };
  const authorized = JSON.stringify({ bearerAuth: { name: 'bearerAuth', schema, value: key } });
  return `localStorage.getItem('authorized') ?? localStorage.setItem('authorized', ${JSON.stringify(authorized)});`;
};
