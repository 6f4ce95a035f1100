import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import Sqlite from 'better-sqlite3';
import { build } from 'esbuild';

const project = fileURLToPath(new URL('..', import.meta.url));

/**
 * What Fastify would load at every start and this program never uses: compilers of schemas, inject() for tests, HTTP/2 and
 * TLS. Without these aliases a start takes 4 % more CPU and 2.4 MiB more memory.
 */
const UNUSED = [
  '@fastify/ajv-compiler',
  '@fastify/fast-json-stringify-compiler',
  'light-my-request',
  'node:http2',
  'node:https',
  // pg looks for a file of passwords only where it was given none.
  'pgpass',
  // Only where a proxy would be trusted.
  '@fastify/proxy-addr',
];

/** What few starts need, packages and a command, each a file of its own: Node would read and parse them at every start. */
const SELDOM = {
  yaml: 'yaml.cjs',
  '@fastify/swagger': 'swagger.cjs',
  '@fastify/swagger-ui': 'swagger-ui.cjs',
  pg: 'pg.cjs',
};
const CHECK = 'check-document';
const seldomApart = {
  name: 'seldom-apart',
  setup({ onResolve }) {
    onResolve({ filter: /^(?:yaml|@fastify\/swagger|@fastify\/swagger-ui|pg)$/ }, ({ path, kind }) =>
      kind === 'entry-point' ? undefined : { path: `./${SELDOM[path]}`, external: true },
    );
    onResolve({ filter: new RegExp(`/${CHECK}\\.ts$`) }, ({ kind }) =>
      kind === 'entry-point' ? undefined : { path: `./${CHECK}.cjs`, external: true },
    );
  },
};

/** @returns {import('../src/store/schema.ts').Schema} what the migrations make of an empty database */
export function readSchema() {
  const folder = `${project}migrations/`;
  const migrations = readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort();
  const db = new Sqlite(':memory:');
  for (const name of migrations) db.exec(readFileSync(folder + name, 'utf8'));
  const statements = db.prepare('SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid').pluck().all();
  db.close();
  return { migrations, sql: statements.join(';\n') };
}

/** Node's modules that a start has no use for, though what it loads asks for them. */
export const AT_NEED = ['assert', 'fs/promises', 'readline'];

/** Stands in the bundle for such a module, and loads it when one of its members is used. On Node 24 a start takes 5 % less. */
function writeAtNeed(name) {
  const load = `require('node:${name}')`;
  if (name === 'assert') return `module.exports = (value, message) => { if (!value) ${load}(value, message); };`;
  const names = Object.keys(createRequire(import.meta.url)(`node:${name}`));
  return `for (const name of ${JSON.stringify(names)}) {
  Object.defineProperty(exports, name, { enumerable: true, get: () => ${load}[name] });
}`;
}

const nodeAtNeed = {
  name: 'node-at-need',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: new RegExp(`^(?:node:)?(?:${AT_NEED.join('|')})$`) }, ({ path, namespace }) =>
      namespace === 'at-need' ? { path, external: true } : { path: path.replace('node:', ''), namespace: 'at-need' },
    );
    onLoad({ filter: /./, namespace: 'at-need' }, ({ path }) => ({ contents: writeAtNeed(path) }));
  },
};

const schemaWritten = {
  name: 'schema-written',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]store[\\/]schema\.ts$/ }, () => ({
      contents: `export const SCHEMA = ${JSON.stringify(readSchema())};`,
    }));
  },
};

/** What a program has already that imports the package, each a file of its own: one copy of the kit, one of the server. */
const APART = { kit: './kit.cjs', index: './index.cjs' };
const kitApart = {
  name: 'kit-apart',
  setup({ onResolve }) {
    onResolve({ filter: /\/(?:kit\/[\w-]+|index)\.ts$/ }, ({ path, importer, kind }) => {
      const isOfKit = path.includes('/kit/');
      if (
        kind === 'entry-point' ||
        (isOfKit && /[\\/](?:kit[\\/]|entry[\\/]kit\.ts$)/.test(importer.slice(project.length)))
      )
        return;
      if (isOfKit || /[\\/]suites[\\/]/.test(importer))
        return { path: isOfKit ? APART.kit : APART.index, external: true };
    });
  },
};

/** What both bundles are made with. */
const COMMON = {
  absWorkingDir: project,
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  target: 'node20',
  // A test that fakes timers stops none of the libraries either.
  inject: ['src/domain/real-time.ts'],
  // They are in THIRD-PARTY.txt.
  legalComments: 'none',
  logLevel: 'warning',
};

/**
 * Bundles src/ and all packages but better-sqlite3, which brings a binary, into one file. It is CommonJS: ESM imports that
 * just as well, and jest loads nothing else without flags.
 * @param {{ write?: boolean }} options besides
 * @returns {Promise<import('esbuild').BuildResult<{ metafile: true }>>}
 */
export const bundle = (options = {}) =>
  build({
    ...COMMON,
    entryPoints: [
      { in: 'src/entry/main.ts', out: 'main' },
      { in: 'src/pydantic/idna-tables.cjs', out: 'idna-tables' },
      { in: `src/cli/${CHECK}.ts`, out: CHECK },
      ...Object.entries(SELDOM).map(([name, file]) => ({ in: name, out: file.replace('.cjs', '') })),
    ],
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
    // Code that comes from a cache cannot use import() in Node 20.
    supported: { 'dynamic-import': false },
    minify: true,
    // Node prints the whole line of an error that nobody caught.
    lineLimit: 200,
    // pg asks for the second one only where somebody wants it.
    external: ['better-sqlite3', 'pg-native'],
    alias: {
      ...Object.fromEntries(UNUSED.map((name) => [name, `${project}scripts/unused.cjs`])),
      pino: `${project}scripts/unused-pino.cjs`,
      semver: `${project}scripts/unused-semver.cjs`,
    },
    plugins: [seldomApart, kitApart, nodeAtNeed, schemaWritten],
    define: { 'import.meta.url': 'importMetaUrl' },
    banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
    metafile: true,
    ...options,
  });

/** Bundles what test suites import: it needs no package at run time, and is readable in a stack. */
export async function bundleKit() {
  const kit = { ...COMMON, inject: undefined, plugins: [kitApart], external: ['vitest', '@jest/globals'] };
  await build({
    ...kit,
    entryPoints: ['kit', 'client', 'pact']
      .map((name) => `src/entry/${name}.ts`)
      .concat(['jest', 'jest-setup', 'jest-teardown'].map((name) => `src/suites/${name}.ts`)),
    entryNames: '[name]',
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
  });
  await build({
    ...kit,
    entryPoints: ['src/suites/vitest.ts', 'src/suites/vitest-setup.ts'],
    entryNames: '[name]',
    format: 'esm',
  });
}

/**
 * Bundles the page that the control plane serves.
 * @param {{ write?: boolean }} options besides
 * @returns {Promise<import('esbuild').BuildResult<{ metafile: true }>>}
 */
export const bundleInspector = (options = {}) =>
  build({
    absWorkingDir: project,
    entryPoints: [
      { in: 'src/inspector/main.tsx', out: 'app' },
      { in: 'src/inspector/app.css', out: 'app' },
    ],
    outdir: 'dist/inspector',
    bundle: true,
    platform: 'browser',
    // The first with light-dark(), which the page needs.
    target: ['chrome123', 'firefox128', 'safari17.5'],
    format: 'iife',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    minify: true,
    charset: 'utf8',
    legalComments: 'eof',
    logLevel: 'warning',
    metafile: true,
    ...options,
  });
