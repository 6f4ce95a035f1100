import { closeSync, existsSync, openSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { codeOf } from '../domain/errors.ts';
import { escapeControls } from '../domain/text.ts';
import { SeedFileError } from '../seed/issues.ts';
import { ConfigError } from '../setting.ts';
import { SEED_FILES } from '../settings.ts';
import { quote } from './control.ts';

const [DEFAULT_FILE = ''] = SEED_FILES;
/** The name of the JSON Schema that is written beside a seed. */
const SCHEMA_FILE = 'mixpeek-mock.schema.json';
/** The JSON Schema of an installed package. */
const INSTALLED_SCHEMA = 'node_modules/mixpeek-mock/dist/seed.schema.json';
const STDIN = '<stdin>';

/** Adds the commands for seed files, which need no server, each with its example. */
export function addSeedCommands(program: Command, typed: string): [Command, string][] {
  const init = program
    .command('init')
    .argument('[file]', `a name that ends in .json is one of JSON (default: ${DEFAULT_FILE})`)
    .description('write a seed file to begin with, and overwrite nothing')
    .action((file) => writeTemplate(file ?? DEFAULT_FILE, typed));
  const validate = program
    .command('validate')
    .argument('<file>', '- is standard input')
    .description('check a seed file: exit code 0 if a start would take it, else 1')
    .action(validateSeed);
  const schema = program.command('schema').description('print the JSON Schema of seed files').action(printSchema);
  return [
    [init, `${typed} init`],
    [validate, `${typed} validate ${DEFAULT_FILE}`],
    [schema, `${typed} schema > seed.schema.json`],
  ];
}

const say = (line: string) => void process.stdout.write(`${escapeControls(line)}\n`);

async function printSchema(): Promise<void> {
  const { toSeedSchemaText } = await import('../seed/schema.ts');
  process.stdout.write(toSeedSchemaText());
}

async function validateSeed(file: string): Promise<void> {
  const { openSeed, readSeedStream } = await import('../seed/unread.ts');
  const isStdin = file === '-';
  const { state } = isStdin ? await readSeedStream(STDIN, process.stdin) : await openSeed(file).read();
  const counts = [count(state.organizations, 'organization'), count(state.api_keys, 'API key')];
  say(`${isStdin ? STDIN : file} is valid: ${counts.join(', ')}`);
}

const count = ({ length }: unknown[], what: string) => `${length} ${what}${length === 1 ? '' : 's'}`;

async function writeTemplate(file: string, typed: string): Promise<void> {
  if (file === '' || file === '-') throw new ConfigError(`init: '${file}' is not the name of a file`);
  const folder = dirname(file);
  refuseSecondSeed(file);
  const { toJsonTemplate, toYamlTemplate } = await import('../seed/template.ts');
  const installed = findInstalledSchema(folder);
  const schema = installed ?? `./${SCHEMA_FILE}`;
  const isWritten = writeNewFile(file, /\.json$/i.test(file) ? await toJsonTemplate(schema) : toYamlTemplate(schema));
  if (!isWritten) throw new SeedFileError(`${file}: ${toObstacle(file)}`);
  const shown = quote(file);
  const isFound = SEED_FILES.includes(file);
  const start = `${typed}${isFound ? '' : ` --seed ${shown}`} --reset`;
  say(`${file} is written: validate it with ${typed} validate ${shown}, start from it with ${start}`);
  if (installed === undefined) await writeSchema(join(folder, SCHEMA_FILE), typed);
}

/** For editors: a relative path stays right for everybody who has the folder, and needs no network. */
async function writeSchema(file: string, typed: string): Promise<void> {
  const { toSeedSchemaText } = await import('../seed/schema.ts');
  const isWritten = writeNewFile(file, toSeedSchemaText());
  if (isWritten) say(`${file} is written: editors check the seed with it`);
  else say(`${file} was here already: ${typed} schema prints that of this version`);
}

/**
 * Writes a file where nothing is, not even a link.
 * @returns whether nothing was there
 * @throws {SeedFileError}
 */
function writeNewFile(file: string, text: string): boolean {
  let opened: number | undefined;
  try {
    opened = openSync(file, 'wx');
    writeFileSync(opened, text);
    return true;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST') return false;
    if (opened !== undefined) rmSync(file, { force: true });
    throw new SeedFileError(
      `${file}: cannot be written${code === 'ENOENT' ? ': its folder does not exist' : ` (${code})`}`,
    );
  } finally {
    if (opened !== undefined) closeSync(opened);
  }
}

function toObstacle(file: string): string {
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) {
    return `is a folder: name a file in it, such as ${join(file, DEFAULT_FILE)}`;
  }
  return 'is there already, and init overwrites nothing: name another file, or remove it';
}

/** A start that finds two seeds asks which one is meant. */
function refuseSecondSeed(file: string): void {
  const name = basename(file);
  if (!SEED_FILES.includes(name)) return;
  const other = SEED_FILES.find((one) => one !== name && existsSync(join(dirname(file), one)));
  if (other === undefined) return;
  const advice = 'and a start finds one seed only: name another file';
  throw new SeedFileError(`${file}: ${other} is there already, ${advice}`);
}

/** The path of the schema of the package that is installed here or in a folder above, from this folder. */
function findInstalledSchema(folder: string): string | undefined {
  for (let up = '', at = resolve(folder); ; up += '../', at = dirname(at)) {
    if (existsSync(join(at, INSTALLED_SCHEMA))) return `${up || './'}${INSTALLED_SCHEMA}`;
    if (at === dirname(at)) return undefined;
  }
}
