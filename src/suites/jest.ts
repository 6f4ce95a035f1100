import { openControlClient } from '../kit/client.ts';
import type { ControlClient } from '../kit/control-client.ts';
import { ControlError } from '../kit/control-error.ts';
import { matchers } from '../kit/matchers.ts';
import type { Sandbox } from '../kit/mock-client.ts';
import { SandboxPool } from '../kit/sandbox-pool.ts';
import { addReport, checkServed, reportRequests, type TestOptions } from '../kit/test-sandbox.ts';

export type * from '../entry/client.ts';

/** What jest gives to a test file, with `injectGlobals` or without. */
interface JestGlobals {
  expect: { extend(matchers: object): void };
  beforeEach(run: () => Promise<void>): void;
  afterEach(run: () => Promise<void>): void;
  afterAll(run: () => Promise<void>): void;
}

/** Of jest-circus, which tells handlers about the test that is running. */
interface CircusTest {
  errors: unknown[];
}
type CircusHandler = (event: { name: string; test?: CircusTest }) => void;

const findGlobals = (): JestGlobals =>
  'expect' in globalThis ? (globalThis as unknown as JestGlobals) : require('@jest/globals');

findGlobals().expect.extend(matchers);

const NO_TEST =
  "useSandbox(): there is no sandbox outside of a test, nor in test.concurrent, before which jest runs no hook: use withSandbox of 'mixpeek-mock/client' there";
const NO_SERVER =
  "there is no server: set globalSetup: 'mixpeek-mock/jest/setup' and globalTeardown: 'mixpeek-mock/jest/teardown' in the configuration of jest, or MIXPEEK_MOCK_URL";

/**
 * A sandbox that nobody else has: another one for each test of the file, or of the `describe` in which this is called.
 * @returns always the one of the test that is running; it has no members outside of one
 */
export function useSandbox(options: TestOptions = {}): Sandbox {
  const { beforeEach, afterEach, afterAll } = findGlobals();
  let current: Sandbox | undefined;
  let failing: CircusTest | undefined;
  let opened: { client: ControlClient; pool: SandboxPool } | undefined;
  const open = () => {
    if (!process.env.MIXPEEK_MOCK_URL) throw new ControlError(NO_SERVER);
    const client = openControlClient();
    opened = { client, pool: new SandboxPool(client) };
    return opened;
  };
  const stopWatching = watchFailures((test) => {
    failing = test;
  });
  // Hooks behind the test run in their order: one of the user, behind ours, still has the sandbox.
  const release = async () => {
    const former = current;
    current = undefined;
    if (former !== undefined) await opened?.pool.release(former);
  };
  beforeEach(async () => {
    await release();
    failing = undefined;
    current = await (opened ?? open()).pool.open(options);
  });
  afterEach(async () => {
    if (current === undefined || opened === undefined) return;
    const { client } = opened;
    if (failing === undefined) await checkServed(client, current, options);
    else addReports(failing, await reportRequests(client, current, options).catch(() => ''));
  });
  afterAll(async () => {
    stopWatching();
    await release();
    await opened?.pool.close();
    opened?.client.close();
  });
  return new Proxy({} as Sandbox, {
    get(_, name) {
      if (current === undefined) throw new Error(NO_TEST);
      return Reflect.get(current, name);
    },
    has: (_, name) => current !== undefined && name in current,
  });
}

/** Hears of tests that fail, where this jest tells. */
function watchFailures(onFailure: (test: CircusTest) => void): () => void {
  const handlers: unknown = Reflect.get(globalThis, Symbol.for('EVENT_HANDLERS'));
  if (!Array.isArray(handlers)) return () => {};
  const handler: CircusHandler = ({ name, test }) => {
    if (name === 'test_fn_failure' && test !== undefined) onFailure(test);
  };
  handlers.push(handler);
  return () => void handlers.splice(handlers.indexOf(handler), 1);
}

/** Jest keeps errors in pairs, with where the test was defined. */
function addReports({ errors }: CircusTest, report: string): void {
  const [error] = [errors.at(-1)].flat();
  addReport(error, report);
}
