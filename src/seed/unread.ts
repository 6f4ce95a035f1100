import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { type ClockSetting, REAL_TIME, timeOf, toTimestamp } from '../domain/clock.ts';
import { codeOf } from '../domain/errors.ts';
import { findApiKeys } from '../domain/redact.ts';
import type { SeedOrigin } from '../domain/state.ts';
import { buildSeed, type Seed } from './build.ts';
import { DEFAULT_SEED } from './default.ts';
import { SeedFileError } from './issues.ts';
import { toSeedText } from './source.ts';

/**
 * A seed of which only the text is known. It is read when a database is seeded; a start with an existing database only
 * needs to know whether the seed has changed, and which keys it contains.
 */
export interface UnreadSeed {
  origin: SeedOrigin;
  /** Everything that looks like a key, in the order of the text. */
  findKeys(): string[];
  /**
   * @param clock that of the sandbox, where the seed does not decide: organizations without `created_at` have its time
   * @throws {SeedFileError} with a line for each problem
   */
  read(clock?: ClockSetting): Promise<Seed>;
}

/**
 * The seed of this file, or the built-in one.
 * @param content a seed in JSON, in place of a file
 * @throws {SeedFileError} when the file cannot be read
 */
export function openSeed(file: string | undefined, content?: string): UnreadSeed {
  if (content !== undefined) return toUnreadSeed('the seed', content, (clock) => readFile('seed', content, clock));
  if (file === undefined) {
    const text = JSON.stringify(DEFAULT_SEED);
    const read = async (clock = REAL_TIME) => buildSeed(DEFAULT_SEED, toTimestamp(timeOf(clock)));
    return toUnreadSeed('the built-in seed', text, read);
  }
  const bytes = readBytes(file);
  return toUnreadSeed(file, bytes, (clock) => readFile(file, bytes, clock));
}

/** Loaded on first use: a start with an existing database does not need it. */
async function readFile(name: string, text: string | Buffer, clock: ClockSetting | undefined): Promise<Seed> {
  const { readSeedFile } = await import('./file.ts');
  const seed = await readSeedFile(name, Buffer.isBuffer(text) ? text : Buffer.from(text), clock);
  if (text.length > LARGE) await collectGarbage();
  return seed;
}

/**
 * The text of the file, for a server that is to read it.
 * @throws {SeedFileError}
 */
export const readSeedFileText = (file: string): string => toSeedText(file, readBytes(file));

/**
 * The content of the file, at most 64 MiB.
 * @throws {SeedFileError}
 */
function readBytes(file: string): Buffer {
  let opened: number | undefined;
  try {
    // Without O_NONBLOCK, opening a pipe waits until somebody writes to it.
    opened = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stat = fstatSync(opened);
    if (!stat.isFile()) {
      throw new SeedFileError(`${file}: is not a file but a ${stat.isDirectory() ? 'folder' : 'pipe or device'}`);
    }
    checkSize(file, stat.size);
    return readFileSync(opened);
  } catch (error) {
    throw toSeedFileError(file, error);
  } finally {
    if (opened !== undefined) closeSync(opened);
  }
}
/** Bytes of a seed whose reading leaves more behind than is to be kept. */
const LARGE = 4 * 1024 * 1024;

/** V8 would wait until there is four times as much. With this a server with 100,000 organizations takes 357 MiB,
 * else 455. */
async function collectGarbage(): Promise<void> {
  const [{ setFlagsFromString }, { runInNewContext }] = await Promise.all([import('node:v8'), import('node:vm')]);
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  collect();
}

const MAX_SIZE = 64 * 1024 * 1024;

/** @throws {SeedFileError} */
function checkSize(file: string, size: number): void {
  if (size > MAX_SIZE) throw new SeedFileError(`${file}: is larger than 64 MiB`);
}

function toSeedFileError(file: string, error: unknown): SeedFileError {
  if (error instanceof SeedFileError) return error;
  const code = codeOf(error);
  return new SeedFileError(`${file}: ${code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code})`}`);
}

/**
 * Reads the seed that a stream brings, which is read to its end, or to 64 MiB.
 * @param name in the place of that of a file
 * @throws {SeedFileError}
 */
export async function readSeedStream(name: string, stream: AsyncIterable<Buffer>): Promise<Seed> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      size += chunk.length;
      checkSize(name, size);
      chunks.push(chunk);
    }
  } catch (error) {
    throw toSeedFileError(name, error);
  }
  return readFile(name, Buffer.concat(chunks), undefined);
}

function toUnreadSeed(name: string, text: string | Buffer, read: UnreadSeed['read']): UnreadSeed {
  const sha256 = createHash('sha256').update(text).digest('hex');
  return { origin: { name, sha256 }, findKeys: () => findApiKeys(text.toString('latin1')), read };
}
