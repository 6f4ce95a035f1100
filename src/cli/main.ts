import { Command, CommanderError, Option } from 'commander';
import { API_VERSIONS, type ApiVersion, DEFAULT_API_VERSION } from '../domain/api-version.ts';
import { findNearestName } from '../domain/nearest-name.ts';
import { redactKeys } from '../domain/redact.ts';
import { escapeControls } from '../domain/text.ts';
import type { OpenApiVersion, RunningServer } from '../server.ts';
import { ConfigError } from '../setting.ts';
import { HEALTH_SETTINGS, SERVE_COMMAND_SETTINGS } from '../settings.ts';
import { readVersion } from '../version.ts';
import { toBanner, toPageUrl, toReadyLine } from './banner.ts';
import { addCheckCommand } from './check.ts';
import { addSettings, EXEC_SETTINGS, type Flags, readHealthConfig, readServeConfig, readServerUrl } from './config.ts';
import { addControlCommands } from './control.ts';
import { runWithServer } from './exec.ts';
import { askHealth } from './health.ts';
import { openInBrowser } from './open.ts';
import { addSeedCommands } from './seed-commands.ts';

/** Errors whose message is enough for a person; of others the stack is shown. */
const PLAIN_ERRORS = ['ConfigError', 'SecretFileError', 'SeedFileError', 'StorageError', 'ListenError', 'ControlError'];

const NAME = 'mixpeek-mock';

const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;

function buildProgram(typed: string, endStart = () => {}): Command {
  const program = new Command(typed)
    .description("A stateful mock of Mixpeek's organization endpoint: GET and PATCH /v1/organizations.")
    .version(readVersion())
    .enablePositionalOptions()
    .helpCommand('help [command]', 'show this help, or that of a command');
  const serveCommand = program
    .command('serve', { isDefault: true })
    .description('start the server (the default command)');
  addSettings(serveCommand, SERVE_COMMAND_SETTINGS).action((flags) => serve(flags, typed, endStart));
  const execCommand = program
    .command('exec <command...>')
    .usage('[options] -- <command...>')
    .description(
      'run a command, such as your tests, beside a server that ends with it; its exit code is that of the command',
    )
    .passThroughOptions();
  addSettings(execCommand, EXEC_SETTINGS).action((command, flags) => exec(command, flags, typed, endStart));
  const health = program.command('health').description('check a running server: exit code 0 if it is healthy, else 1');
  addSettings(health, HEALTH_SETTINGS).action(checkHealth);
  const openapi = program
    .command('openapi')
    .description('print the OpenAPI document of what is served')
    .addOption(
      new Option('--openapi <version>', 'OpenAPI version of the document').choices(['3.1', '3.0']).default('3.1'),
    )
    .addOption(
      new Option('--api-version <version>', 'version of the API').choices(API_VERSIONS).default(DEFAULT_API_VERSION),
    )
    .option('--url <url>', 'URL of the server, for servers in the document (default: /)', readServerUrl)
    .action(printOpenApi);
  program.addHelpText(
    'after',
    () =>
      `\n${serveCommand
        .helpInformation()
        .trimEnd()
        .replace(/^Usage:.*?Options:/s, 'Options of serve:')}`,
  );
  const examples: [Command, string][] = [
    [program, `${typed} --port 4031 --db :memory:`],
    [serveCommand, `${typed} serve --limits enforce --reset`],
    [execCommand, `${typed} exec --limits enforce -- npx vitest run`],
    [openapi, `${typed} openapi --openapi 3.0 --url http://localhost:4030 > openapi.json`],
    [health, `${typed} health --port 4031 --wait 10s`],
    addCheckCommand(program, typed),
    ...addSeedCommands(program, typed),
    ...addControlCommands(program, typed),
  ];
  for (const [command, example] of examples) {
    command
      .addHelpText('after', `\nExample:\n  ${example}`)
      .exitOverride()
      .configureOutput({ outputError: (text) => printError(toUsageProblem(text, command)) });
  }
  return program;
}

/** Commander's error in one line. The value of an unknown option may be a secret: it is not repeated. */
function toUsageProblem(text: string, command: Command): string {
  const [, problem = '', similar] = /^(?:error: )?(.*?)(?:\n\(Did you mean (.*)\?\))?$/s.exec(text.trim()) ?? [];
  const [, start, name = '', value] = /^(unknown option ')([^'=]*)(=.*)?'$/s.exec(problem) ?? [];
  // With `=value` behind it, commander suggests nothing.
  const meant =
    similar ??
    (value &&
      findNearestName(
        name,
        command.options.map(({ long }) => long ?? ''),
      ));
  const shown = value === undefined ? problem : `${start}${name}=…'`;
  return `${escapeControls(shown)}${meant ? `: did you mean ${meant}?` : ''} (see ${toTyped(command)} --help)`;
}

const toTyped = (command: Command): string =>
  command.parent === null ? command.name() : `${toTyped(command.parent)} ${command.name()}`;

/** What our commands are called in other programs. */
const MEANT: Record<string, string> = {
  start: 'serve',
  run: 'serve',
  status: 'health',
  lint: 'validate',
  rm: 'delete',
  remove: 'delete',
};

/** Otherwise commander would report an unknown command as one argument too many, for serve or for its parent. */
function refuseUnknownCommand(parent: Command, [first, ...rest]: string[]): void {
  if (first === undefined || first.startsWith('-') || parent.commands.length === 0) return;
  const command = parent.commands.find((one) => one.name() === first);
  if (command !== undefined) {
    refuseUnknownCommand(command, rest);
    return;
  }
  const known = parent.commands.map((one) => one.name());
  if (parent.parent === null) known.push('help');
  const meant = MEANT[first] ?? '';
  const nearest = known.includes(meant) ? meant : findNearestName(first, known);
  const suggestion = nearest === undefined ? '' : `\n(Did you mean ${nearest}?)`;
  parent.error(`unknown command '${first}' (expected ${known.join(', ')})${suggestion}`);
}

/** `help sandboxes create` as `sandboxes create --help`: commander's help command knows one level only, and not itself. */
const withoutHelpCommand = (args: string[]): string[] =>
  args[0] === 'help' ? [...args.filter((arg) => arg !== 'help'), '--help'] : args;

async function printOpenApi(options: { openapi: OpenApiVersion; url?: string; apiVersion: ApiVersion }): Promise<void> {
  const { openapi, url, apiVersion } = options;
  const { readOpenApiDocument } = await import('../server.ts');
  const document = readOpenApiDocument(openapi, apiVersion);
  process.stdout.write(`${JSON.stringify({ ...document, ...(url && { servers: [{ url }] }) }, null, 2)}\n`);
}

async function serve(flags: Flags, typed: string, endStart: () => void): Promise<void> {
  const config = readServeConfig(flags);
  // The other commands need nothing of it.
  const starting = import('../server.ts').then(({ startServer }) => startServer(config));
  stopOnSignals(starting, typed);
  const server = await starting;
  const generatedToken = config.controlToken === undefined ? server.controlToken : undefined;
  if (config.json && generatedToken) {
    process.stderr.write(`${JSON.stringify({ event: 'control_token', control_token: generatedToken })}\n`);
  }
  const facts = { version: readVersion(), hasControl: config.control === 'on', generatedToken };
  process.stdout.write(config.json ? toReadyLine(server) : asTyped(toBanner(server, facts), typed));
  if (config.open) openInBrowser(toPageUrl(server), printError);
  endStart();
}

async function exec(command: string[], flags: Flags, typed: string, endStart: () => void): Promise<void> {
  const sayBanner = (server: RunningServer, hasControl: boolean) => {
    const facts = { version: readVersion(), hasControl, generatedToken: undefined };
    process.stderr.write(asTyped(toBanner(server, facts), typed));
  };
  process.exit(await runWithServer(flags, command, { say: printError, sayBanner, endStart }));
}

/** The first signal, also during the start, lets requests in flight be answered; the second exits at once. */
function stopOnSignals(starting: Promise<RunningServer>, typed: string): void {
  let isStopping = false;
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (isStopping) process.exit(EXIT_FAILURE);
      isStopping = true;
      starting
        .then((server) => server.close())
        .then(
          () => process.exit(),
          (error) => fail(error, typed),
        );
    });
  }
}

async function checkHealth(flags: Flags): Promise<void> {
  const { isHealthy, line } = await askHealth(readHealthConfig(flags));
  process.stdout.write(`${escapeControls(line)}\n`);
  process.exitCode = isHealthy ? 0 : EXIT_FAILURE;
}

function fail(error: unknown, typed: string): never {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : EXIT_USAGE);
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  if (PLAIN_ERRORS.includes(name)) printError(asTyped(message, typed));
  else process.stderr.write(`${escapeControls(redactKeys(String(stack)), '\n')}\n`);
  process.exit(error instanceof ConfigError ? EXIT_USAGE : EXIT_FAILURE);
}

const printError = (text: string) => void process.stderr.write(escapeControls(redactKeys(`${NAME}: ${text}\n`), '\n'));

/** Under npm, puts what has to be typed before a flag in front of those that a text advises (not of those that it names). */
const asTyped = (text: string, typed: string) =>
  typed === NAME ? text : text.replace(/(?<=\s)--[a-z][a-z-]*(?![a-z:-])/g, `${typed} $&`);

/** A reader that closed the pipe, like `head` after the ready line, is not a failure; output lost to a full disk is. */
function reportLostOutput({ code }: NodeJS.ErrnoException): void {
  if (code === 'EPIPE') return;
  printError(`standard output cannot be written (${code})`);
  process.exitCode = EXIT_FAILURE;
}

export interface Invocation {
  args?: string[];
  /** What a person types before flags, such as `npm start --`. */
  typed?: string;
  /** Called when a server has started, see `load-bundle.cjs`. */
  endStart?: () => void;
}

/** Runs the program. */
export async function runCli({ args = process.argv.slice(2), typed = NAME, endStart }: Invocation): Promise<void> {
  process.stdout.on('error', reportLostOutput);
  process.stderr.on('error', () => {});
  try {
    const program = buildProgram(typed, endStart);
    const asked = withoutHelpCommand(args);
    refuseUnknownCommand(program, asked);
    await program.parseAsync(asked, { from: 'user' });
  } catch (error) {
    fail(error, typed);
  }
}
