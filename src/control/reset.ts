import type { FastifyInstance } from 'fastify';
import { conflict } from '../domain/errors.ts';
import { NoMembers } from './body.ts';
import { describedAs } from './openapi.ts';
import { sandboxOf } from './sandbox-of.ts';

const RESET = {
  summary: 'Back to the state that the sandbox was made with',
  answer: 'ResetDone',
  toExamples: () => ({ reset: { summary: 'All of it', value: {} } }),
  refusals: { 409: 'The database is older than resets are' },
} as const;

/** `POST …/reset`: back to the state that the sandbox was made with. */
export function addResetRoute(scope: FastifyInstance): void {
  scope.post('/reset', { ...describedAs(RESET), schema: { body: NoMembers } }, async (request) => {
    if (await sandboxOf(request).reset())
      return { reset: ['organizations', 'api_keys', 'tiers', 'clock', 'limits', 'requests'] };
    throw conflict('This database is older than resets are: start once with --reset', 'npx mixpeek-mock --reset');
  });
}
