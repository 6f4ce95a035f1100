// jest 30: CommonJS with its defaults, ESM with the flag that it needs, with fake timers.
import { check, install, installPackage, makeProject, node, run } from './support.js';

export default function testJest() {
  const path = makeProject('jest', { from: ['jest-cjs.test.js', 'jest-esm.test.mjs', 'patch-twice.cjs'] });
  installPackage();
  install(path, ['jest@30']);
  run('npx', ['--no-install', 'jest', 'jest-cjs.test.js'], path);
  check('jest-cjs.test.js passes with the defaults', true);
  const jest = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '--testMatch', '**/*.mjs'];
  run(node, [...jest, 'jest-esm.test.mjs'], path);
  check('jest-esm.test.mjs passes with --experimental-vm-modules', true);
}
