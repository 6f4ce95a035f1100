import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { codeOf } from '../domain/errors.ts';
import type { RunningServer } from '../server.ts';
import { type Flags, readExecConfig } from './config.ts';

/** How a command ended that could not be run: as shells say it. */
const EXIT_NOT_EXECUTABLE = 126;
const EXIT_NOT_FOUND = 127;
/** What a shell adds to the number of the signal that ended a command. */
const EXIT_SIGNAL = 128;
/** The command succeeded, but did what a strict run does not forgive. */
const EXIT_STRICT = 3;

const SIGNALS = ['SIGTERM', 'SIGHUP', 'SIGINT'] as const;

interface ExecHooks {
  /** Prints a line on standard error. */
  say: (text: string) => void;
  /** Prints the banner, where it was asked for. */
  sayBanner: (server: RunningServer, hasControl: boolean) => void;
  /** Called while the command runs. */
  endStart: () => void;
}

/**
 * Runs a command beside a server that is there only for it, and whose standard output is the command's alone.
 * @returns the exit code: that of the command, unless a strict run has something to say
 */
export async function runWithServer(
  flags: Flags,
  command: readonly string[],
  { say, sayBanner, endStart }: ExecHooks,
): Promise<number> {
  const config = readExecConfig(flags);
  let child: RunningCommand | undefined;
  let early: NodeJS.Signals | undefined;
  let ended: number | undefined;
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (ended !== undefined) process.exit(ended);
      early ??= signal;
      if (signal !== 'SIGINT' || !hasTerminal()) child?.kill(signal);
    });
  }
  const { startServer } = await import('../server.ts');
  const server = await startServer(config, undefined, config.strict);
  try {
    if (config.verbose) sayBanner(server, config.control === 'on');
    const environment = await toEnvironment(server);
    if (early !== undefined) return toExitCode(early);
    child = runCommand(command, environment, say);
    endStart();
    const code = await child.ended;
    ended = code;
    const findings = server.listFindings();
    for (const finding of findings) say(`--strict: ${finding}`);
    return code === 0 && findings.length > 0 ? EXIT_STRICT : code;
  } finally {
    await server.close();
  }
}

/** A terminal sends its Ctrl-C to the command too. */
const hasTerminal = () => [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY);

const toExitCode = (signal: NodeJS.Signals) => EXIT_SIGNAL + constants.signals[signal];

/** Clients read the first three; the URLs have no `/v1`. */
async function toEnvironment(server: RunningServer): Promise<Record<string, string>> {
  const { url, controlToken } = server;
  return {
    MIXPEEK_API_KEY: (await server.findKey('admin')) ?? (await server.lendKey('admin')),
    MIXPEEK_BASE_URL: url,
    MIXPEEK_API_URL: url,
    MIXPEEK_MOCK_URL: url,
    ...(controlToken !== undefined && { MIXPEEK_MOCK_CONTROL_TOKEN: controlToken }),
  };
}

interface RunningCommand {
  ended: Promise<number>;
  kill(signal: NodeJS.Signals): void;
}

/** Runs a command whose standard input and output are those of this process. */
function runCommand(
  [command = '', ...args]: readonly string[],
  environment: Record<string, string>,
  say: (text: string) => void,
): RunningCommand {
  // Beside the token itself it would be a second one.
  const { MIXPEEK_MOCK_CONTROL_TOKEN_FILE: _, ...others } = process.env;
  const env = { ...others, ...environment };
  const refuse = (error: unknown): number => {
    const isMissing = codeOf(error) === 'ENOENT';
    say(isMissing ? `${command}: there is no such command` : `${command}: cannot be run (${codeOf(error)})`);
    return isMissing ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
  };
  try {
    // There npm and npx are scripts of the shell.
    const child = spawn(command, args, { stdio: 'inherit', env, shell: process.platform === 'win32' });
    const ended = new Promise<number>((resolve) => {
      // One that runs may not be ours to signal: it goes on.
      child.on('error', (error) => child.pid === undefined && resolve(refuse(error)));
      child.once('exit', (code, signal) => resolve(code ?? toExitCode(signal ?? 'SIGTERM')));
    });
    return { ended, kill: (signal) => child.kill(signal) };
  } catch (error) {
    return { ended: Promise.resolve(refuse(error)), kill() {} };
  }
}
