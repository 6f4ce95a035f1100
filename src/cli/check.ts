import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { API_VERSIONS, type ApiVersion, DEFAULT_API_VERSION } from '../domain/api-version.ts';
import { escapeControls } from '../domain/text.ts';
import { ConfigError } from '../setting.ts';
import { projectFile } from '../version.ts';

const EXIT_CHANGED = 1;

interface CheckOptions {
  openapi: string;
  apiVersion: ApiVersion;
  json?: boolean;
}

/** Adds the command that compares what Mixpeek publishes with what this mock was built from, with its example. */
export function addCheckCommand(program: Command, typed: string): [Command, string] {
  const command = program
    .command('check')
    .description(
      "compare Mixpeek's published OpenAPI document with the one that this mock was built from: exit code 0 if nothing changed, 1 if something did, 2 if it cannot be read",
    )
    .requiredOption('--openapi <url|file>', 'document that is published now; - is standard input')
    .addOption(
      new Option('--api-version <version>', 'version of the API that it is compared with')
        .choices(API_VERSIONS)
        .default(DEFAULT_API_VERSION),
    )
    .option('--json', 'for programs: a list in JSON')
    .action(check);
  return [command, `${typed} check --openapi https://api.mixpeek.com/docs/openapi.json`];
}

async function check({ openapi, apiVersion, json }: CheckOptions): Promise<void> {
  const { checkDocument } = await import('./check-document.ts');
  const checked = await checkDocument(openapi, readStructure(apiVersion));
  if ('problem' in checked) {
    // A URL may have a password in it.
    const shown = openapi === '-' ? 'standard input' : (openapi || "''").replace(/(?<=:\/\/).*@/s, '…@');
    throw new ConfigError(escapeControls(`--openapi: ${shown}: ${checked.problem}`));
  }
  const { changes, lines, version } = checked;
  const shown = json ? JSON.stringify(changes, null, 2).split('\n') : lines;
  for (const line of shown) process.stdout.write(`${escapeControls(line)}\n`);
  if (changes.length === 0) return;
  process.exitCode = EXIT_CHANGED;
  const other = API_VERSIONS.find((one) => one !== apiVersion && `${version}.`.startsWith(`${one}.`));
  if (other !== undefined) {
    process.stderr.write(
      `mixpeek-mock: the document calls itself ${other}: --api-version ${other} compares it with that\n`,
    );
  }
}

/** What that version was built from, as it was published then. */
const readStructure = (version: ApiVersion) =>
  JSON.parse(readFileSync(projectFile(`structures/${version}.json`), 'utf8'));
