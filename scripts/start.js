// `npm start`: installs what is missing, builds what is stale, starts the server with the arguments that were given.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { findSwallowedFlags, toCommand, withoutSeparator } from './npm-flags.js';
import { buildIfNeeded, installIfNeeded } from './prepare.js';

const args = process.argv.slice(2);
const swallowed = findSwallowedFlags(args, process.env);
if (swallowed !== undefined) {
  process.stderr.write(`mixpeek-mock: ${swallowed.message}\n`);
  if (swallowed.isCertain) process.exit(2);
}
await installIfNeeded();
await buildIfNeeded();
const { loadBundle } = createRequire(import.meta.url)('../dist/load-bundle.cjs');
const { exports, endStart } = loadBundle(fileURLToPath(new URL('../dist/main.cjs', import.meta.url)));
await exports.runCli({ args: withoutSeparator(args), typed: toCommand(process.env), endStart });
