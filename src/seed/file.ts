import { isUtf8 } from 'node:buffer';
import { redactKeys } from '../domain/redact.ts';
import { buildSeed, type Seed } from './build.ts';
import { readSeedContent } from './content.ts';
import { SeedContentError, SeedFileError, type SeedIssue, toMember } from './issues.ts';
import { readJsonSeed } from './json.ts';
import { type SeedSource, SeedSyntaxError } from './source.ts';

const MiB = 1024 * 1024;
/** In characters. Reading YAML takes six times as long as JSON, and eighty times its size in memory. */
const MAX_YAML_SIZE = 32 * MiB;
/** The most problems that a message lists. */
const MAX_PROBLEMS = 20;

/**
 * Reads a seed from a JSON or YAML file. A file is JSON if its name ends in .json or its text begins with `{"`.
 * @param now timestamp for organizations without `created_at`
 * @throws {SeedFileError} with a line for each problem, up to {@link MAX_PROBLEMS}
 */
export async function readSeedFile(file: string, bytes: Buffer, now: string): Promise<Seed> {
  const text = toText(file, bytes);
  // The name of an unknown member may be an API key in the wrong place.
  const fail = (offset: number, message: string) => `${file}:${toPlace(text, offset)}: ${redactKeys(message)}`;
  let source: SeedSource | undefined;
  try {
    source = await readSource(file, text);
    return buildSeed(readSeedContent(source.content), now);
  } catch (error) {
    if (error instanceof SeedSyntaxError) throw new SeedFileError(fail(error.offset, error.message));
    if (!(error instanceof SeedContentError) || source === undefined) throw error;
    const { locate } = source;
    const toLine = ({ path, message }: SeedIssue) => fail(locate(path), `${toMember(path)}: ${message}`);
    const lines = error.issues.slice(0, MAX_PROBLEMS).map(toLine);
    if (error.issues.length > MAX_PROBLEMS) lines.push(`${file}: and more problems`);
    throw new SeedFileError(lines.join('\n'));
  }
}

async function readSource(file: string, text: string): Promise<SeedSource> {
  if (isJson(file, text)) return readJsonSeed(text);
  if (text.length > MAX_YAML_SIZE) {
    throw new SeedFileError(
      `${file}: is larger than ${MAX_YAML_SIZE / MiB} MiB: write it in JSON, which is read faster`,
    );
  }
  // The YAML parser takes longer to load than everything else that a start needs.
  const { readYamlSeed } = await import('./yaml.ts');
  return readYamlSeed(text);
}

/** A YAML map may begin with a brace too, but rarely with a name in double quotes. */
const isJson = (file: string, text: string) => /\.json$/i.test(file) || /^\s*\{\s*["}]/.test(text);

/** Line and column, from 1. */
function toPlace(text: string, offset: number): string {
  let line = 1;
  let start = 0;
  for (let end = text.indexOf('\n'); end !== -1 && end < offset; end = text.indexOf('\n', start)) {
    line++;
    start = end + 1;
  }
  return `${line}:${offset - start + 1}`;
}

/** The text without a byte order mark. */
function toText(file: string, bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new SeedFileError(`${file}: is not in UTF-8: save it in that encoding`);
  return bytes.toString('utf8').replace(/^\ufeff/, '');
}
