import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { DEFAULT_SEED } from './default-seed.ts';
import { findApiKeys } from './domain/redact.ts';
import type { SeedOrigin } from './domain/state.ts';
import { buildSeed, type Seed } from './seed.ts';

/** A seed file that cannot be used. Each line of the message names the file, the line, the column and the member. */
export class SeedFileError extends Error {
  override name = 'SeedFileError';
}

/**
 * A seed of which only the text is known. It is read when it fills a database; a start with a database that is kept only
 * needs to know whether it has changed, and which keys stand in it.
 */
export interface UnreadSeed {
  origin: SeedOrigin;
  /** Whatever looks like a key, in the order of the text. */
  findKeys(): string[];
  /**
   * @param now timestamp for organizations that name no `created_at`
   * @throws {SeedFileError} with a line for every problem
   */
  read(now: string): Promise<Seed>;
}

/**
 * The seed of this file, or the built-in one.
 * @throws {SeedFileError} when the file cannot be read
 */
export function openSeed(file: string | undefined): UnreadSeed {
  if (file === undefined) {
    const name = 'the built-in seed';
    return toUnreadSeed(name, JSON.stringify(DEFAULT_SEED), async (now) => buildSeed(DEFAULT_SEED, name, now));
  }
  const bytes = readBytes(file);
  return toUnreadSeed(file, bytes, async (now) => {
    // YAML takes longer to load than everything else that a start needs.
    const { readSeedFile } = await import('./seed-file.ts');
    return readSeedFile(file, now, bytes);
  });
}

export function readBytes(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new SeedFileError(`${file}: cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

function toUnreadSeed(name: string, text: string | Buffer, read: UnreadSeed['read']): UnreadSeed {
  const sha256 = createHash('sha256').update(text).digest('hex');
  return { origin: { name, sha256 }, findKeys: () => findApiKeys(text.toString('latin1')), read };
}
