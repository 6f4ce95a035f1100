import { RUNNING, type Running } from './started-server.ts';

/** For `globalTeardown`: closes what the setup started. */
export default async function teardown(): Promise<void> {
  const server = (globalThis as Running)[RUNNING];
  if (server === undefined) return;
  delete process.env.MIXPEEK_MOCK_URL;
  await server.close();
}
