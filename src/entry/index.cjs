'use strict';

// Asks for the rest only when this Node can read it.
const problem = require('./node-engines.cjs').findNodeProblem(process.versions.node, require('../package.json'));

async function refuse() {
  throw new Error(problem);
}

exports.createMockServer = problem === undefined ? require('./main.cjs').createMockServer : refuse;
exports.ControlError = problem === undefined ? require('./kit.cjs').ControlError : Error;
