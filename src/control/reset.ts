import * as z from 'zod';
import type { AddRoute } from '../http/openapi.ts';
import type { Sandboxes } from '../sandbox/sandboxes.ts';
import { done, type FindSandbox, InSandbox, NoMembers } from './routes.ts';

const ResetDone = z.strictObject({ reset: z.array(z.string()).describe('What was reset') }).meta({ id: 'ResetDone' });

/** `POST …/reset`: back to the state that the sandbox was made with. */
export function addResetRoute(add: AddRoute, find: FindSandbox, sandboxes: Sandboxes): void {
  add(
    'POST',
    '/reset',
    {
      tags: ['reset'],
      summary: 'Back to the state that the sandbox was made with',
      params: InSandbox,
      body: NoMembers,
      toExamples: () => ({ reset: { summary: 'All of it', value: {} } }),
      response: {
        200: done(ResetDone, {
          reset: ['organizations', 'api_keys', 'tiers', 'clock', 'limits', 'api_version', 'unknown_fields', 'requests'],
        }),
      },
    },
    async ({ params }) => {
      const { sandbox, settings } = await find(params);
      await sandboxes.reset(sandbox.sandbox_id);
      return { reset: ['organizations', 'api_keys', ...Object.keys(settings), 'requests'] };
    },
  );
}
