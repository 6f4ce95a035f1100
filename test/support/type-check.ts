import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const TSC = join(PROJECT, 'node_modules/typescript/bin/tsc');

/** As strict as the projects of readers may be. */
const OPTIONS = {
  target: 'ES2023',
  lib: ['ES2023'],
  module: 'NodeNext',
  moduleDetection: 'force',
  types: ['node'],
  strict: true,
  allowJs: true,
  checkJs: true,
  noEmit: true,
  skipLibCheck: true,
};
/** Errors of `noImplicitAny`, which JavaScript has no way to avoid. */
const IMPLICIT_ANY = /^error TS70\d\d:/;

export interface Source {
  code: string;
  language: string;
}
/** Line, from 1, and message. */
export type TypeProblem = [line: number, message: string];

/**
 * Checks the types of modules in one run, each as a file of a project that has this package.
 * @returns the problems of each, in the order of the sources
 */
export async function findTypeProblems(sources: Source[]): Promise<TypeProblem[][]> {
  // Within the project, so that the package finds itself by its name.
  const folder = mkdtempSync(join(PROJECT, '.snippets-'));
  try {
    const names = sources.map(({ code, language }, index) => `${index}.${isCommonJs(code) ? 'c' : ''}${language}`);
    for (const [index, { code }] of sources.entries()) writeFileSync(join(folder, names[index] ?? ''), code);
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: OPTIONS, files: names }));
    const printed = await new Promise<string>((resolve) => {
      const args = [TSC, '-p', '.', '--pretty', 'false'];
      execFile(process.execPath, args, { cwd: folder }, (error, stdout, stderr) => {
        resolve(error === null || stdout !== '' ? stdout : `${stderr || error.message}`);
      });
    });
    const problems: TypeProblem[][] = sources.map(() => []);
    for (const line of printed.split('\n').filter((text) => /^\S/.test(text))) {
      const [, index = '', language, place, message = ''] = /^(\d+)\.c?([jt]s)\((\d+),\d+\): (.*)$/.exec(line) ?? [];
      const found = problems[Number(index || Number.NaN)];
      if (found === undefined) throw new Error(`tsc: ${printed}`);
      if (language === 'ts' || !IMPLICIT_ANY.test(message)) found.push([Number(place), message]);
    }
    return problems;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const isCommonJs = (code: string) => !/^(?:import|export) /m.test(code) && /\brequire\(|\bmodule\.exports\b/.test(code);
