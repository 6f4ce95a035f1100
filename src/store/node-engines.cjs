'use strict';
// Compares Nodes with what packages ask for. Plain JavaScript of any age, without imports: the package and scripts/ ask
// before anything else is loaded, in Nodes that are too old and in clones that have no packages yet.

/** better-sqlite3 12 aborts there when a statement is collected as garbage, although its `engines` allow it (measured). */
const TOO_NEW_FOR_12 = '24.19.0';

function isAtLeast(version, least) {
  const [parts, minimum] = [version, least].map((text) => text.split('.').map(Number));
  const differing = minimum.findIndex((part, index) => part !== (parts[index] || 0));
  return differing === -1 || (parts[differing] || 0) > minimum[differing];
}

/**
 * @param {string} version of Node: `20.19.0`
 * @param {string} range an `engines.node`; alternatives like `>=20.19`, `20.x` and `^20.19.0` are understood, others taken as met
 */
function isMet(version, range) {
  return range.split('||').some((alternative) => {
    const [, operator, least] = /^\s*(>=|\^|)\s*v?(\d+(?:\.\d+)*)(?:\.x)*\s*$/.exec(alternative) || [];
    if (least === undefined) return true;
    return isAtLeast(version, least) && (operator === '>=' || version.split('.')[0] === least.split('.')[0]);
  });
}

/**
 * The message for whoever runs this package on a Node that is too old for it.
 * @param {string} version of Node
 * @param {{ name: string, engines: { node: string } }} manifest our package.json
 * @returns {string | undefined} one line; undefined when all is well
 */
function findNodeProblem(version, { name, engines }) {
  if (isMet(version, engines.node)) return undefined;
  return `${name} needs Node ${engines.node.replace('>=', '')} or newer, this is Node ${version}: install a newer one from https://nodejs.org`;
}

/**
 * Why better-sqlite3 must not open a database: it would end the process without a word.
 * @param {string} version of Node
 * @param {{ version: string, engines: { node: string } }} manifest its package.json
 * @returns {string | undefined} one line that ends before the advice; undefined when all is well
 */
function findSqliteProblem(version, manifest) {
  const found = `better-sqlite3 ${manifest.version}`;
  const range = manifest.engines.node;
  if (!isMet(version, range)) return `${found} needs Node ${range}, this is Node ${version}`;
  if (manifest.version.startsWith('12.') && isAtLeast(version, TOO_NEW_FOR_12)) {
    return `${found} crashes on Node ${TOO_NEW_FOR_12} and newer, this is Node ${version}`;
  }
  return undefined;
}

module.exports = { findNodeProblem, findSqliteProblem, isMet };
