import * as z from 'zod';
import type { UnknownFields } from '../wire/pydantic.ts';
import { toHealth } from './health.ts';
import { HEADERS, type Operation, STATUSES, type Status, UPDATE_EXAMPLES } from './openapi-answers.ts';
import {
  AccountTier,
  buildBaseRateLimits,
  buildOrganizationModelResponse,
  buildOrganizationUpdateRequest,
  integer,
  openObject,
} from './organization-schemas.ts';

/** A JSON object of an OpenAPI document. */
export type OpenApiNode = Record<string, unknown>;

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });

/** The OpenAPI 3.1 document of what this server serves: names and structure as in Mixpeek's own document. */
export function buildOpenApiDocument(version: string, unknownFields: UnknownFields): OpenApiNode {
  return {
    openapi: '3.1.0',
    info: {
      title: 'mixpeek-mock',
      version,
      summary: "A mock of Mixpeek's organization endpoint",
      description: 'The key decides which organization is meant. Not affiliated with Mixpeek.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'this server' }],
    tags: [
      { name: 'Organizations', description: 'The organization that the API key belongs to' },
      { name: 'Health', description: 'Whether this server answers' },
    ],
    security: [{ bearerAuth: [] }],
    paths: {
      '/v1/organizations': {
        get: buildOperation('get_organization_v1_organizations_get', 'Get the organization', GET, GET_STATUSES),
        patch: {
          ...buildOperation('update_organization_v1_organizations_patch', 'Update it', PATCH, PATCH_STATUSES),
          requestBody: {
            required: true,
            content: { 'application/json': { schema: ref('OrganizationUpdateRequest'), examples: UPDATE_EXAMPLES } },
          },
        },
      },
      '/v1/health': { get: buildHealth(version) },
    },
    components: {
      securitySchemes: {
        bearerAuth: { type: 'http', scheme: 'bearer', description: 'An API key: sk_live_…, sk_test_… or mxp_sk_…' },
      },
      headers: HEADERS,
      schemas: buildSchemas(unknownFields),
    },
  };
}

const GET: Operation = { permission: 'read', api_name: 'organizations.get' };
const PATCH: Operation = { permission: 'admin', api_name: 'organizations.update' };
const GET_STATUSES: Status[] = [200, 400, 401, 403, 404, 422, 429, 500, 503];
const PATCH_STATUSES: Status[] = [200, 400, 401, 403, 404, 413, 422, 429, 500, 503];

function buildOperation(operationId: string, summary: string, operation: Operation, statuses: Status[]): OpenApiNode {
  return {
    tags: ['Organizations'],
    operationId,
    summary,
    description: `Needs a key with the permission ${operation.permission}.`,
    responses: Object.fromEntries(statuses.map((status) => [status, buildResponse(status, operation)])),
  };
}

function buildResponse(status: Status, operation: Operation): OpenApiNode {
  const { description, headers, schema, toExamples } = STATUSES[status];
  return {
    description,
    headers: Object.fromEntries(headers.map((name) => [name, { $ref: `#/components/headers/${name}` }])),
    content: { 'application/json': { schema: ref(schema), examples: toExamples(operation) } },
  };
}

const BOOLEAN = { type: 'boolean' };
const PARTS = Object.keys(toHealth(true, '').data);

const buildHealth = (version: string): OpenApiNode => ({
  tags: ['Health'],
  operationId: 'health',
  summary: 'Whether the server answers',
  description: 'Needs no key.',
  security: [],
  responses: {
    200: {
      description: 'It does',
      headers: { 'X-Request-Id': { $ref: '#/components/headers/X-Request-Id' } },
      content: {
        'application/json': {
          schema: {
            type: 'object',
            required: ['status', 'data', 'errors', 'meta'],
            properties: {
              status: { type: 'string', enum: ['OK', 'DEGRADED'], description: 'DEGRADED: changes cannot be kept now' },
              data: {
                type: 'object',
                required: PARTS,
                properties: Object.fromEntries(PARTS.map((part) => [part, BOOLEAN])),
              },
              errors: { type: 'null' },
              meta: { type: 'object', required: ['version'], properties: { version: { type: 'string' } } },
            },
          },
          examples: { healthy: { value: toHealth(true, version) } },
        },
      },
    },
    400: { ...buildResponse(400, GET), headers: { 'X-Request-Id': { $ref: '#/components/headers/X-Request-Id' } } },
  },
});

/** The components, from the zod schemas; a schema that stands in another becomes a reference. */
function buildSchemas(unknownFields: UnknownFields): OpenApiNode {
  const rateLimits = buildBaseRateLimits(unknownFields);
  const ErrorDetail = z.object({
    message: z.string(),
    type: z.string(),
    details: openObject().nullish(),
  });
  const ValidationError = z.object({
    loc: z.array(z.union([z.string(), integer()])).describe('Where: body, then the member'),
    msg: z.string(),
    type: z.string().describe("pydantic's type of the error"),
    ctx: openObject().optional().describe('What the message was made of'),
  });
  const envelope = { success: z.boolean().default(false), status: integer(), error: ErrorDetail };
  const schemas = {
    OrganizationModelResponse: buildOrganizationModelResponse(rateLimits, AccountTier),
    OrganizationUpdateRequest: buildOrganizationUpdateRequest(unknownFields, rateLimits),
    BaseRateLimits: rateLimits,
    AccountTier,
    ErrorResponse: z.object(envelope),
    ErrorDetail,
    HTTPValidationError: z.object({ ...envelope, detail: z.array(ValidationError).optional() }),
    ValidationError,
  };
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(schemas)) registry.add(schema, { id });
  const generated = z.toJSONSchema(registry, {
    io: 'input',
    unrepresentable: 'any',
    uri: (id) => ref(id).$ref,
    override: ({ jsonSchema }) => writeNullable(jsonSchema),
  });
  return Object.fromEntries(
    Object.keys(schemas).map((name) => {
      // Every component names itself and its dialect, which OpenAPI says once for all of them.
      const { $id, $schema, ...schema } = generated.schemas[name] as OpenApiNode;
      return [name, schema];
    }),
  );
}

/**
 * Writes what may be null as tools read it. Specmatic takes no null for an object where `anyOf` allows it: there a list of
 * types does, and beside a reference `oneOf`.
 */
function writeNullable(schema: z.core.JSONSchema.BaseSchema): void {
  const { anyOf } = schema;
  const [one, none] = anyOf ?? [];
  if (anyOf === undefined || none?.type !== 'null') return;
  const isInline = one?.type === 'object' || one?.type === 'array';
  if (!isInline && one?.$ref === undefined) return;
  delete schema.anyOf;
  Object.assign(schema, isInline ? { ...one, type: [one.type, 'null'] } : { oneOf: anyOf });
}
