import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { expect, it } from 'vitest';
import { AT_NEED } from '../../scripts/bundle.js';
import { makeFolder } from '../support/folder.ts';
import { CLI, startServer } from '../support/process.ts';

const { loadBundle, NODE_MODULES } = createRequire(import.meta.url)('../../src/cli/load-bundle.cjs');

const CODE = `bundle.${process.version}-${process.arch}.code`;

/** A bundle of one function, in a folder of its own. */
function writeBundle(source: string) {
  const folder = makeFolder();
  const file = join(folder, 'bundle.cjs');
  writeFileSync(file, source);
  return { folder, file, code: join(folder, CODE) };
}

/** What a bundle exports. Nothing is kept; of other flags V8 takes no code, so those are as they were. */
function look(file: string) {
  const { exports } = loadBundle(file);
  setFlagsFromString('--semi-space-growth-factor=2');
  return exports;
}

/** Whether a load rewrote the file, which it does when it could not use it. */
function isRewritten(file: string, code: string): boolean {
  utimesSync(code, 0, 0);
  loadBundle(file).endStart();
  return statSync(code).mtimeMs !== 0;
}

it('loads a file as require() does', () => {
  const { folder, file } = writeBundle(`
    exports.path = [__filename, __dirname, module.filename, require.cache[__filename] === module].join();
    exports.other = require('./other.cjs');
    exports.fail = () => { throw new Error('here') };`);
  writeFileSync(join(folder, 'other.cjs'), 'module.exports = 2;');
  for (let time = 0; time < 2; time++) {
    const { exports, endStart } = loadBundle(file);
    expect(exports.path).toBe([file, folder, file, true].join());
    expect(exports.other).toBe(2);
    expect(exports.fail).toThrow('here');
    endStart();
  }
});

it('keeps the compiled code, and takes it at the next load', () => {
  const { folder, file, code } = writeBundle('exports.answer = () => 42;');
  const { exports, endStart } = loadBundle(file);
  expect(exports.answer()).toBe(42);
  expect(readdirSync(folder)).toEqual(['bundle.cjs']);
  endStart();
  expect(readdirSync(folder).sort()).toEqual(['bundle.cjs', CODE].sort());
  expect(isRewritten(file, code)).toBe(false);
  expect(look(file).answer()).toBe(42);
});

it('takes no code of another bundle, though V8 would where the length is the same', () => {
  const { file, code } = writeBundle('exports.answer = () => 42;');
  const { exports, endStart } = loadBundle(file);
  exports.answer();
  endStart();
  writeFileSync(file, 'exports.answer = () => 43;');
  expect(look(file).answer()).toBe(43);
  expect(isRewritten(file, code)).toBe(true);
  expect(isRewritten(file, code)).toBe(false);
});

it.each([
  ['empty', () => Buffer.alloc(0)],
  ['cut off', (code: Buffer) => code.subarray(0, -1)],
  ['all zeros', (code: Buffer) => Buffer.alloc(code.length)],
  [
    'other in one bit',
    (code: Buffer) => Buffer.from(code.map((byte, at) => (at === code.length - 9 ? byte ^ 1 : byte))),
  ],
  ['not code, but as it was written', (code: Buffer) => Buffer.concat([code, code])],
])('does without code that is %s, and writes it anew', (_name, damage) => {
  const { file, code } = writeBundle('exports.answer = () => 42;');
  loadBundle(file).endStart();
  writeFileSync(code, damage(readFileSync(code)));
  expect(look(file).answer()).toBe(42);
  expect(isRewritten(file, code)).toBe(true);
  expect(isRewritten(file, code)).toBe(false);
});

it('does without where it cannot write, and leaves nothing', () => {
  const { folder, file, code } = writeBundle('exports.answer = () => 42;');
  mkdirSync(code);
  const { exports, endStart } = loadBundle(file);
  endStart();
  expect(exports.answer()).toBe(42);
  expect(readdirSync(folder).sort()).toEqual(['bundle.cjs', CODE].sort());
  expect(readdirSync(code)).toEqual([]);
});

it('is kept by a server once it is ready', async () => {
  const server = await startServer(['--port', '0', '--db', ':memory:'], makeFolder());
  await server.stop();
  const kept = CLI.replace('cli.cjs', CODE.replace('bundle', 'main'));
  const { size } = statSync(kept);
  expect(size).toBeGreaterThan(300_000);
});

it('finds the bundle as it needs it: ASCII, without import()', () => {
  const bundle = readFileSync(CLI.replace('cli.cjs', 'main.cjs'));
  expect(bundle.every((byte) => byte < 0x80)).toBe(true);
  expect(bundle.toString().match(/.{20}\bimport\(/g)).toBeNull();
});

it('loads some modules of Node only when they are needed, which a start does not', () => {
  const folder = makeFolder();
  const [hook, loaded] = [join(folder, 'hook.cjs'), join(folder, 'loaded.json')];
  const write = `require('node:fs').writeFileSync(${JSON.stringify(loaded)}, JSON.stringify(process.moduleLoadList))`;
  writeFileSync(hook, `process.once('exit', () => ${write});`);
  const exec = ['exec', '--port', '0', '--db', ':memory:', '--', process.execPath, '-e', '0'];
  expect(spawnSync(process.execPath, ['--require', hook, CLI, ...exec]).status).toBe(0);
  const names = JSON.parse(readFileSync(loaded, 'utf8'));
  expect(names).toContain('NativeModule http');
  for (const name of AT_NEED) expect(names).not.toContain(`NativeModule ${name}`);
});

it("knows the modules of Node's that the bundle asks for: they have to be loaded before it", () => {
  const bundle = readFileSync(join(dirname(CLI), 'main.cjs'), 'utf8');
  const asked = new Set([...bundle.matchAll(/\brequire\("(?:node:)?([^".]+)"\)/g)].map(([, name]) => name));
  for (const name of ['better-sqlite3', ...AT_NEED]) expect(asked.delete(name), name).toBe(true);
  // Node asks for it itself, when the server listens.
  expect(NODE_MODULES).toEqual([...asked, 'cluster'].sort());
});
