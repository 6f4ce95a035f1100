import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { DEFAULT_SANDBOX } from '../domain/state.ts';
import { buildDocumentText } from '../http/document-text.ts';
import { sendJson } from '../http/envelope.ts';
import { buildDocument, type DocumentedRoute, type KnownIds, type RouteSchema, toPath } from '../http/openapi.ts';
import type { Sandboxes } from '../sandbox/sandboxes.ts';
import { refusal, SANDBOX_ID } from './routes.ts';

interface Tag {
  name: string;
  description: string;
}

/** Serves a list of the routes, and their OpenAPI document. */
export function addControlDocument(
  app: FastifyInstance,
  routes: readonly DocumentedRoute[],
  tags: Tag[],
  sandboxes: Sandboxes,
  version: string,
  hasToken: boolean,
): void {
  app.get('/_mock', async () => ({
    name: 'mixpeek-mock',
    version,
    document: '/_mock/openapi.json',
    routes: routes.map((route) => ({ method: route.method, path: toPath(route), summary: route.schema.summary })),
  }));
  // Written once for the ids that the examples name: the first of the sandbox, until they are others.
  let written: { ids: string; toText: (host: string | undefined) => string } | undefined;
  app.get('/_mock/openapi.json', async (request, reply) => {
    const ids = await findIds(sandboxes);
    const key = JSON.stringify(ids);
    if (written?.ids !== key) {
      const refusing = routes.map((route) => withRefusals(route, hasToken));
      const document = buildDocument(refusing, toFrame(tags, version, hasToken), ids);
      written = { ids: key, toText: buildDocumentText(document) };
    }
    return sendJson(reply, written.toText(request.headers.host));
  });
}

async function findIds({ stored }: Sandboxes): Promise<KnownIds> {
  const [keys, organizations, sandbox] = await Promise.all([
    stored.pageApiKeys(DEFAULT_SANDBOX, 0, 1),
    stored.pageOrganizations(DEFAULT_SANDBOX, 0, 1),
    stored.listSandbox(DEFAULT_SANDBOX),
  ]);
  return {
    api_key_id: keys.items[0]?.api_key_id,
    organization_id: organizations.items[0]?.organization_id,
    fault_id: sandbox?.settings.faults[0]?.id,
  };
}

/** The refusals of the guard, and of what a route takes. */
function withRefusals({ schema, ...route }: DocumentedRoute, hasToken: boolean): DocumentedRoute {
  const hasBody = schema.body !== undefined && route.method !== 'DELETE';
  const hasPattern = Object.values(schema.params?.shape ?? {}).some(hasChecks);
  const response: RouteSchema['response'] = {
    ...(hasPattern && { 400: refusal('The path is wrong') }),
    ...(hasBody && { 400: refusal('The body is not a JSON object, or is not sent as application/json') }),
    ...(schema.querystring && { 400: refusal('A filter is wrong') }),
    ...(hasToken && { 401: refusal('No token, or another') }),
    403: refusal(`A page of another origin${hasToken ? '' : ', or a Host that is not this machine'}`),
    // Where any id will do, a sandbox is made.
    ...(schema.params && schema.params.shape.sandbox_id !== SANDBOX_ID && { 404: refusal('No such sandbox') }),
    ...(hasBody && { 413: refusal('The body is too long') }),
    ...(hasBody && { 422: refusal('A member is wrong') }),
    ...schema.response,
  };
  return { ...route, schema: { ...schema, response } };
}

/** Whether not every text will do. */
const hasChecks = (schema: unknown) => schema instanceof z.ZodString && schema.def.checks !== undefined;

const toFrame = (tags: Tag[], version: string, hasToken: boolean) => ({
  openapi: '3.1.0',
  info: {
    title: 'mixpeek-mock, control plane',
    version,
    description:
      'What only the mock does. Not for pages of other origins. POST, PUT and PATCH need Content-Type: application/json, ' +
      'with or without a body; …/pact/provider-states alone needs none.',
    license: { name: 'MIT', identifier: 'MIT' },
  },
  security: hasToken ? [{ controlToken: [] }] : [],
  tags,
  components: { ...(hasToken && { securitySchemes: { controlToken: { type: 'http', scheme: 'bearer' } } }) },
});
