import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freezeAt } from '../../src/domain/clock.ts';
import type { Seed } from '../../src/seed/build.ts';
import { openSeed } from '../../src/seed/unread.ts';
import { makeFolder } from './folder.ts';
import { findSchemaErrors, parseSeed } from './seed-schema.ts';

export const NOW = '2026-01-01T00:00:00Z';

/**
 * Reads a seed file that has this text. What is read, the JSON Schema must accept too.
 * @param now where a flag freezes the clock; null without one
 */
export async function read(text: string, name = 'seed.yaml', now: string | null = NOW): Promise<Seed> {
  const file = join(makeFolder(), name);
  writeFileSync(file, text);
  const seed = await openSeed(file).read(now === null ? undefined : freezeAt(Date.parse(now)));
  const errors = findSchemaErrors(parseSeed(text, name));
  if (errors.length > 0) throw new Error(`the JSON Schema refuses what is read: ${errors.join('; ')}`);
  return seed;
}

/** The lines of the error, without the folder. */
export async function problems(text: string, name = 'seed.yaml'): Promise<string[]> {
  try {
    await read(text, name);
    return [];
  } catch (error) {
    return (error as Error).message.split('\n').map((line) => line.replace(/^.*(seed\.(?:yaml|json))/, '$1'));
  }
}
