import type {
  FastifyReply,
  FastifyRequest,
  FastifySchema,
  HTTPMethods,
  RawRequestDefaultExpression,
  RawServerDefault,
  RouteGenericInterface,
  RouteOptions,
} from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import type { RouteConfig } from '../sandbox/exchange.ts';
import { buildToJsonSchema, type OpenApiNode, type ToJsonSchema } from './json-schema.ts';

export type { OpenApiNode };

/** A plain JSON Schema type, as the published document has it: Zod would add the bounds of safe integers. */
export const integer = () => z.number().meta({ type: 'integer' });

export type Examples = Record<string, { summary?: string; value: unknown }>;

/** An answer of a route. */
export interface DocumentedResponse<S extends z.ZodType = z.ZodType> {
  description: string;
  /** Names of headers that its document describes. */
  headers?: readonly string[];
  content: { 'application/json': { schema: S; examples?: Examples } };
}

/** An answer that is text. */
export interface TextResponse {
  description: string;
  headers?: undefined;
  content: Record<`text/${string}`, { schema: z.ZodType; examples?: Examples }>;
}

/** An answer without a body. */
export interface EmptyResponse {
  description: string;
  headers?: undefined;
  content?: undefined;
}

/** Ids that examples may name, where there are such. */
export interface KnownIds {
  api_key_id?: string | undefined;
  organization_id?: string | undefined;
  fault_id?: string | undefined;
}

/**
 * All that a route says of itself: for its checks, for its document, and for the compiler. Where there is no `operationId`,
 * method and path name the operation.
 */
export interface RouteSchema extends FastifySchema {
  summary: string;
  tags: readonly string[];
  params?: z.ZodObject;
  querystring?: z.ZodObject;
  body?: z.ZodType;
  /**
   * Bodies that succeed as they are.
   * @param ids of what there is
   */
  toExamples?(ids: KnownIds): Examples;
  /** Bytes that its body may have, where that is not what every body may have. */
  bodyLimit?: number;
  /** Whether no Content-Type is demanded: for programs that send none. */
  takesAnyType?: boolean;
  /** Whether YAML is taken and given as well as JSON. */
  hasYaml?: boolean;
  /** Of those below 300 the first is answered, unless the handler says otherwise. */
  response: Record<number, DocumentedResponse | TextResponse | EmptyResponse>;
  config?: RouteConfig;
}

/** Adds a route. Its handler may return what is documented for 200 or 201, and nothing else: everything else is thrown. */
export type AddRoute<Demanded = unknown> = <S extends RouteSchema>(
  method: HTTPMethods | HTTPMethods[],
  url: string,
  schema: S & Demanded,
  handler: (request: FastifyRequest & Checked<S>, reply: FastifyReply) => Answer<S> | Promise<Answer<S>>,
) => void;
type Checked<S extends RouteSchema> = Pick<
  FastifyRequest<RouteGenericInterface, RawServerDefault, RawRequestDefaultExpression, S, ZodTypeProvider>,
  'params' | 'query' | 'body'
>;
/** Undefined where the handler has sent the answer as text, or there is no body. */
type Answer<S extends RouteSchema> = BodyOf<S['response'][keyof S['response'] & (200 | 201)]> | undefined;
type BodyOf<R> = R extends DocumentedResponse<infer S> ? z.output<S> : never;
const SUCCESSES = [200, 201, 204];

/** A route as the document needs it. */
export interface DocumentedRoute {
  method: string | string[];
  url: string;
  schema: RouteSchema;
}

interface Scope {
  prefix: string;
  route(options: RouteOptions): unknown;
}

/** How routes are added to a scope that say all of themselves; they are put into `routes` too, for the document. */
export function toAddRoute<Demanded>(scope: Scope, routes: DocumentedRoute[]): AddRoute<Demanded>;
export function toAddRoute(scope: Scope, routes: DocumentedRoute[]) {
  return (method: HTTPMethods, url: string, schema: RouteSchema, handler: RouteOptions['handler']) => {
    routes.push({ method, url: scope.prefix + url, schema });
    // Of answers Fastify would make a serializer each.
    const { response: _, ...checked } = schema;
    const { config = {}, bodyLimit } = schema;
    const more = bodyLimit === undefined ? {} : { bodyLimit };
    scope.route({ method, url, schema: checked, handler: withStatus(handler, schema), config, ...more });
  };
}

function withStatus(handler: RouteOptions['handler'], { response }: RouteSchema): RouteOptions['handler'] {
  const status = SUCCESSES.find((one) => response[one] !== undefined) ?? 200;
  if (status === 200) return handler;
  return function (request, reply) {
    if (status === 204) reply.removeHeader('content-type');
    return handler.call(this, request, reply.code(status));
  };
}

/**
 * The schema of an answer that is written as text. The compiler holds it to the model that is written: the same members, each
 * of a type that the schema allows.
 */
export const describeModel =
  <Model>() =>
  <S extends z.ZodRawShape>(shape: S & Fitting<Model, S>) =>
    z.object<S>(shape);
type Fitting<Model, S> = {
  [M in keyof Model | keyof S]: M extends keyof Model & keyof S
    ? Model[M] extends z.input<S[M]>
      ? S[M]
      : never
    : never;
};

/** The path of a route as OpenAPI writes it. */
export const toPath = ({ url }: DocumentedRoute) => url.replace(/:(\w+)/g, '{$1}');

/**
 * The OpenAPI document of the routes. A schema that has an `id` in its metadata becomes a component.
 * @param frame what the document says besides; its `openapi` decides how schemas are written
 */
export function buildDocument(
  routes: readonly DocumentedRoute[],
  frame: OpenApiNode & { openapi: string; components: OpenApiNode },
  ids: KnownIds = {},
): OpenApiNode {
  const components: Record<string, OpenApiNode> = {};
  const toJsonSchema = buildToJsonSchema(frame.openapi.startsWith('3.0'), components);
  const paths: Record<string, OpenApiNode> = {};
  for (const route of routes) {
    const [method = ''] = [route.method].flat();
    const operation = toOperation(route, method.toLowerCase(), toJsonSchema, ids);
    paths[toPath(route)] = { ...paths[toPath(route)], [method.toLowerCase()]: operation };
  }
  return { ...frame, paths, components: { ...frame.components, schemas: components } };
}

function toOperation(
  { url, schema }: DocumentedRoute,
  method: string,
  toJsonSchema: ToJsonSchema,
  ids: KnownIds,
): OpenApiNode {
  const { operationId, summary, description, tags, security, params, querystring, response, hasYaml } = schema;
  const parameters = [
    ...toParameters('path', params, toJsonSchema, ids),
    ...toParameters('query', querystring, toJsonSchema, {}),
  ];
  // DELETE takes a body, but needs none, and few clients send one.
  const body = method === 'delete' ? undefined : schema.body;
  const examples = schema.toExamples?.(ids);
  return {
    operationId: operationId ?? `${method}${url.replace(/[^a-z]+/g, '_')}`,
    summary,
    ...(description && { description }),
    tags,
    ...(security && { security }),
    ...(parameters.length > 0 && { parameters }),
    ...(body && {
      requestBody: {
        // No body at all is an empty object.
        required: !body.safeParse({}).success,
        content: {
          'application/json': { schema: toJsonSchema(body), ...(examples && { examples }) },
          ...(hasYaml && YAML),
        },
      },
    }),
    responses: Object.fromEntries(
      Object.entries(response).map(([status, answer]) => {
        const documented = toResponse(answer, toJsonSchema);
        const isYaml = hasYaml && method === 'get' && status === '200';
        return [status, isYaml ? { ...documented, content: { ...Object(documented.content), ...YAML } } : documented];
      }),
    ),
  };
}

function toParameters(
  place: 'path' | 'query',
  schema: z.ZodObject | undefined,
  toJsonSchema: ToJsonSchema,
  ids: KnownIds,
): OpenApiNode[] {
  return Object.entries(schema?.shape ?? {}).map(([name, member]) => {
    const { description, ...rest } = toJsonSchema(member as z.ZodType);
    const example = Object.entries(ids).find(([known]) => known === name)?.[1];
    const more = { ...(place === 'path' && { required: true }), ...(example !== undefined && { example }) };
    return { name, in: place, ...more, schema: rest, description };
  });
}

/** What a document says of a body in YAML. */
const YAML = { 'application/yaml': { schema: { type: 'string', description: 'A seed file' } } };

function toResponse(
  response: DocumentedResponse | TextResponse | EmptyResponse,
  toJsonSchema: ToJsonSchema,
): OpenApiNode {
  const { description, headers, content } = response;
  if (content === undefined) return { description };
  const refs = headers?.map((name) => [name, { $ref: `#/components/headers/${name}` }]);
  const bodies = Object.entries(content).map(([type, { schema, examples }]) => [
    type,
    { schema: toJsonSchema(schema), ...(examples && { examples }) },
  ]);
  return {
    description,
    ...(refs && { headers: Object.fromEntries(refs) }),
    content: Object.fromEntries(bodies),
  };
}
