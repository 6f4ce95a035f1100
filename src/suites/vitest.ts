import { expect, inject, type TestAPI, test as vitestTest } from 'vitest';
import { openControlClient } from '../kit/client.ts';
import type { ControlClient } from '../kit/control-client.ts';
import { type MixpeekMatchers, matchers } from '../kit/matchers.ts';
import type { Sandbox } from '../kit/mock-client.ts';
import { SandboxPool } from '../kit/sandbox-pool.ts';
import { addReport, checkServed, reportRequests, type TestOptions } from '../kit/test-sandbox.ts';
import { MOST_SANDBOXES, type StartedServer } from './started-server.ts';

export type * from '../entry/client.ts';

declare module 'vitest' {
  // biome-ignore lint/suspicious/noExplicitAny: a declaration is merged with its like only
  interface Matchers<T = any> extends MixpeekMatchers {}
  interface ProvidedContext {
    /** Where the server is that `mixpeek-mock/vitest/setup` started. */
    mixpeekMock: StartedServer;
  }
}

/** What a test can ask for by name. */
export interface MixpeekFixtures {
  /** A sandbox that nobody else has: another one for each test, each retry and each repeat. */
  mixpeek: Sandbox;
  /** What it is to be; set by `test.override('mixpeekOptions', …)`, for a file or a `describe`. */
  mixpeekOptions: TestOptions;
  /** The variables that clients read, set for as long as the test runs. Not for concurrent tests: they share variables. */
  mixpeekEnv: Sandbox['env'];
}

interface AllFixtures extends MixpeekFixtures {
  mixpeekClient: ControlClient;
  mixpeekPool: SandboxPool;
}

expect.extend(matchers);

const extended = vitestTest.extend<AllFixtures>({
  mixpeekOptions: {},
  mixpeekClient: [
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads from it what a fixture needs
    async ({}, use) => {
      const { client, close } = await findServer();
      await use(client);
      await close();
    },
    { scope: 'worker' },
  ],
  mixpeekPool: [
    async ({ mixpeekClient }, use) => {
      const pool = new SandboxPool(mixpeekClient);
      await use(pool);
      await pool.close();
    },
    { scope: 'file' },
  ],
  mixpeek: async ({ mixpeekClient, mixpeekPool, mixpeekOptions, task, onTestFinished }, use) => {
    const sandbox = await mixpeekPool.open(mixpeekOptions);
    let problem: unknown;
    // What the end of a fixture throws, vitest reports twice.
    onTestFinished(() => {
      if (problem !== undefined) throw problem;
    });
    try {
      await use(sandbox);
      if (task.result?.state === 'fail') {
        // A test may have closed it.
        const report = await reportRequests(mixpeekClient, sandbox, mixpeekOptions).catch(() => '');
        for (const error of task.result.errors?.slice(-1) ?? []) addReport(error, report);
      } else {
        await checkServed(mixpeekClient, sandbox, mixpeekOptions);
      }
    } catch (error) {
      problem = error;
    } finally {
      await mixpeekPool.release(sandbox);
    }
  },
  mixpeekEnv: async ({ mixpeek, task }, use) => {
    if (task.concurrent === true) throw new Error(NOT_ALONE);
    const before = Object.keys(mixpeek.env).map((name) => [name, process.env[name]] as const);
    Object.assign(process.env, mixpeek.env);
    await use(mixpeek.env);
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  },
});

const NOT_ALONE =
  'mixpeekEnv sets variables of the process, which concurrent tests share: give the client mixpeek.apiKey and mixpeek.url instead';

/** vitest's `test`, with a sandbox for each test that asks for `mixpeek`. */
export const test: TestAPI<MixpeekFixtures> = extended as unknown as TestAPI<MixpeekFixtures>;
export const it: TestAPI<MixpeekFixtures> = test;
export { expect };

// A start counts for the time that a hook may take, not for that of the first test.
extended.beforeAll(({ mixpeekClient }) => void mixpeekClient);

/** The server that a variable names, or the setup started, or else one of this worker. */
async function findServer(): Promise<{ client: ControlClient; close(): Promise<void> }> {
  const started = process.env.MIXPEEK_MOCK_URL ? {} : inject('mixpeekMock');
  const own = started === undefined ? await startServer() : undefined;
  const client = openControlClient(own ?? started);
  const close = async () => {
    client.close();
    await own?.close();
  };
  return { client, close };
}

async function startServer() {
  const { createMockServer } = await import('../index.ts');
  return createMockServer({ maxSandboxes: MOST_SANDBOXES });
}
