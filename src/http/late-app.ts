import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/**
 * A hook that lets an app of its own answer whatever reaches a scope. The app is built at its first request, so that the start
 * does not wait for it; what could not be built is tried again at the next one.
 */
export function answerLate(scope: FastifyInstance, build: () => Promise<FastifyInstance>) {
  const start = async () => {
    const built = await build();
    await built.ready();
    return built;
  };
  let app: Promise<FastifyInstance> | undefined;
  scope.addHook('onClose', async () => (await app)?.close());
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    app ??= start();
    app.catch(() => {
      app = undefined;
    });
    const { routing } = await app;
    reply.hijack();
    // Both apps name the request the same.
    request.raw.headers['x-request-id'] = request.id;
    // What the hooks have set, CORS above all, would be lost.
    for (const [name, value = ''] of Object.entries(reply.getHeaders())) reply.raw.setHeader(name, value);
    routing(request.raw, reply.raw);
  };
}
