// `npm test`: installs what is missing, then checks types and style and runs the tests. Arguments go to vitest.
import { installIfNeeded, run } from './prepare.js';

await installIfNeeded();
await run('npx', ['--no-install', 'tsc', '--noEmit']);
await run('npx', ['--no-install', 'tsc', '-p', 'tsconfig.inspector.json']);
await run('npx', ['--no-install', 'biome', 'check', '--error-on-warnings', '.']);
await run('npx', ['--no-install', 'vitest', 'run', ...process.argv.slice(2)]);
