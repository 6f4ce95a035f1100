import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { once } from './domain/once.ts';

/** The path of a file of this package. */
export const projectFile = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));

const readPackage = once((): { version: string } => JSON.parse(readFileSync(projectFile('package.json'), 'utf8')));

/** The version of this package. */
export const readVersion = (): string => readPackage().version;
