// `npm test`: installs what is missing, then checks types and style and runs the tests. Arguments go to vitest.
import { installIfNeeded, run } from './prepare.js';

installIfNeeded();
run('npx', ['--no-install', 'tsc', '--noEmit']);
run('npx', ['--no-install', 'biome', 'check', '--error-on-warnings', '.']);
run('npx', ['--no-install', 'vitest', 'run', ...process.argv.slice(2)]);
