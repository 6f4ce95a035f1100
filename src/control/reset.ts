import type { FastifyInstance } from 'fastify';
import { conflict } from '../domain/errors.ts';
import { NoMembers } from './body.ts';
import { describedAs } from './openapi.ts';
import { sandboxOf } from './sandbox-of.ts';

/** `POST …/reset`: back to the state that the sandbox was made with. */
export function addResetRoute(scope: FastifyInstance): void {
  const route = { ...describedAs('Back to the state that the sandbox was made with'), schema: { body: NoMembers } };
  scope.post('/reset', route, async (request) => {
    if (await sandboxOf(request).reset())
      return { reset: ['organizations', 'api_keys', 'tiers', 'clock', 'limits', 'requests'] };
    throw conflict('This database is older than resets are: start once with --reset');
  });
}
