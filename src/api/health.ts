import type { FastifyInstance } from 'fastify';
import { unavailable } from '../domain/errors.ts';
import type { Store } from '../store/store.ts';
import { sendJson } from '../wire/envelope.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Asked again and again by machines: a good answer is logged at debug only. */
    isProbe?: boolean;
  }
}

export type HealthSource = Pick<Store, 'canRead' | 'canWrite'>;

const METHODS = ['GET', 'HEAD'];

/**
 * `GET|HEAD /health`, which needs no key: the published model. `DEGRADED`, still with 200, while changes cannot be kept.
 * HEAD is for those who wait for a server: wait-on, `wget --spider`.
 */
export function addHealthRoute(scope: FastifyInstance, store: HealthSource, version: string): void {
  const config = { permission: 'none', isJournaled: false, isProbe: true } as const;
  scope.route({
    method: METHODS,
    url: '/health',
    config,
    handler: async (_request, reply) => sendJson(reply, JSON.stringify(toHealth(await store.canWrite(), version))),
  });
}

/** The published health model; of what it names the mock has the metadata alone. */
export function toHealth(metadata: boolean, version: string) {
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
