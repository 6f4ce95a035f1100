// What the parts of `npm run test:outside` have in common.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const project = fileURLToPath(new URL('../..', import.meta.url));
export const manifest = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'mixpeek-mock-outside-'));
// Root runs the engine of tests as somebody else, who has to find it here.
chmodSync(folder, 0o755);
/** The program that was built here. */
export const program = join(project, 'dist/cli.cjs');
/** Projects find the package here, above them: installing it may compile SQLite, which takes a minute. */
export const home = join(folder, 'home');
/** The Node that the package is tried with. */
export const node = process.env.WITH_NODE ?? process.execPath;

process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

/**
 * Runs a command to its end.
 * @returns its exit code, the signal that ended it, and what it printed
 */
export function attempt(command, args, cwd, { with: withNode = node, env = {} } = {}) {
  // The folder of the Node that is the first anyway may hold another Python.
  const path = withNode === process.execPath ? process.env.PATH : `${dirname(withNode)}${delimiter}${process.env.PATH}`;
  const { status, signal, stdout, stderr } = spawnSync(command, args, {
    cwd,
    env: { ...process.env, PATH: path, ...env },
    encoding: 'utf8',
    shell: process.platform === 'win32',
    timeout: 600_000,
    maxBuffer: 2 ** 28,
  });
  return { status, signal, stdout, stderr };
}

/**
 * Runs a command that must end with 0.
 * @returns what it printed on standard output
 */
export function run(command, args, cwd, options) {
  const { status, signal, stdout, stderr } = attempt(command, args, cwd, options);
  if (status !== 0)
    throw new Error(`${command} ${args.join(' ')} ended with ${status ?? signal}:\n${stdout}\n${stderr}`);
  return stdout;
}

export function check(what, isRight, details) {
  if (!isRight) throw new Error(`${what}: ${JSON.stringify(details)}`);
  console.log(`ok  ${what}`);
}

const PROJECTS = fileURLToPath(new URL('projects/', import.meta.url));

/**
 * An empty project, in a folder of {@link home}.
 * @param {string} name of its folder
 * @param {{ type?: string, files?: Record<string, string>, from?: string[] }} content files by name; `from` names some of projects/
 */
export function makeProject(name, { type = 'commonjs', files = {}, from = [] } = {}) {
  const path = join(home, name);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'package.json'), JSON.stringify({ name, version: '1.0.0', type, private: true }));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text);
  for (const file of from) cpSync(join(PROJECTS, file), join(path, file));
  return path;
}

export const install = (path, packages, options) =>
  run('npm', ['install', '--no-audit', '--no-fund', ...packages], path, options);

let packed;
/** Packs what was built, once. */
export function pack() {
  packed ??= JSON.parse(run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], project))[0];
  return { tarball: join(folder, packed.filename), ...packed };
}

/** Installs the packed package into {@link home}, once. */
export function installPackage() {
  const manifest = join(home, 'package.json');
  if (existsSync(manifest)) return;
  mkdirSync(home, { recursive: true });
  writeFileSync(manifest, '{}');
  install(home, [pack().tarball]);
}

/** Puts the packed package beside the packages of a project, where it finds those that it is made for. */
export function placePackage(path) {
  installPackage();
  cpSync(join(home, 'node_modules'), join(path, 'node_modules'), { recursive: true, verbatimSymlinks: true });
}

/** Installs another Node from npm; the path of its program. */
export function getNode(major) {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${platform}-${process.arch}`;
  const path = join(folder, `node${major}`);
  if (!existsSync(path)) {
    mkdirSync(path);
    writeFileSync(join(path, 'package.json'), '{}');
    install(path, [`${name}@${major}`], { with: process.execPath });
  }
  return join(path, 'node_modules', name, process.platform === 'win32' ? 'bin/node.exe' : 'bin/node');
}

/** A fresh clone of the last commit. */
export function clone(name) {
  const path = join(folder, name);
  run('git', ['clone', '--quiet', project, path], folder);
  return path;
}

/** Starts the installed package on a free port, its data in memory. */
export function startPackage(args = []) {
  installPackage();
  return startProgram(args, join(home, 'node_modules/mixpeek-mock/dist/cli.cjs'));
}

/** Starts a program, by default the one that was built here, on a free port, its data in memory. */
export async function startProgram(args, cli = program) {
  const child = spawn(node, [cli, '--port', '0', '--db', ':memory:', '--json', '--log-level', 'error', ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  const [line] = await once(createInterface(child.stdout), 'line');
  return {
    url: JSON.parse(line).url,
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      await ended;
    },
  };
}
