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
  const { findChanges, toLine } = await import('../drift/changes.ts');
  const { published, changes } = await findProblem(openapi, async () => {
    const { toOpenApiDocument } = await import('../drift/reachable.ts');
    const { readOpenApiSource } = await import('./openapi-source.ts');
    const published = toOpenApiDocument(await readOpenApiSource(openapi));
    return { published, changes: findChanges(readStructure(apiVersion), published) };
  });
  const text = json
    ? `${JSON.stringify(changes, null, 2)}\n`
    : changes.map((change) => `${oneLine(toLine(change))}\n`).join('');
  process.stdout.write(escapeControls(text, '\n'));
  if (changes.length === 0) return;
  process.exitCode = EXIT_CHANGED;
  const other = findOtherVersion(published.info, apiVersion);
  if (other !== undefined) {
    process.stderr.write(
      `mixpeek-mock: the document calls itself ${other}: --api-version ${other} compares it with that\n`,
    );
  }
}

const oneLine = (text: string) => escapeControls(text);

/** What that version was built from, as it was published then. */
const readStructure = (version: ApiVersion) =>
  JSON.parse(readFileSync(projectFile(`structures/${version}.json`), 'utf8'));

/** The version that the document calls itself, if it is one of ours but not the one that it was compared with. */
function findOtherVersion(info: unknown, compared: ApiVersion): ApiVersion | undefined {
  const { version } = Object(info);
  const named = API_VERSIONS.find((one) => `${version}.`.startsWith(`${one}.`));
  return named === compared ? undefined : named;
}

/** @throws {ConfigError} in place of what is wrong with the document */
async function findProblem<T>(source: string, read: () => Promise<T>): Promise<T> {
  const { DocumentError } = await import('../drift/document.ts');
  try {
    return await read();
  } catch (error) {
    // Of a stack that is full, or a text that is too long.
    const isTooMuch = error instanceof RangeError;
    if (!isTooMuch && !(error instanceof DocumentError)) throw error;
    const problem = isTooMuch ? 'is nested too deeply, or expands to too much' : error.message;
    // A URL may have a password in it.
    const shown = source === '-' ? 'standard input' : source.replace(/(?<=:\/\/).*@/s, '…@');
    throw new ConfigError(escapeControls(`--openapi: ${shown}: ${problem}`));
  }
}
