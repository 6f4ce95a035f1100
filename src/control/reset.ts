import * as z from 'zod';
import { BEFORE_RESET } from '../domain/state.ts';
import type { AddRoute } from '../http/openapi.ts';
import type { Sandboxes } from '../sandbox/sandboxes.ts';
import { done, type FindSandbox, InSandbox, listReplaced, NoMembers, Undo } from './routes.ts';

const ResetDone = z
  .strictObject({ reset: z.array(z.string()).describe('What was reset'), ...Undo })
  .meta({ id: 'ResetDone' });

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
      response: { 200: done(ResetDone, { reset: listReplaced(), before: BEFORE_RESET }) },
    },
    async ({ params }) => {
      await find(params);
      await sandboxes.reset(params.sandbox_id);
      return { reset: listReplaced(), before: BEFORE_RESET };
    },
  );
}
