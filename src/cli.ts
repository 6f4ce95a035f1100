import { Command, CommanderError } from 'commander';
import { toBanner, toReadyLine } from './banner.ts';
import { type Flags, readHealthConfig, readServeConfig, writeToStandardError } from './config.ts';
import { redactKeys } from './domain/redact.ts';
import { askHealth } from './health.ts';
import { type RunningServer, readOpenApiDocument, readVersion, startServer } from './server.ts';
import { ConfigError, HEALTH_SETTINGS, SERVE_SETTINGS, type Setting, toVariable } from './settings.ts';

/** Errors whose message says all that a person needs. */
const PLAIN_ERRORS = ['ConfigError', 'SecretFileError', 'SeedFileError', 'StorageError', 'ListenError'];

/** What is typed at the wrong place may be a secret: of an option that is not known the value is not repeated. */
const REDACTED = {
  writeErr: (text: string) =>
    void process.stderr.write(redactKeys(text.replace(/^(error: unknown option '[^'=]*=).*'$/ms, "$1…'"))),
};

const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;

function buildProgram(): Command {
  const program = new Command('mixpeek-mock')
    .description("A stateful mock of Mixpeek's organization endpoint: GET and PATCH /v1/organizations.")
    .version(readVersion())
    .exitOverride()
    .configureOutput(REDACTED)
    .enablePositionalOptions()
    .helpCommand(false);
  const serveCommand = program
    .command('serve', { isDefault: true })
    .description('start the server (what happens without a command)');
  addSettings(serveCommand, SERVE_SETTINGS).action(serve);
  program
    .command('openapi')
    .description('print the OpenAPI document of what is served')
    .action(() => void process.stdout.write(`${JSON.stringify(readOpenApiDocument(), null, 2)}\n`));
  const health = program.command('health').description('ask a running server: exit code 0 when it is healthy, else 1');
  addSettings(health, HEALTH_SETTINGS).action(checkHealth);
  program.addHelpText(
    'after',
    () => `\n${serveCommand.helpInformation().replace(/^Usage:.*?Options:/s, 'Options of serve:')}`,
  );
  return program;
}

function addSettings(command: Command, settings: Record<string, Setting>): Command {
  command
    .exitOverride()
    .configureOutput(REDACTED)
    .addHelpText('after', '\nA flag counts before its variable, and that before the default.');
  for (const [name, { flag, description, default: fallback, isRepeatable }] of Object.entries(settings)) {
    const text = `${description} (${[fallback && `default: ${fallback}`, toVariable(name)].filter(Boolean).join(', ')})`;
    if (isRepeatable) command.option(flag, text, (value, earlier: string[] = []) => [...earlier, value]);
    else command.option(flag, text);
  }
  return command;
}

async function serve(flags: Flags): Promise<void> {
  // A reader that went away, like head after the ready line, is no reason to stop.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const config = readServeConfig(flags);
  const starting = startServer(config, writeToStandardError);
  stopOnSignals(starting);
  const server = await starting;
  const generatedToken = config.controlToken === undefined ? server.controlToken : undefined;
  if (config.json && generatedToken) {
    process.stderr.write(`${JSON.stringify({ event: 'control_token', control_token: generatedToken })}\n`);
  }
  const facts = { version: readVersion(), hasControl: config.control === 'on', generatedToken };
  process.stdout.write(config.json ? toReadyLine(server) : toBanner(server, facts));
}

/** The first signal lets requests in flight be answered, also one that comes before the start is done; the second forces. */
function stopOnSignals(starting: Promise<RunningServer>): void {
  let isStopping = false;
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (isStopping) process.exit(EXIT_FAILURE);
      isStopping = true;
      starting
        .then((server) => server.close())
        .then(
          () => process.exit(),
          (error) => fail(error),
        );
    });
  }
}

async function checkHealth(flags: Flags): Promise<void> {
  const { isHealthy, line } = await askHealth(readHealthConfig(flags));
  process.stdout.write(`${line}\n`);
  process.exitCode = isHealthy ? 0 : EXIT_FAILURE;
}

function fail(error: unknown): never {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : EXIT_USAGE);
  const { name, message, stack } = error as Error;
  process.stderr.write(redactKeys(`${PLAIN_ERRORS.includes(name) ? `mixpeek-mock: ${message}` : stack}\n`));
  process.exit(error instanceof ConfigError ? EXIT_USAGE : EXIT_FAILURE);
}

/** Does what the arguments of this process say. */
export const runCli = () => buildProgram().parseAsync().catch(fail);
