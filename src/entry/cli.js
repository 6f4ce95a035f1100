#!/usr/bin/env node
import { createRequire } from 'node:module';

// Asks for the rest only when this Node can read it.
const require = createRequire(import.meta.url);
const problem = require('./node-engines.cjs').findNodeProblem(process.versions.node, require('../package.json'));
if (problem === undefined) {
  require('./main.cjs').runCli();
} else {
  process.stderr.write(`${problem}\n`);
  process.exitCode = 1;
}
