import { onTestFinished } from 'vitest';
import { createMockServer, type MockServerOptions } from '../../src/index.ts';
import type { Parsed } from './conformance.ts';
import { makeFolder } from './folder.ts';
import { runCli } from './process.ts';

/** A server, the program with its URL in the variable, and its control plane. */
export async function startControlled(options: MockServerOptions = {}) {
  const { url, close } = await createMockServer(options);
  onTestFinished(close);
  const folder = makeFolder();
  const run = (args: string[], variables: Record<string, string> = {}) =>
    runCli(args, folder, { MIXPEEK_MOCK_URL: url, ...variables });
  const control = async (method: string, path: string, body: unknown = {}): Promise<Parsed> => {
    const headers = { 'content-type': 'application/json' };
    const sent = method === 'GET' ? { method } : { method, headers, body: JSON.stringify(body) };
    return (await fetch(`${url}/_mock/sandboxes${path}`, sent)).json();
  };
  return { url, folder, run, control, close };
}

/** What a command ends with that did what it was asked to, and one that did not. */
export const done = (line: string) => ({ code: 0, stdout: `${line}\n`, stderr: '' });
export const failed = (...lines: string[]) => ({ code: 1, stdout: '', stderr: `mixpeek-mock: ${lines.join('\n')}\n` });
