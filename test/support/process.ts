import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

export const CLI = fileURLToPath(new URL('../../dist/cli.cjs', import.meta.url));

export interface Ready {
  event: string;
  url: string;
  db: string;
  api_keys: {
    key: string | null;
    key_prefix?: string;
    organization_id: string;
    account_type: string;
    permissions: string[];
    status?: string;
  }[];
}

export interface RunningServer {
  ready: Ready;
  child: ChildProcess;
  stderr: () => string;
  /** Sends the signal; the exit code, or the signal that ended the process. */
  stop(signal?: NodeJS.Signals): Promise<number | string>;
}

/** Starts the real program; its folder and its environment are the test's own. */
export function spawnCli(
  args: string[],
  folder: string,
  variables: Record<string, string> = {},
  program = CLI,
  stdin: 'ignore' | 'pipe' = 'ignore',
): ChildProcess {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, ...variables },
    stdio: [stdin, 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

/** Runs the program to its end. */
export async function runCli(args: string[], folder: string, variables: Record<string, string> = {}) {
  const child = spawnCli(args, folder, variables);
  const output = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk) => (output.stdout += chunk));
  child.stderr?.on('data', (chunk) => (output.stderr += chunk));
  const [code] = await once(child, 'close');
  return { code, ...output };
}

/** Starts a server on a free port and waits for its ready line. */
export async function startServer(args: string[], folder: string, program?: string): Promise<RunningServer> {
  const child = spawnCli(['--port', '0', '--json', ...args], folder, {}, program);
  let stderr = '';
  child.stderr?.on('data', (chunk) => (stderr += chunk));
  if (child.stdout === null) throw new Error('the output is a pipe');
  const line = await Promise.race([
    once(createInterface(child.stdout), 'line').then(([text]) => String(text)),
    once(child, 'close').then(([code]) => Promise.reject(new Error(`exit code ${code} before ready: ${stderr}`))),
  ]);
  return {
    ready: JSON.parse(line),
    child,
    stderr: () => stderr,
    stop: async (signal = 'SIGTERM') => {
      const closed = once(child, 'close');
      child.kill(signal);
      const [code, ended] = await closed;
      return code ?? ended;
    },
  };
}
