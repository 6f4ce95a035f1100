// Bundles src/ into dist/. better-sqlite3 stays outside: it brings a binary.

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const project = fileURLToPath(new URL('..', import.meta.url));

/**
 * What Fastify would load at every start and this program never uses: its compilers of schemas, inject() for tests,
 * HTTP/2 and TLS.
 */
const UNUSED =
  /^(@fastify\/ajv-compiler|@fastify\/fast-json-stringify-compiler|light-my-request|node:http2|node:https)$/;
const withoutUnused = {
  name: 'without-unused',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: UNUSED }, ({ path }) => ({ path, namespace: 'unused' }));
    onLoad({ filter: /.*/, namespace: 'unused' }, () => ({ contents: 'module.exports = () => {}' }));
  },
};

rmSync(`${project}dist`, { recursive: true, force: true });
await build({
  absWorkingDir: project,
  entryPoints: ['src/cli.ts', 'src/index.ts'],
  outdir: 'dist',
  bundle: true,
  splitting: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  sourcemap: true,
  minify: true,
  external: ['better-sqlite3'],
  logLevel: 'warning',
  plugins: [withoutUnused],
  // A test that fakes timers stops none of the libraries either.
  inject: ['src/domain/real-time.ts'],
  // Fastify and its kin are CommonJS and ask for Node's own modules by require().
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
});

// The types of the package. What index.ts exports speaks of no other file, so its declarations stand alone.
const { status } = spawnSync('npx', ['--no-install', 'tsc', '-p', 'tsconfig.types.json'], {
  cwd: project,
  stdio: ['ignore', 2, 2],
  shell: process.platform === 'win32',
});
if (status !== 0) process.exit(status ?? 1);
renameSync(`${project}dist/types/index.d.ts`, `${project}dist/index.d.ts`);
rmSync(`${project}dist/types`, { recursive: true });

// What the page at /docs is made of; the rest of Swagger UI's files is for other pages.
const ASSETS = ['swagger-ui-bundle.js', 'swagger-ui-standalone-preset.js', 'swagger-ui.css', 'index.css'];
mkdirSync(`${project}dist/swagger-ui`);
for (const name of [...ASSETS, 'favicon-16x16.png', 'favicon-32x32.png']) {
  copyFileSync(`${project}node_modules/@fastify/swagger-ui/static/${name}`, `${project}dist/swagger-ui/${name}`);
}
writeFileSync(`${project}dist/.built`, '');
