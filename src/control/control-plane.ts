import type { FastifyInstance } from 'fastify';
import type { Sandboxes } from '../sandbox/sandboxes.ts';
import type { ReceivedBody } from '../wire/body.ts';
import { requireHost } from '../wire/body-parser.ts';
import { readControlBody } from './body.ts';
import { addClockRoutes } from './clock.ts';
import { addControlFallback } from './fallback.ts';
import { buildGuard } from './guard.ts';
import { addLimitsRoutes } from './limits.ts';
import { addControlDocument } from './openapi.ts';
import { addRequestRoutes } from './requests.ts';
import { addResetRoute } from './reset.ts';

/** What only the mock does: looking into a sandbox and changing it from outside. Beside the API, never in its scope. */
export async function addControlPlane(
  scope: FastifyInstance,
  sandboxes: Sandboxes,
  { token, version }: { token: string | undefined; version: string },
): Promise<void> {
  scope.decorateRequest('sandboxes', null);
  scope.addHook('onRequest', requireHost);
  scope.addHook('onRequest', buildGuard(token));
  scope.addHook('onRequest', (request, reply, done) => {
    request.sandboxes = sandboxes;
    reply.header('content-type', 'application/json').header('cache-control', 'no-store').serializer(JSON.stringify);
    done();
  });
  scope.setValidatorCompiler(({ schema }) => (received: ReceivedBody | null) => {
    try {
      return { value: readControlBody(schema as never, received) };
    } catch (error) {
      return { error: error as Error };
    }
  });
  addControlFallback(scope);
  addControlDocument(scope, { sandboxes, version, hasToken: token !== undefined });
  await scope.register(
    async (sandbox) => {
      addClockRoutes(sandbox);
      addLimitsRoutes(sandbox);
      addRequestRoutes(sandbox);
      addResetRoute(sandbox);
    },
    { prefix: '/sandboxes/:sandbox_id' },
  );
}
