import { RUNNING, type Running, startForRun } from './started-server.ts';

/** For `globalSetup`: one server for the whole run, in jest's own process, whose workers find it by a variable. */
export default async function setup(): Promise<void> {
  const server = await startForRun();
  if (server === undefined) return;
  (globalThis as Running)[RUNNING] = server;
  process.env.MIXPEEK_MOCK_URL = server.url;
}
