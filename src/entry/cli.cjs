#!/usr/bin/env node
'use strict';

// CommonJS, because Node's loader of ES modules takes 5 % of a start.
// Asks for the rest only when this Node can read it.
const problem = require('./node-engines.cjs').findNodeProblem(process.versions.node, require('../package.json'));
if (problem === undefined) {
  const { exports: main, endStart } = require('./load-bundle.cjs').loadBundle(`${__dirname}/main.cjs`);
  main.runCli({ endStart });
} else {
  process.stderr.write(`${problem}\n`);
  process.exitCode = 1;
}
