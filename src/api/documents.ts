import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { API_VERSIONS, type ApiVersion, DEFAULT_API_VERSION } from '../domain/api-version.ts';
import { badRequest } from '../domain/errors.ts';
import { buildDocumentText } from '../http/document-text.ts';
import { sendJson } from '../http/envelope.ts';
import { answerLate } from '../http/late-app.ts';
import type { OpenApiNode } from '../http/openapi.ts';
import type { OpenApiVersion } from './operations.ts';

const METHODS = ['GET', 'HEAD'];

/** Builds the document of a version of the API. */
export type BuildDocument = (version: ApiVersion, openapi: OpenApiVersion) => OpenApiNode;

/** Builds the docs page. */
export type BuildDocs = (document: OpenApiNode, log: FastifyBaseLogger) => Promise<FastifyInstance>;

/**
 * `/openapi.json`, also where the real service has it, the same as OpenAPI 3.0, and `/docs`: none needs a key. Each is built on
 * first use: a start does not wait for them.
 * @param build the document of a version of the API; that of the default sandbox is meant unless `?api_version=` names another
 */
export function addDocumentRoutes(scope: FastifyInstance, build: BuildDocument, buildDocs: BuildDocs): void {
  const openapis: Record<string, OpenApiVersion> = {
    '/openapi.json': '3.1',
    '/docs/openapi.json': '3.1',
    '/openapi-3.0.json': '3.0',
  };
  for (const [url, openapi] of Object.entries(openapis)) {
    const written = new Map<ApiVersion, (host: string | undefined) => string>();
    scope.route({
      method: METHODS,
      url,
      handler: async (request, reply) => {
        const version = readVersion(request);
        const toText = written.get(version) ?? buildDocumentText(build(version, openapi));
        written.set(version, toText);
        return sendJson(reply, toText(request.headers.host));
      },
    });
  }
  const toPage = (version: ApiVersion) => answerLate(scope, () => buildDocs(build(version, '3.1'), scope.log));
  const pages = new Map(API_VERSIONS.map((version) => [version, toPage(version)]));
  // A reset may bring another version back.
  const onRequest = async (request: FastifyRequest, reply: FastifyReply) =>
    pages.get(versionOf(request))?.(request, reply);
  for (const url of ['/docs', '/docs/*']) scope.route({ method: METHODS, url, onRequest, handler: async () => {} });
}

/** That of the sandbox of a request. */
const versionOf = ({ exchange }: FastifyRequest) => exchange.live?.settings.api_version ?? DEFAULT_API_VERSION;

function readVersion(request: FastifyRequest): ApiVersion {
  const { api_version: asked } = request.query as Record<string, unknown>;
  if (asked === undefined) return versionOf(request);
  const found = API_VERSIONS.find((version) => version === asked);
  if (found !== undefined) return found;
  throw badRequest('There is no such version of the API', `api_version is one of ${API_VERSIONS.join(', ')}`);
}
