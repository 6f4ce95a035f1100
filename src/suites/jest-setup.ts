import type { MockServer } from '../index.ts';
import { startForRun } from './started-server.ts';

/** Where the teardown finds it: both run in jest's own process. */
export const RUNNING = Symbol.for('mixpeek-mock/jest');

export type Running = { [RUNNING]?: MockServer | undefined };

/** For `globalSetup`: one server for the whole run, in jest's own process, whose workers find it by a variable. */
export default async function setup(): Promise<void> {
  const server = await startForRun();
  if (server === undefined) return;
  (globalThis as Running)[RUNNING] = server;
  process.env.MIXPEEK_MOCK_URL = server.url;
}
