import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { API_VERSIONS, type ApiVersion } from '../domain/api-version.ts';
import { badRequest } from '../domain/errors.ts';
import { DEFAULT_SETTINGS, UNKNOWN_FIELDS } from '../domain/state.ts';
import { buildDocumentText } from '../http/document-text.ts';
import { sendJson } from '../http/envelope.ts';
import { answerLate } from '../http/late-app.ts';
import type { OpenApiNode } from '../http/openapi.ts';
import type { OpenApiVersion } from './operations.ts';
import type { Documented } from './routes.ts';

const METHODS = ['GET', 'HEAD'];

/** Builds the document of the API. */
export type BuildDocument = (documented: Documented, openapi: OpenApiVersion) => OpenApiNode;

/** Builds the docs page. */
export type BuildDocs = (document: OpenApiNode, log: FastifyBaseLogger) => Promise<FastifyInstance>;

/**
 * `/openapi.json`, also where the real service has it, the same as OpenAPI 3.0, and `/docs`: none needs a key. Each is built on
 * first use: a start does not wait for them.
 * @param build the document; the version is that of the default sandbox unless `?api_version=` names another
 */
export function addDocumentRoutes(scope: FastifyInstance, build: BuildDocument, buildDocs: BuildDocs): void {
  const openapis: Record<string, OpenApiVersion> = {
    '/openapi.json': '3.1',
    '/docs/openapi.json': '3.1',
    '/openapi-3.0.json': '3.0',
  };
  for (const [url, openapi] of Object.entries(openapis)) {
    const written = new Map<string, (host: string | undefined) => string>();
    scope.route({
      method: METHODS,
      url,
      handler: async (request, reply) => {
        const documented = { ...settingsOf(request), api_version: readVersion(request) };
        const toText = written.get(toKey(documented)) ?? buildDocumentText(build(documented, openapi));
        written.set(toKey(documented), toText);
        return sendJson(reply, toText(request.headers.host));
      },
    });
  }
  const toPage = (documented: Documented) => answerLate(scope, () => buildDocs(build(documented, '3.1'), scope.log));
  const pages = new Map(
    API_VERSIONS.flatMap((api_version) =>
      UNKNOWN_FIELDS.map((unknown_fields) => {
        const documented = { api_version, unknown_fields };
        return [toKey(documented), toPage(documented)];
      }),
    ),
  );
  // A reset may bring another version back.
  const onRequest = async (request: FastifyRequest, reply: FastifyReply) =>
    pages.get(toKey(settingsOf(request)))?.(request, reply);
  for (const url of ['/docs', '/docs/*']) scope.route({ method: METHODS, url, onRequest, handler: async () => {} });
}

const toKey = ({ api_version, unknown_fields }: Documented) => `${api_version} ${unknown_fields}`;

/** Those of the sandbox of a request. */
const settingsOf = ({ exchange }: FastifyRequest): Documented => exchange.live?.settings ?? DEFAULT_SETTINGS;

function readVersion(request: FastifyRequest): ApiVersion {
  const { api_version: asked } = request.query as Record<string, unknown>;
  if (asked === undefined) return settingsOf(request).api_version;
  const found = API_VERSIONS.find((version) => version === asked);
  if (found !== undefined) return found;
  throw badRequest('There is no such version of the API', `api_version is one of ${API_VERSIONS.join(', ')}`);
}
