import { transformSync } from 'esbuild';
import * as vitest from 'vitest';
import { readCode } from '../scripts/documents.js';
import * as mock from '../src/index.ts';

const IMPORT = /^import (\{[^}]*\}) from ["']([\w-]+)["'];$/gm;
const MODULES: Record<string, object> = { vitest, 'mixpeek-mock': mock };

/** Runs a test file of a document as if it stood here. `scripts/outside/package.js` pastes it into a project. */
function paste(code: string | undefined): void {
  if (code === undefined) throw new Error('the document has no such code');
  const { code: plain } = transformSync(code, { loader: 'ts' });
  new Function(
    'modules',
    plain.replace(IMPORT, (_, names, module) => `const ${names} = modules['${module}'];`),
  )(MODULES);
}

vitest.describe('docs/recipes.md, "Test your retry"', () => {
  paste(readCode('## Test your retry', 'ts', 'docs/recipes.md')[0]);
});

vitest.describe('README, "vitest"', () => {
  paste(readCode('### vitest', 'ts')[0]);
});
