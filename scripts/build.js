// Makes dist/ out of src/: the bundle, its entries, types, licences, and the files of the docs page.

import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.js';
import { collectLicenses } from './licenses.js';

const project = fileURLToPath(new URL('..', import.meta.url));
const copy = (from, to) => copyFileSync(project + from, project + to);

rmSync(`${project}dist`, { recursive: true, force: true });
const { metafile } = await bundle();
for (const name of ['cli.js', 'index.js', 'index.cjs']) copy(`src/entry/${name}`, `dist/${name}`);
copy('src/store/node-engines.cjs', 'dist/node-engines.cjs');

writeFileSync(`${project}dist/seed.schema.json`, execFileSync(process.execPath, [`${project}dist/cli.js`, 'schema']));

// The types of the package, in one file.
const OF_OTHER_FILES = /^(?:import|export) (?:type )?\{[^}]*\} from '\.[^']*';\n/gm;
const { status } = spawnSync('npx', ['--no-install', 'tsc', '-p', 'tsconfig.types.json'], {
  cwd: project,
  stdio: ['ignore', 2, 2],
  shell: process.platform === 'win32',
});
if (status !== 0) process.exit(status ?? 1);
const declarations = [
  'kit/models',
  'kit/fault-models',
  'kit/seed-models',
  'kit/mock-client',
  'kit/control-error',
  'index',
].map((name) => readFileSync(`${project}dist/types/${name}.d.ts`, 'utf8').replace(OF_OTHER_FILES, ''));
// For `await using`.
const DISPOSABLE = '/// <reference lib="esnext.disposable" />';
writeFileSync(`${project}dist/index.d.ts`, [DISPOSABLE, ...declarations].join('\n'));
rmSync(`${project}dist/types`, { recursive: true });
copy('dist/index.d.ts', 'dist/index.d.cts');

// What the page at /docs is made of; the rest of Swagger UI's files is for other pages.
const ASSETS = ['swagger-ui-bundle.js', 'swagger-ui-standalone-preset.js', 'swagger-ui.css', 'index.css'];
mkdirSync(`${project}dist/swagger-ui`);
for (const name of [...ASSETS, 'favicon-16x16.png', 'favicon-32x32.png']) {
  copy(`node_modules/@fastify/swagger-ui/static/${name}`, `dist/swagger-ui/${name}`);
}
writeFileSync(`${project}dist/THIRD-PARTY.txt`, collectLicenses(project, Object.keys(metafile.inputs)));
writeFileSync(`${project}dist/.built`, '');
