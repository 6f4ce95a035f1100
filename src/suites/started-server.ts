import type { MockServer } from '../index.ts';

/** Where a server is that was started for a whole run. */
export interface StartedServer {
  url: string;
  controlToken: string | undefined;
}

/** A server for the whole run, in this process; undefined where a variable names one already. */
export async function startForRun(): Promise<MockServer | undefined> {
  if (process.env.MIXPEEK_MOCK_URL) return undefined;
  const { createMockServer } = await import('../index.ts');
  return createMockServer();
}
