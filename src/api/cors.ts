import { promisify } from 'node:util';
import cors, { type FastifyCorsOptionsDelegateCallback } from '@fastify/cors';
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify';

/** How long a browser may keep what a preflight allowed, in seconds. */
const MAX_AGE = 600;

/** Any origin, no credentials: so every header may be named at once, and a preflight allows what it asks for. */
const toOptions: FastifyCorsOptionsDelegateCallback = ({ headers }, done) => {
  const method = headers['access-control-request-method'];
  const preflight = method === undefined ? { preflight: false } : { methods: method, maxAge: MAX_AGE };
  done(null, { origin: '*', exposedHeaders: '*', strictPreflight: false, ...preflight });
};

/**
 * CORS for a scope, what it does not serve included. As with Starlette, what names no origin is answered without these
 * headers; the library would write them for everybody, which is a seventh of the time of a GET. Its route, which answers
 * `OPTIONS` of every path, is left out: its hook answers a preflight, any other `OPTIONS` is a method like any other.
 */
export async function addCors(scope: FastifyInstance): Promise<void> {
  const addHook = (name: 'onRequest', answer: onRequestHookHandler) =>
    scope.addHook(name, function (request, reply, done) {
      if (request.headers.origin !== undefined) return answer.call(this, request, reply, done);
      if (!isPreflight(request)) return done();
      return void reply.code(204).send();
    });
  const facade = Object.create(scope, { addHook: { value: addHook }, options: { value: () => {} } });
  await promisify(cors)(facade, { delegator: toOptions });
}

const isPreflight = ({ method, headers }: FastifyRequest) =>
  method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;

/** The headers of CORS for what meets no hook. */
export function setCorsHeaders({ headers }: FastifyRequest, reply: FastifyReply): void {
  if (headers.origin === undefined) return;
  reply.header('access-control-allow-origin', '*').header('access-control-expose-headers', '*');
}
