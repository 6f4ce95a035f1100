import type { FastifyInstance } from 'fastify';
import { buildDocumentText } from '../wire/document-text.ts';
import { sendJson } from '../wire/envelope.ts';
import type { OpenApiNode } from './openapi.ts';
import { toOpenApi30 } from './openapi-3-0.ts';

const METHODS = ['GET', 'HEAD'];

export interface Documents {
  buildDocument: () => OpenApiNode;
  /** Builds the page for people. */
  buildDocs: (document: OpenApiNode) => Promise<FastifyInstance>;
}

/**
 * `/openapi.json`, also where the real service has it, the same as OpenAPI 3.0, and `/docs`: none needs a key. Each is made on
 * first use: a start does not wait for them.
 */
export function addDocumentRoutes(app: FastifyInstance, { buildDocument, buildDocs }: Documents): void {
  const readText = once(() => buildDocumentText(buildDocument()));
  const readText30 = once(() => buildDocumentText(toOpenApi30(buildDocument())));
  const texts = { '/openapi.json': readText, '/docs/openapi.json': readText, '/openapi-3.0.json': readText30 };
  for (const [url, read] of Object.entries(texts)) {
    app.route({
      method: METHODS,
      url,
      handler: async (request, reply) => sendJson(reply, read()(request.headers.host)),
    });
  }
  let docs: Promise<FastifyInstance> | undefined;
  for (const url of ['/docs', '/docs/*']) {
    app.route({
      method: METHODS,
      url,
      handler: async (request, reply) => {
        docs ??= buildDocs(buildDocument());
        // What could not be built is tried again when it is asked for again.
        docs.catch(() => {
          docs = undefined;
        });
        const { routing } = await docs;
        reply.hijack();
        // What the hooks have set, CORS above all, would be lost.
        for (const [name, value = ''] of Object.entries(reply.getHeaders())) reply.raw.setHeader(name, value);
        routing(request.raw, reply.raw);
      },
    });
  }
  app.addHook('onClose', async () => (await docs)?.close());
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
