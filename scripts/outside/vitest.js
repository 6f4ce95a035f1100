// vitest, ESM and by createRequire, with fake timers.
import { check, install, installPackage, makeProject, run } from './support.js';

export default function testVitest() {
  const files = ['vitest-esm.test.mjs', 'vitest-require.test.mjs'];
  const path = makeProject('vitest', { type: 'module', from: [...files, 'patch-twice.cjs'] });
  installPackage();
  install(path, ['vitest@4']);
  for (const file of files) {
    run('npx', ['--no-install', 'vitest', 'run', file], path);
    check(`${file} passes`, true);
  }
}
