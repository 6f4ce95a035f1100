// Bundles src/ into dist/. better-sqlite3 stays outside: it brings a binary.
import { rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const project = fileURLToPath(new URL('..', import.meta.url));

rmSync(`${project}dist`, { recursive: true, force: true });
await build({
  absWorkingDir: project,
  entryPoints: ['src/cli.ts'],
  outdir: 'dist',
  bundle: true,
  splitting: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  sourcemap: true,
  external: ['better-sqlite3'],
  logLevel: 'warning',
  // Fastify and its kin are CommonJS and ask for Node's own modules by require().
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
});
writeFileSync(`${project}dist/.built`, '');
