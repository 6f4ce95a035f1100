import { createRequire } from 'node:module';
import { transformSync } from 'esbuild';
import * as vitest from 'vitest';
import * as client from '../../src/entry/client.ts';
import * as mock from '../../src/index.ts';
// Adds a hook to the file that imports this one.
import * as suite from '../../src/suites/vitest.ts';

/** What documents import is here that of src/. */
const MODULES: Record<string, object> = {
  vitest,
  'mixpeek-mock': mock,
  'mixpeek-mock/client': client,
  'mixpeek-mock/vitest': suite,
};
const load = createRequire(import.meta.url);

/** Runs a module of a document as if it stood here. */
export function paste(code: string): void {
  const { code: plain } = transformSync(code, { loader: 'ts', format: 'cjs', target: 'node20' });
  const module = { exports: {} };
  const run = new Function('require', 'module', 'exports', plain);
  run((name: string) => MODULES[name] ?? load(name), module, module.exports);
}

/** Whether vitest would run it. */
export const isTestFile = ({ code }: { code: string }) => /from ['"](?:vitest|mixpeek-mock\/vitest)['"]/.test(code);
