import * as z from 'zod';
import type { Permission } from '../domain/api-key.ts';
import type { UnknownFields } from '../wire/pydantic.ts';
import { toHealth } from './health.ts';
import { EXAMPLES, HEADERS, STATUSES, type Status } from './openapi-answers.ts';
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
        get: buildOperation('get_organization_v1_organizations_get', 'Get the organization', 'read', GET_STATUSES),
        patch: {
          ...buildOperation('update_organization_v1_organizations_patch', 'Update it', 'admin', PATCH_STATUSES),
          requestBody: {
            required: true,
            content: { 'application/json': { schema: ref('OrganizationUpdateRequest'), examples: EXAMPLES.update } },
          },
        },
      },
      '/v1/health': { get: HEALTH },
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

const GET_STATUSES: Status[] = [200, 400, 401, 403, 404, 422, 429, 500];
const PATCH_STATUSES: Status[] = [200, 400, 401, 403, 404, 413, 422, 429, 500];

function buildOperation(operationId: string, summary: string, permission: Permission, statuses: Status[]): OpenApiNode {
  return {
    tags: ['Organizations'],
    operationId,
    summary,
    description: `Needs a key with the permission ${permission}.`,
    responses: Object.fromEntries(statuses.map((status) => [status, buildResponse(status)])),
  };
}

function buildResponse(status: Status): OpenApiNode {
  const { description, headers, schema, example } = STATUSES[status];
  return {
    description,
    headers: Object.fromEntries(headers.map((name) => [name, { $ref: `#/components/headers/${name}` }])),
    content: { 'application/json': { schema: ref(schema), examples: { example: { value: example } } } },
  };
}

const HEALTH: OpenApiNode = {
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
              status: { enum: ['OK', 'DEGRADED'], description: 'DEGRADED: changes cannot be kept now' },
              data: { type: 'object', additionalProperties: { type: 'boolean' } },
              errors: { type: 'null' },
              meta: { type: 'object', required: ['version'], properties: { version: { type: 'string' } } },
            },
          },
          examples: { example: { value: toHealth(true, '0.1.0') } },
        },
      },
    },
    400: { ...buildResponse(400), headers: { 'X-Request-Id': { $ref: '#/components/headers/X-Request-Id' } } },
  },
};

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
  const generated = z.toJSONSchema(registry, { io: 'input', unrepresentable: 'any', uri: (id) => ref(id).$ref });
  return Object.fromEntries(
    Object.keys(schemas).map((name) => {
      // Every component names itself and its dialect, which OpenAPI says once for all of them.
      const { $id, $schema, ...schema } = generated.schemas[name] as OpenApiNode;
      return [name, schema];
    }),
  );
}
