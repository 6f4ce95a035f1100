import type { FastifyInstance, RouteOptions } from 'fastify';
import * as z from 'zod';
import { DEFAULT_SANDBOX } from '../domain/state.ts';
import type { Sandboxes } from '../sandbox/sandboxes.ts';
import { buildDocumentText } from '../wire/document-text.ts';
import { sendJson } from '../wire/envelope.ts';
import { type AnswerName, buildAnswers, EXAMPLES } from './answers.ts';

/** What a route of the control plane tells of itself in its document. */
export interface RouteDocument {
  /** What it does, in a line. */
  summary: string;
  answer: AnswerName;
  /** Refusals of its own, besides those of the guard and of its body. */
  refusals?: Record<number, string>;
  filters?: z.ZodObject;
  /** Bodies that succeed as they are, by name. `apiKeyId` is that of a key of the sandbox, if it has any. */
  toExamples?(apiKeyId: string | undefined): Record<string, { summary: string; value: unknown }>;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    document?: RouteDocument;
  }
}

/** The configuration of a route that is to stand in the document. */
export const describedAs = (document: RouteDocument) => ({ config: { document }, exposeHeadRoute: true });

type DescribedRoute = [RouteOptions, RouteDocument];

interface ControlDocument {
  sandboxes: Sandboxes;
  version: string;
  hasToken: boolean;
}

/** Serves the list of the scope's routes and their OpenAPI document; comes before them, so that it hears of them. */
export function addControlDocument(scope: FastifyInstance, { sandboxes, version, hasToken }: ControlDocument): void {
  const routes: DescribedRoute[] = [];
  scope.addHook('onRoute', (route) => {
    const { document } = route.config ?? {};
    if (document !== undefined && route.method !== 'HEAD') routes.push([route, document]);
  });
  scope.get('/', { exposeHeadRoute: true }, async () => toList(routes, version));
  // Written once for each key that the examples name: the first of the sandbox, until that is another.
  let written: { apiKeyId: string | undefined; toText: (host: string | undefined) => string } | undefined;
  scope.get('/openapi.json', { exposeHeadRoute: true }, async (request, reply) => {
    const found = await sandboxes.find(DEFAULT_SANDBOX);
    const [apiKey] = (await found?.sandbox.listApiKeys({ limit: 1 })) ?? [];
    const apiKeyId = apiKey?.api_key_id;
    if (written === undefined || written.apiKeyId !== apiKeyId) {
      const toText = buildDocumentText(buildDocument(routes, { version, hasToken, apiKeyId }));
      written = { apiKeyId, toText };
    }
    return sendJson(reply, written.toText(request.headers.host));
  });
}

const toPath = ({ url }: RouteOptions) => url.replace(/:(\w+)/g, '{$1}');

function toList(routes: DescribedRoute[], version: string) {
  return {
    name: 'mixpeek-mock',
    version,
    document: '/_mock/openapi.json',
    routes: routes.map(([route, { summary }]) => ({ method: String(route.method), path: toPath(route), summary })),
  };
}

/** What the document depends on besides the routes. */
interface Context {
  version: string;
  hasToken: boolean;
  apiKeyId: string | undefined;
}

function buildDocument(routes: DescribedRoute[], context: Context): Record<string, unknown> {
  const { version, hasToken } = context;
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [route, document] of routes) {
    const path = toPath(route);
    paths[path] = { ...paths[path], [String(route.method).toLowerCase()]: toOperation(route, document, context) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'mixpeek-mock, control plane',
      version,
      description:
        'What only the mock does. Not for pages of other origins. POST and PUT need Content-Type: application/json, ' +
        'with or without a body.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
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
  { summary, answer, refusals, filters, toExamples }: RouteDocument,
  { hasToken, apiKeyId }: Context,
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
  // DELETE takes a body, but needs none, and few clients send one.
  const body = method === 'DELETE' ? undefined : (schema?.body as z.ZodType | undefined);
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
    ...(body && { requestBody: toRequestBody(body, toExamples?.(apiKeyId)) }),
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

/** No body at all is an empty object. */
const toRequestBody = (body: z.ZodType, examples: Record<string, unknown> | undefined) => ({
  required: !body.safeParse({}).success,
  content: { 'application/json': { schema: toSchema(body, 'input'), ...(examples && { examples }) } },
});

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const ERROR = { 'application/json': { schema: ref('ErrorResponse') } };

function toSchema(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Record<string, unknown>;
  return rest;
}
