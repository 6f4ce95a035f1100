import { createRequire } from 'node:module';
import { StorageError } from './errors.ts';
import { findSqliteProblem } from './node-engines.cjs';

/**
 * Checks that better-sqlite3 may open a database in this process: a version for another Node ends the process with a
 * segmentation fault. Package managers other than npm install whatever is newest, and a `node_modules` outlives its Node.
 * @throws {StorageError} that names the command to run
 */
export function checkRunningNode(): void {
  const manifest = createRequire(import.meta.url)('better-sqlite3/package.json');
  const { node } = process.versions;
  const problem = findSqliteProblem(node, manifest);
  if (problem === undefined) return;
  const advice =
    Number.parseInt(node, 10) < 22
      ? 'run `npm install -D better-sqlite3@12` (`pnpm add -D --allow-build=better-sqlite3 better-sqlite3@12`), or use Node 22 or newer'
      : 'run `npm install -D better-sqlite3@13` (or `pnpm add -D`, `yarn add -D`)';
  throw new StorageError(`${problem}: ${advice}`);
}
