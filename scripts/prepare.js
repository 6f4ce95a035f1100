// What `npm start` and `npm test` need before anything else: only Node's own modules are used here, because in a fresh
// clone there is nothing else.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const project = fileURLToPath(new URL('..', import.meta.url));
const inProject = (name) => `${project}${name}`;
/**
 * The lockfile holds better-sqlite3 12, because 13 needs Node 22. But 12 aborts on Node 24.19 and newer, and 13 brings its
 * binaries: so newer Nodes get that.
 */
const wantsNewerSqlite = Number(process.versions.node.split('.')[0]) >= 22;
const newerSqlite = wantsNewerSqlite ? ['better-sqlite3@^13.2.0'] : [];

const say = (text) => process.stderr.write(`${text}\n`);

/** Runs a command in the project with its output on standard error; the process ends with it when it fails. */
export function run(command, args) {
  const { status } = spawnSync(command, args, {
    cwd: project,
    stdio: ['inherit', 2, 2],
    shell: process.platform === 'win32',
  });
  if (status !== 0) process.exit(status ?? 1);
}

/** Installs the packages when they are missing, older than the lockfile, or built for another Node. */
export function installIfNeeded() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    say(`mixpeek-mock needs Node 20.19 or newer; this is ${process.versions.node}`);
    process.exit(1);
  }
  if (!isInstalled()) {
    say('Installing packages (the first time this compiles SQLite, which takes about a minute) ...');
    // Not `npm ci`: it wants the packages of every other platform in the lockfile too.
    // Also where NODE_ENV says production: what builds the program is a development dependency.
    run('npm', [
      'install',
      '--include=dev',
      '--no-save',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
      ...newerSqlite,
    ]);
    say('Installed.');
  }
}

/** Bundles src/ when dist/ is missing or older. */
export async function buildIfNeeded() {
  const built = inProject('dist/.built');
  const inputs = ['src', 'scripts', 'package.json', 'package-lock.json'].map((name) => newest(inProject(name)));
  if (existsSync(built) && statSync(built).mtimeMs >= Math.max(...inputs)) return;
  say('Building ...');
  await import('./build.js');
}

function isInstalled() {
  const installed = inProject('node_modules/.package-lock.json');
  if (!existsSync(installed)) return false;
  if (statSync(installed).mtimeMs < statSync(inProject('package-lock.json')).mtimeMs) return false;
  try {
    const require = createRequire(import.meta.url);
    require.resolve('esbuild');
    const [major] = require('better-sqlite3/package.json').version.split('.');
    if (wantsNewerSqlite && major === '12') return false;
    const Database = require('better-sqlite3');
    new Database(':memory:').close();
    return true;
  } catch {
    return false;
  }
}

/** When anything in there changed last; a folder's own time tells of files that are gone. */
function newest(path) {
  const { mtimeMs } = statSync(path);
  if (!statSync(path).isDirectory()) return mtimeMs;
  return Math.max(mtimeMs, ...readdirSync(path).map((name) => newest(`${path}/${name}`)));
}
