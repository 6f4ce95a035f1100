import type { FastifyInstance } from 'fastify';
import { sendJson } from '../wire/envelope.ts';

/** `GET /health`, for whoever waits for the server; it needs no key. */
export function addHealthRoute(scope: FastifyInstance, version: string): void {
  const body = JSON.stringify({ status: 'ok', version });
  scope.get('/health', { config: { permission: 'none', isJournaled: false } }, async (_request, reply) =>
    sendJson(reply, body),
  );
}
