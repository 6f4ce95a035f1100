import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The path of a file of this package. */
export const projectFile = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));

/** The version of this package. */
export function readVersion(): string {
  return JSON.parse(readFileSync(projectFile('package.json'), 'utf8')).version;
}
