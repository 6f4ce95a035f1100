// The types of the package: those of src/ that its entries reach, for ES modules and for CommonJS.

import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the entries are made of; all else of src/ belongs to the server. */
const PUBLIC = /^(?:index\.d\.ts$|(?:entry|kit|suites)(?:[\\/]|$))/;
/** Writes dist/types: each file twice, since a declaration is of one kind of module. */
export function writeTypes(project) {
  const { status } = spawnSync('npx', ['--no-install', 'tsc', '-p', 'tsconfig.types.json'], {
    cwd: project,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (status !== 0) process.exit(status ?? 1);
  const folder = join(project, 'dist/types');
  for (const name of readdirSync(folder)) if (!PUBLIC.test(name)) rmSync(join(folder, name), { recursive: true });
  // tsc copies no declaration that was written by hand.
  cpSync(join(project, 'src/suites/jest-matchers.d.ts'), join(folder, 'suites/jest-matchers.d.ts'));
  const files = readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.d.ts'));
  for (const name of files) {
    const text = readFileSync(join(folder, name), 'utf8');
    for (const [declaration, script] of [
      ['ts', 'js'],
      ['cts', 'cjs'],
    ]) {
      const heads = [
        text.includes('AsyncDisposable') && '/// <reference lib="esnext.disposable" />\n',
        // For whoever imports the file that adds matchers to `expect`.
        /jest\.d\.ts$/.test(name) && `/// <reference path="./jest-matchers.d.${declaration}" />\n`,
      ];
      const rewritten = text.replace(/(?<=['"]\.{1,2}\/[\w./-]+)\.ts(?=['"])/g, `.${script}`);
      writeFileSync(join(folder, name.replace(/ts$/, declaration)), heads.filter(Boolean).join('') + rewritten);
    }
  }
}
