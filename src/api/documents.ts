import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { buildDocumentText } from '../http/document-text.ts';
import { sendJson } from '../http/envelope.ts';
import { answerLate } from '../http/late-app.ts';
import type { OpenApiNode } from '../http/openapi.ts';
import type { OpenApiVersion } from './operations.ts';

const METHODS = ['GET', 'HEAD'];

/** Builds the docs page. */
export type BuildDocs = (document: OpenApiNode, log: FastifyBaseLogger) => Promise<FastifyInstance>;

/**
 * `/openapi.json`, also where the real service has it, the same as OpenAPI 3.0, and `/docs`: none needs a key. Each is built on
 * first use: a start does not wait for them.
 */
export function addDocumentRoutes(
  scope: FastifyInstance,
  buildDocument: (version: OpenApiVersion) => OpenApiNode,
  buildDocs: BuildDocs,
): void {
  const readText = once(() => buildDocumentText(buildDocument('3.1')));
  const readText30 = once(() => buildDocumentText(buildDocument('3.0')));
  const texts = { '/openapi.json': readText, '/docs/openapi.json': readText, '/openapi-3.0.json': readText30 };
  for (const [url, read] of Object.entries(texts)) {
    scope.route({
      method: METHODS,
      url,
      handler: async (request, reply) => sendJson(reply, read()(request.headers.host)),
    });
  }
  const onRequest = answerLate(scope, () => buildDocs(buildDocument('3.1'), scope.log));
  for (const url of ['/docs', '/docs/*']) scope.route({ method: METHODS, url, onRequest, handler: async () => {} });
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
