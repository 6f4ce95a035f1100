import type { FastifyInstance, HTTPMethods } from 'fastify';
import * as z from 'zod';
import { unavailable } from '../domain/errors.ts';
import { once } from '../domain/once.ts';
import { sendJson } from '../http/envelope.ts';
import { type AddApiRoute, answered, NO_HOST, unreadable } from './routes.ts';

/** Whether the storage works, see `Store`. */
export interface HealthSource {
  canRead(): Promise<boolean>;
  canWrite(): Promise<boolean>;
}

const METHODS: HTTPMethods[] = ['GET', 'HEAD'];

/** The published health model. */
const Health = once(() =>
  z.object({
    status: z.enum(['OK', 'DEGRADED']).describe('DEGRADED: changes cannot be kept now'),
    data: z.object({
      cache: z.boolean(),
      metadata: z.boolean(),
      vector_store: z.boolean(),
      object_storage: z.boolean(),
      task_queue: z.boolean(),
      inference: z.boolean(),
    }),
    errors: z.null(),
    meta: z.object({ version: z.string() }),
  }),
);

/**
 * `GET|HEAD /health`, which needs no key: the published model. `DEGRADED`, still with 200, while changes cannot be kept.
 * HEAD is for those who wait for a server: wait-on, `wget --spider`.
 */
export function addHealthRoute(add: AddApiRoute, store: Pick<HealthSource, 'canWrite'>, version: string): void {
  add(
    METHODS,
    '/health',
    {
      config: { permission: 'none', isJournaled: false, isProbe: true },
      tags: ['Health'],
      operationId: 'health',
      summary: 'Whether the server answers',
      description: 'Needs no key.',
      security: [],
      response: {
        200: answered('It does', Health, { healthy: { value: toHealth(true, version) } }, ['X-Request-Id']),
        400: unreadable(NO_HOST, ['X-Request-Id']),
      },
    },
    async (_request, reply) => {
      sendJson(reply, JSON.stringify(toHealth(await store.canWrite(), version)));
    },
  );
}

/** Of what the model names the mock has the metadata alone. */
function toHealth(metadata: boolean, version: string): z.output<ReturnType<typeof Health>> {
  return {
    status: metadata ? 'OK' : 'DEGRADED',
    data: { cache: true, metadata, vector_store: true, object_storage: true, task_queue: true, inference: true },
    errors: null,
    meta: { version },
  };
}

/**
 * `GET|HEAD /livez` and `/readyz`, as Kubernetes asks: whether the process lives, and whether requests are to be sent to it,
 * which ends with the first signal to stop.
 */
export function addProbeRoutes(scope: FastifyInstance, store: HealthSource, isStopping: () => boolean): void {
  const config = { isProbe: true };
  scope.route({ method: METHODS, url: '/livez', config, handler: async (_request, reply) => sendJson(reply, FINE) });
  scope.route({
    method: METHODS,
    url: '/readyz',
    config,
    handler: async (_request, reply) => {
      if (isStopping()) throw unavailable('this server is stopping');
      if (!(await store.canRead())) throw unavailable('the database cannot be read: the log of the server says more');
      return sendJson(reply, FINE);
    },
  });
}

const FINE = JSON.stringify({ status: 'OK' });
