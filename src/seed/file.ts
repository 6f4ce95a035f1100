import { type ClockSetting, REAL_TIME, timeOf, toTimestamp } from '../domain/clock.ts';
import { redactKeys } from '../domain/redact.ts';
import { buildSeed, type Seed } from './build.ts';
import { buildItemCheck, readSeedContent, type SeedContent } from './content.ts';
import { LocatedSeedError, SeedContentError, SeedFileError, type SeedIssue, toMember } from './issues.ts';
import { readJsonSeed } from './json.ts';
import { type SeedSource, SeedSyntaxError, toSeedText } from './source.ts';

const MiB = 1024 * 1024;
/** In characters. Reading YAML takes six times as long as JSON, and eighty times its size in memory. */
const MAX_YAML_SIZE = 32 * MiB;
/** The most problems that a message lists. */
const MAX_PROBLEMS = 20;

/**
 * Reads a seed from a JSON or YAML file. A file is JSON if its name ends in .json or its text begins with `{"`.
 * @param clock that of the sandbox, where the seed does not decide: organizations without `created_at` have its time
 * @throws {SeedFileError} with a line for each problem, up to {@link MAX_PROBLEMS}
 */
export async function readSeedFile(file: string, bytes: Buffer, clock: ClockSetting | undefined): Promise<Seed> {
  const text = toSeedText(file, bytes);
  try {
    return await readSeedText(text, isJson(file, text), (content) =>
      buildSeed(content, toTimestamp(timeOf(clock ?? content.clock ?? REAL_TIME))),
    );
  } catch (error) {
    if (!(error instanceof LocatedSeedError)) throw error;
    const lines = error.issues.map(({ line, column, path, message }) => {
      const member = path === undefined ? '' : `${toMember(path)}: `;
      return `${file}:${line}:${column}: ${redactKeys(member + message)}`;
    });
    if (error.hasMore) lines.push(`${file}: and more problems`);
    throw new SeedFileError(lines.join('\n'));
  }
}

/**
 * Reads the text of a seed.
 * @param build what becomes of its content, which may find contradictions in it
 * @throws {LocatedSeedError} with the first problems
 */
export async function readSeedText<T>(text: string, isJson: boolean, build: (content: SeedContent) => T): Promise<T> {
  // A byte order mark is no part of it.
  const own = text.replace(/^\ufeff/, '');
  let source: SeedSource | undefined;
  try {
    source = isJson ? readJsonSeed(own, buildItemCheck()) : await readYaml(own);
    return build(readSeedContent(source.content));
  } catch (error) {
    if (error instanceof SeedSyntaxError) {
      throw new LocatedSeedError([{ ...toPlace(own, error.offset), path: undefined, message: error.message }]);
    }
    if (!(error instanceof SeedContentError) || source === undefined) throw error;
    const { locate } = source;
    const locateIssue = ({ path, message }: SeedIssue) => ({ ...toPlace(own, locate(path)), path, message });
    const isLong = error.issues.length > MAX_PROBLEMS;
    throw new LocatedSeedError(error.issues.slice(0, MAX_PROBLEMS).map(locateIssue), isLong);
  }
}

async function readYaml(text: string): Promise<SeedSource> {
  if (text.length > MAX_YAML_SIZE) {
    throw new SeedSyntaxError(0, `is larger than ${MAX_YAML_SIZE / MiB} MiB: write it in JSON, which is read faster`);
  }
  // The YAML parser takes longer to load than everything else that a start needs.
  const { readYamlSeed } = await import('./yaml.ts');
  return readYamlSeed(text);
}

/** A YAML map may begin with a brace too, but rarely with a name in double quotes. */
export const isJsonText = (text: string) => /^\ufeff?\s*\{\s*["}]/.test(text);
const isJson = (file: string, text: string) => /\.json$/i.test(file) || isJsonText(text);

/** Line and column, from 1. */
function toPlace(text: string, offset: number): { line: number; column: number } {
  let line = 1;
  let start = 0;
  for (let end = text.indexOf('\n'); end !== -1 && end < offset; end = text.indexOf('\n', start)) {
    line++;
    start = end + 1;
  }
  return { line, column: offset - start + 1 };
}
