// node:test, ESM and CommonJS, with fake timers.
import { check, installPackage, makeProject, node, run } from './support.js';

export default function testNodeTest() {
  const files = ['node-esm.test.mjs', 'node-cjs.test.cjs'];
  const path = makeProject('node-test', { from: [...files, 'patch-twice.cjs'] });
  installPackage();
  for (const file of files) {
    run(node, ['--test', file], path);
    check(`${file} passes`, true);
  }
}
