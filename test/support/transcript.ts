import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { createMockServer } from '../../src/index.ts';
import { makeFolder } from './folder.ts';
import { spawnCli } from './process.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.cjs', import.meta.url));
/** Where the servers of documents listen. */
const PORT = '4030';

export interface Step {
  command: string;
  /** What it prints; empty where the document does not show it. */
  output: string;
}

/** The commands of a transcript: they begin with `$ ` and go on behind a backslash or within quotes. What is between is output. */
export function readTranscript(code: string): Step[] {
  const steps: Step[] = [];
  for (const line of code.trimEnd().split('\n')) {
    const last = steps.at(-1);
    if (last !== undefined && last.output === '' && isUnfinished(last.command)) last.command += `\n${line}`;
    else if (line.startsWith('$ ')) steps.push({ command: line.slice(2), output: '' });
    else if (last !== undefined) last.output += `${line}\n`;
    else throw new Error(`a transcript begins with a command, "$ …", not with: ${line}`);
  }
  return steps.map(({ command, output }) => ({ command, output: output.trim() }));
}

/** Whether the shell waits for more: a quote is open, or the line ends with a backslash. */
function isUnfinished(command: string): boolean {
  const rest = command.replace(/\\[\s\S]|'[^']*'|"(?:\\[\s\S]|[^"\\])*"|(?<=^|\s)#.*/g, '');
  return /['"]|\\$/.test(rest);
}

const TIME = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?Z';
const DURATION = '\\b\\d+(?:\\.\\d+)? ms\\b';
/** What differs from run to run, as a document shows it, and all that it may be. */
const VARIABLE: [shown: string, printed: string][] = [
  ['(?<=_)[A-Za-z0-9]+…', '[^"\\s]+'],
  ['…', '[\\s\\S]*?'],
  ['\\s*\\n\\s*', '\\s*'],
  [TIME, TIME],
  [DURATION, DURATION],
];

/**
 * Whether a text is what the document shows: there `…` is anything, an id or a key that ends with it is any of its kind, lines may be wrapped
 * anywhere, and every time and all milliseconds are the same.
 */
export function isAsShown(shown: string, printed: string): boolean {
  const toPattern = (text: string, [[variable, pattern] = ['', ''], ...rest] = VARIABLE): string =>
    pattern === ''
      ? text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
      : text
          .split(new RegExp(variable))
          .map((part) => toPattern(part, rest))
          .join(pattern);
  return new RegExp(`^${toPattern(shown.trim())}$`).test(printed.trim());
}

/** The flags with which a command starts the server; undefined for any other command. */
export function findStart(command: string): string[] | undefined {
  const [, flags] =
    /^(?:npm start(?: --)?|(?:npx )?mixpeek-mock(?: serve)?)((?: +-[\w-]+(?:[ =][^\s&-]\S*)?)*) *&?$/.exec(command) ??
    [];
  return flags === undefined || / --(?:help|version)\b/.test(flags) ? undefined : flags.split(' ').filter(Boolean);
}

/**
 * Runs a transcript in a folder of its own and a bash of its own, beside a server of its own, which takes the place of that on port 4030.
 * @param flags those that the text before it tells to start the server with
 * @returns what each command prints, and with which code it ends
 */
export async function runTranscript(steps: Step[], flags?: string[]): Promise<{ output: string; code: number }[]> {
  const folder = makeFolder();
  const given = steps.map(({ command }) => findStart(command)).find((found) => found !== undefined) ?? flags;
  const server = await (given === undefined ? openServer() : startProgram(given, folder));
  const { port } = new URL(server.url);
  const toReal = (line: string) => line.replaceAll(new RegExp(`\\b${PORT}\\b`, 'g'), port);
  const toShown = (line: string) => line.replaceAll(new RegExp(`\\b${port}\\b`, 'g'), PORT);

  const commands = steps.map(({ command }) => {
    const real = findStart(command) === undefined ? toReal(command) : 'true';
    // Nobody waits for what comes later.
    return `${real.replace(/\bsleep [\d.]+/g, 'sleep 0')}\nprintf '\\036%s\\036' $?`;
  });
  const child = spawn('bash', ['-c', ['exec 2>&1', ...commands].join('\n')], {
    cwd: folder,
    env: buildEnvironment(server.url),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill());
  const printed = toShown(await text(child.stdout)).split('\u001e');
  return steps.map(({ command }, index) => ({
    output: findStart(command) === undefined ? (printed[2 * index] ?? '') : toShown(server.banner),
    code: Number(printed[2 * index + 1] ?? Number.NaN),
  }));
}

async function openServer() {
  const { url, close } = await createMockServer();
  onTestFinished(close);
  return { url, banner: '' };
}

/** The real program, on a free port; what it prints until it is ready. */
async function startProgram(flags: string[], folder: string): Promise<{ url: string; banner: string }> {
  const child = spawnCli([...flags, '--port', '0'], folder);
  let [banner, problem] = ['', ''];
  child.stderr?.on('data', (chunk) => (problem += chunk));
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', (chunk) => {
      banner += chunk;
      const [url] = /http:\/\/localhost:\d+/.exec(banner) ?? [];
      if (url !== undefined && /Press Ctrl-C|^\{.*\}\n/m.test(banner)) resolve({ url, banner });
    });
    child.once('close', (code) => reject(new Error(`the server ended with ${code}: ${problem}`)));
  });
}

/** A shell in which `mixpeek-mock` is the program that was built here, and curl shows no progress. */
function buildEnvironment(url: string) {
  const home = makeFolder();
  const bin = join(home, 'bin');
  mkdirSync(bin);
  writeFileSync(join(home, '.curlrc'), 'silent\nshow-error\n');
  // The commands of a reader ask port 4030; `exec` starts a server of its own.
  const program = `#!/bin/sh
[ "$1" = exec ] || export MIXPEEK_MOCK_URL="\${MIXPEEK_MOCK_URL:-${url}}"
exec '${process.execPath}' '${CLI}' "$@"
`;
  writeFileSync(join(bin, 'mixpeek-mock'), program, { mode: 0o755 });
  writeFileSync(join(bin, 'npx'), '#!/bin/sh\nexec "$@"\n', { mode: 0o755 });
  return { PATH: `${bin}${delimiter}${process.env.PATH}`, HOME: home, CURL_HOME: home };
}
