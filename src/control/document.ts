import type { FastifyInstance } from 'fastify';
import { DEFAULT_SANDBOX } from '../domain/state.ts';
import { buildDocumentText } from '../http/document-text.ts';
import { sendJson } from '../http/envelope.ts';
import { buildDocument, type DocumentedRoute, type RouteSchema, toPath } from '../http/openapi.ts';
import type { Sandboxes } from '../sandbox/sandboxes.ts';
import { refusal } from './routes.ts';

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
  // Written once for each key that the examples name: the first of the sandbox, until that is another.
  let written: { apiKeyId: string | undefined; toText: (host: string | undefined) => string } | undefined;
  app.get('/_mock/openapi.json', async (request, reply) => {
    const found = await sandboxes.find(DEFAULT_SANDBOX);
    const [apiKey] = (await found?.sandbox.listApiKeys({ limit: 1 })) ?? [];
    const apiKeyId = apiKey?.api_key_id;
    if (written === undefined || written.apiKeyId !== apiKeyId) {
      const refusing = routes.map((route) => withRefusals(route, hasToken));
      written = {
        apiKeyId,
        toText: buildDocumentText(buildDocument(refusing, toFrame(tags, version, hasToken), apiKeyId)),
      };
    }
    return sendJson(reply, written.toText(request.headers.host));
  });
}

/** The refusals of the guard, and of what a route takes. */
function withRefusals({ schema, ...route }: DocumentedRoute, hasToken: boolean): DocumentedRoute {
  const hasBody = schema.body !== undefined && route.method !== 'DELETE';
  const response: RouteSchema['response'] = {
    ...(hasBody && { 400: refusal('The body is not a JSON object, or is not sent as application/json') }),
    ...(schema.querystring && { 400: refusal('A filter is wrong') }),
    ...(hasToken && { 401: refusal('No token, or another') }),
    403: refusal(`A page of another origin${hasToken ? '' : ', or a Host that is not this machine'}`),
    404: refusal('No such sandbox'),
    ...(hasBody && { 422: refusal('A member is wrong') }),
    ...schema.response,
  };
  return { ...route, schema: { ...schema, response } };
}

const toFrame = (tags: Tag[], version: string, hasToken: boolean) => ({
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
  tags,
  components: { ...(hasToken && { securitySchemes: { controlToken: { type: 'http', scheme: 'bearer' } } }) },
});
