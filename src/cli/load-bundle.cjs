'use strict';

/*
 * Loads the bundle with the code that V8 made of it at an earlier start, where there is such code.
 * A start takes 0.68 of the time (122 ms in place of 180, Node 20.20), on Node 24 0.63. Keeping the code takes 12 ms, once.
 * Node's own `module.enableCompileCache` keeps only what is compiled before the bundle runs, and gains a third of that;
 * so there is one way for every Node.
 */
const { Buffer } = require('node:buffer');
const { createHash } = require('node:crypto');
const { readFileSync, renameSync, rmSync, writeFileSync } = require('node:fs');
const Module = require('node:module');
const { dirname } = require('node:path');
const { setFlagsFromString } = require('node:v8');
const { Script } = require('node:vm');

const HASH_BYTES = 32;
/** What Node puts around a CommonJS file. */
const [BEFORE, AFTER] = Module.wrap('//')
  .split('//')
  .map((part) => Buffer.from(part));

/** V8 believes whatever it reads there, and only compares the length of the source: a damaged file would crash it. */
const toHash = (source, code) => createHash('sha256').update(source).update(code).digest();

/** @returns {Buffer | undefined} undefined when there is none, or one of another bundle, or a damaged one */
function readCode(cache, source) {
  try {
    const content = readFileSync(cache);
    const code = content.subarray(HASH_BYTES);
    return toHash(source, code).equals(content.subarray(0, HASH_BYTES)) ? code : undefined;
  } catch {
    return undefined;
  }
}

/** Beside others that do the same; a folder that cannot be written has to do without. */
function writeCode(cache, source, code) {
  const partial = `${cache}.${process.pid}`;
  try {
    writeFileSync(partial, Buffer.concat([toHash(source, code), code]));
    renameSync(partial, cache);
  } catch {
    try {
      rmSync(partial, { force: true });
    } catch {}
  }
}

/** What is read is garbage once it is compiled: 2 MiB, to which nothing that stays may refer. */
function compile(file) {
  const cache = file.replace(/\.cjs$/, `.${process.version}-${process.arch}.code`);
  const source = readFileSync(file);
  const cachedData = readCode(cache, source);
  // One string of it all: of a sum V8 would keep the parts as well.
  const wrapped = Buffer.concat([BEFORE, source, AFTER]).toString('latin1');
  const script = new Script(wrapped, { filename: file, cachedData });
  const isKept = cachedData !== undefined && script.cachedDataRejected === false;
  return { script, keepCode: isKept ? doNothing : buildKeep(cache, source, script) };
}

const doNothing = () => {};
const buildKeep = (cache, source, script) => () => writeCode(cache, source, script.createCachedData());

/**
 * Node's modules that the bundle asks for, and `cluster`, for which Node asks when a server listens. They are loaded before V8 is
 * given another flag: under that one it refuses the compiled code that Node has of them, and a start takes 5 % longer.
 */
exports.NODE_MODULES = [
  'async_hooks',
  'buffer',
  'child_process',
  'cluster',
  'crypto',
  'diagnostics_channel',
  'dns',
  'events',
  'fs',
  'http',
  'module',
  'net',
  'os',
  'path',
  'perf_hooks',
  'process',
  'stream',
  'stream/consumers',
  'timers',
  'timers/promises',
  'url',
  'util',
  'v8',
  'vm',
];

/**
 * A start allocates what stays. V8 takes that for a busy program, and gives its young objects four times the memory: held back
 * until the end of the start, idle memory is 63.5 MiB in place of 66.3.
 */
const holdBack = () => setFlagsFromString('--semi-space-growth-factor=1');
const letGrow = () => setFlagsFromString('--semi-space-growth-factor=2');

/**
 * Loads a CommonJS file as `require` does, if all its characters are ASCII and it has no `import()`.
 * @param {string} file its path
 * @returns {{ exports: any, endStart: () => void }} endStart is called once the program has started: from then on V8 takes the
 * memory that it needs, and what was compiled until then is kept for later starts, if they have something of it
 */
exports.loadBundle = (file) => {
  const { script, keepCode } = compile(file);
  for (const name of exports.NODE_MODULES) require(`node:${name}`);
  holdBack();
  const requireOfFile = Module.createRequire(file);
  const module = new Module(file);
  Object.assign(module, { filename: file, exports: {} });
  requireOfFile.cache[file] = module;
  script.runInThisContext().call(module.exports, module.exports, requireOfFile, module, file, dirname(file));
  module.loaded = true;
  const endStart = () => {
    letGrow();
    keepCode();
  };
  return { exports: module.exports, endStart };
};
