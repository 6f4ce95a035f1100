import { buildDocument, type DocumentedRoute, type OpenApiNode, toAddRoute } from '../http/openapi.ts';
import { addHealthRoute, type HealthSource } from './health.ts';
import { addOrganizationRoutes } from './organizations.ts';
import { type AddApiRoute, type Documented, HEADERS, OF_ANY_METHOD } from './routes.ts';

/**
 * Every operation that this server has of the API.
 * @param documented the settings whose members the routes name; without them they take those of every version
 */
export function addOperations(
  add: AddApiRoute,
  store: Pick<HealthSource, 'canWrite'>,
  version: string,
  documented?: Documented,
): void {
  addOrganizationRoutes(add, documented);
  addHealthRoute(add, store, version);
}

export type OpenApiVersion = '3.1' | '3.0';

/** The OpenAPI document of the API as these settings have it: names and structure as in Mixpeek's own document. */
export function buildApiDocument(version: string, documented: Documented, openapi: OpenApiVersion): OpenApiNode {
  const routes: DocumentedRoute[] = [];
  const add: AddApiRoute = toAddRoute({ prefix: '/v1', route: () => {} }, routes);
  addOperations(add, { canWrite: async () => true }, version, documented);
  return buildDocument(openapi === '3.0' ? routes.map(withAllRefusals) : routes, {
    openapi: openapi === '3.0' ? '3.0.3' : '3.1.0',
    info: {
      title: 'mixpeek-mock',
      version,
      ...(openapi === '3.1' && { summary: "A mock of Mixpeek's organization endpoint" }),
      description: `Version ${documented.api_version} of the API. The key decides which organization is meant. Not affiliated with Mixpeek.`,
      license: { name: 'MIT', ...(openapi === '3.1' && { identifier: 'MIT' }) },
    },
    servers: [{ url: '/', description: 'this server' }],
    tags: [
      { name: 'Organizations', description: 'The organization that the API key belongs to' },
      { name: 'Health', description: 'Whether this server answers' },
    ],
    security: [{ bearerAuth: [] }],
    components: {
      securitySchemes: {
        bearerAuth: { type: 'http', scheme: 'bearer', description: 'An API key: sk_live_…, sk_test_… or mxp_sk_…' },
      },
      headers: HEADERS,
    },
  });
}

/** Validators that read 3.0 look a status up in the operation of the request, and know no `default`. */
const withAllRefusals = ({ schema, ...route }: DocumentedRoute): DocumentedRoute => ({
  ...route,
  schema: { ...schema, response: { ...OF_ANY_METHOD, ...schema.response } },
});
