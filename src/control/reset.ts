import type { FastifyInstance } from 'fastify';
import { NoMembers } from './body.ts';
import { describedAs } from './openapi.ts';
import { requireSandbox } from './require-sandbox.ts';

const RESET = {
  summary: 'Back to the state that the sandbox was made with',
  answer: 'ResetDone',
  toExamples: () => ({ reset: { summary: 'All of it', value: {} } }),
} as const;

/** `POST …/reset`: back to the state that the sandbox was made with. */
export function addResetRoute(scope: FastifyInstance): void {
  scope.post('/reset', { ...describedAs(RESET), schema: { body: NoMembers } }, async (request) => {
    const { sandbox } = await requireSandbox(request);
    await request.sandboxes?.reset(sandbox.sandbox_id);
    return { reset: ['organizations', 'api_keys', 'tiers', 'clock', 'limits', 'requests'] };
  });
}
