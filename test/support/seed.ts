import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Seed } from '../../src/seed/build.ts';
import { openSeed } from '../../src/seed/unread.ts';
import { makeFolder } from './folder.ts';

export const NOW = '2026-01-01T00:00:00Z';

/** Reads a seed file that has this text. */
export async function read(text: string, name = 'seed.yaml'): Promise<Seed> {
  const file = join(makeFolder(), name);
  writeFileSync(file, text);
  return openSeed(file).read(NOW);
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
