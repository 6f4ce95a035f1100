import type { MockServer } from '../index.ts';

/** Where a server is that was started for a whole run. */
export interface StartedServer {
  url: string;
  controlToken: string | undefined;
}

/** Sandboxes that a run may have at once: each of many workers makes some ahead. */
export const MOST_SANDBOXES = 100_000;

/** Where jest's teardown finds the server of the setup: both run in jest's own process. */
export const RUNNING = Symbol.for('mixpeek-mock/jest');
export type Running = { [RUNNING]?: MockServer | undefined };

/** A server for the whole run, in this process; undefined where a variable names one already. */
export async function startForRun(): Promise<MockServer | undefined> {
  if (process.env.MIXPEEK_MOCK_URL) return undefined;
  const { createMockServer } = await import('../index.ts');
  return createMockServer({ maxSandboxes: MOST_SANDBOXES });
}
