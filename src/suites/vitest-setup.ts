import type { TestProject } from 'vitest/node';
import { startForRun } from './started-server.ts';

/** For `globalSetup`: one server for the whole run, in vitest's own process, so that nothing can be left of it. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const server = await startForRun();
  if (server === undefined) return undefined;
  project.provide('mixpeekMock', { url: server.url, controlToken: server.controlToken });
  return () => server.close();
}
