import { type ConnectOptions, openControlClient } from './client.ts';
import type { Sandbox } from './mock-client.ts';
import { buildMockClient } from './remote-sandbox.ts';
import { addReport, checkServed, reportRequests, type TestOptions, toSandboxOptions } from './test-sandbox.ts';

/**
 * A sandbox for as long as a function uses it, also where tests of a file run at the same time. What the function throws says
 * which requests the sandbox received.
 * @throws what the function throws; {@link UnservedError}; {@link ControlError} where there is no server
 */
export async function withSandbox<T>(
  use: (sandbox: Sandbox) => Promise<T> | T,
  options: TestOptions & ConnectOptions = {},
): Promise<T> {
  const { url, controlToken, ...wanted } = options;
  const client = openControlClient({ url, controlToken });
  try {
    const sandbox = await buildMockClient(client).createSandbox(toSandboxOptions(wanted));
    try {
      const result = await use(sandbox);
      await checkServed(client, sandbox, wanted);
      return result;
    } catch (error) {
      addReport(error, await reportRequests(client, sandbox, wanted).catch(() => ''));
      throw error;
    } finally {
      // What the function throws says more than a server that is gone.
      await sandbox.close().catch(() => {});
    }
  } finally {
    client.close();
  }
}
