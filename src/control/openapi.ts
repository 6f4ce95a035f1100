import type { FastifyInstance, RouteOptions } from 'fastify';
import * as z from 'zod';
import { type AnswerName, buildAnswers, EXAMPLES } from './answers.ts';

/** What a route of the control plane tells of itself in its document. */
interface RouteDocument {
  /** What it does, in a line. */
  summary: string;
  answer: AnswerName;
  /** Refusals of its own, besides those of the guard and of its body. */
  refusals?: Record<number, string>;
  filters?: z.ZodObject;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    document?: RouteDocument;
  }
}

/** The configuration of a route that is to stand in the document. */
export const describedAs = (document: RouteDocument) => ({ config: { document } });

/** Serves the OpenAPI document of the scope's routes; comes before them, so that it hears of them. */
export function addControlDocument(scope: FastifyInstance, version: string, hasToken: boolean): void {
  const routes: [RouteOptions, RouteDocument][] = [];
  scope.addHook('onRoute', (route) => {
    const { document } = route.config ?? {};
    if (document !== undefined) routes.push([route, document]);
  });
  scope.get('/openapi.json', async () => buildDocument(routes, version, hasToken));
}

function buildDocument(
  routes: [RouteOptions, RouteDocument][],
  version: string,
  hasToken: boolean,
): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [route, document] of routes) {
    const path = route.url.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [String(route.method).toLowerCase()]: toOperation(route, document, hasToken) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'mixpeek-mock, control plane',
      version,
      description:
        'What only the mock does. Not for pages of other origins. What changes something needs ' +
        'Content-Type: application/json, and a body: {} where there is nothing to say.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'this server' }],
    security: hasToken ? [{ controlToken: [] }] : [],
    tags: [
      { name: 'clock', description: 'The time that clients see' },
      { name: 'limits', description: 'The buckets of the rate limits' },
      { name: 'requests', description: 'The journal' },
      { name: 'reset', description: 'Back to the start' },
    ],
    paths,
    components: {
      schemas: Object.fromEntries(
        Object.entries(buildAnswers()).map(([name, schema]) => [name, toSchema(schema, 'output')]),
      ),
      ...(hasToken && { securitySchemes: { controlToken: { type: 'http', scheme: 'bearer' } } }),
    },
  };
}

function toOperation(
  { url, method, schema }: RouteOptions,
  { summary, answer, refusals, filters }: RouteDocument,
  hasToken: boolean,
): Record<string, unknown> {
  const inPath = [...url.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string', ...(name === 'sandbox_id' && { enum: ['default'], default: 'default' }) },
    description: name === 'sandbox_id' ? 'There is one sandbox' : 'The request id, or seq',
  }));
  const properties = Object.entries(filters ? (toSchema(filters, 'input').properties as object) : {});
  const inQuery = properties.map(([name, { description, ...rest }]) => ({
    name,
    in: 'query',
    schema: rest,
    description,
  }));
  const body = schema?.body
    ? { 'application/json': { schema: toSchema(schema.body as z.ZodType, 'input') } }
    : undefined;
  const refused = {
    ...(body ? { 400: 'The body is no JSON object, or is not sent as application/json' } : {}),
    ...(filters ? { 400: 'A filter is wrong' } : {}),
    ...(hasToken ? { 401: 'No token, or another' } : {}),
    403: `A page of another origin${hasToken ? '' : ', or a Host that is not this machine'}`,
    404: 'No such sandbox',
    ...(body ? { 422: 'A member is wrong' } : {}),
    ...refusals,
  };
  return {
    operationId: `${String(method).toLowerCase()}${url.replace(/[^a-z]+/g, '_')}`,
    summary,
    tags: [url.split('/')[4] ?? ''],
    parameters: [...inPath, ...inQuery],
    ...(body && { requestBody: { required: true, content: body } }),
    responses: {
      200: {
        description: 'Done',
        content: {
          'application/json': { schema: ref(answer), examples: { example: { value: EXAMPLES[answer] } } },
        },
      },
      ...Object.fromEntries(
        Object.entries(refused).map(([status, description]) => [status, { description, content: ERROR }]),
      ),
    },
  };
}

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const ERROR = { 'application/json': { schema: ref('ErrorResponse') } };

function toSchema(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Record<string, unknown>;
  return rest;
}
