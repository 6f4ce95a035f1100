import type { FastifyInstance } from 'fastify';
import type { Metrics } from '../http/metrics.ts';

/** `GET|HEAD /metrics`, for Prometheus: it needs no key. */
export function addMetricsRoute(scope: FastifyInstance, metrics: Metrics): void {
  scope.route({
    method: ['GET', 'HEAD'],
    url: '/metrics',
    config: { isProbe: true },
    handler: async (_request, reply) => {
      const { type, text } = await metrics.write();
      return reply.header('content-type', type).send(text);
    },
  });
}
