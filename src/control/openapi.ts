import type { FastifyInstance, RouteOptions } from 'fastify';
import * as z from 'zod';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a route of the control plane does, in a line for its document. */
    summary?: string;
    /** The filters that it takes. */
    filters?: z.ZodObject;
  }
}

/** The configuration of a route that is to stand in the document. */
export const describedAs = (summary: string, filters?: z.ZodObject) => ({
  config: { summary, ...(filters && { filters }) },
});

/** Serves the OpenAPI document of the scope's routes; comes before them, so that it hears of them. */
export function addControlDocument(scope: FastifyInstance, version: string, hasToken: boolean): void {
  const paths: Record<string, Record<string, unknown>> = {};
  scope.addHook('onRoute', (route) => {
    const { summary } = route.config ?? {};
    if (summary === undefined) return;
    const path = route.url.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [String(route.method).toLowerCase()]: toOperation(route, summary) };
  });
  scope.get('/openapi.json', async () => ({
    openapi: '3.1.0',
    info: {
      title: 'mixpeek-mock, control plane',
      version,
      description: 'What only the mock does. Not for pages of other origins.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'this server' }],
    security: hasToken ? [{ controlToken: [] }] : [],
    paths,
    ...(hasToken && { components: { securitySchemes: { controlToken: { type: 'http', scheme: 'bearer' } } } }),
  }));
}

function toOperation({ url, method, schema, config }: RouteOptions, summary: string): Record<string, unknown> {
  const inPath = [...url.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: name === 'sandbox_id' ? { type: 'string', default: 'default' } : { type: 'string' },
  }));
  const filters = Object.keys(config?.filters?.shape ?? {});
  const inQuery = filters.map((name) => ({ name, in: 'query', schema: { type: 'string' } }));
  const body = schema?.body ? toSchema(schema.body as z.ZodType) : { type: 'object' };
  return {
    operationId: `${String(method).toLowerCase()}${url.replace(/[^a-z]+/g, '_')}`,
    summary,
    parameters: [...inPath, ...inQuery],
    ...(method !== 'GET' && { requestBody: { content: { 'application/json': { schema: body } } } }),
    responses: {
      200: { description: 'Done', content: { 'application/json': { schema: { type: 'object' } } } },
      '4XX': { description: 'Refused, in the envelope of the API', content: { 'application/json': {} } },
    },
  };
}

function toSchema(schema: z.ZodType): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Record<
    string,
    unknown
  >;
  return rest;
}
