// Makes dist/ out of src/: the bundle, its entries, types, licences, the inspector, and the files of the docs page.

import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundle, bundleInspector, bundleKit } from './bundle.js';
import { collectLicenses } from './licenses.js';
import { writeTypes } from './types.js';

const project = fileURLToPath(new URL('..', import.meta.url));
const copy = (from, to) => copyFileSync(project + from, project + to);

rmSync(`${project}dist`, { recursive: true, force: true });
const { metafile } = await bundle();
await bundleKit();
const inspector = await bundleInspector();
for (const name of ['index.html', 'icon.svg']) copy(`src/inspector/${name}`, `dist/inspector/${name}`);
const entries = readdirSync(`${project}src/entry`).filter((name) => /\.c?js$/.test(name));
for (const name of entries) copy(`src/entry/${name}`, `dist/${name}`);
copy('src/store/node-engines.cjs', 'dist/node-engines.cjs');
copy('src/cli/load-bundle.cjs', 'dist/load-bundle.cjs');
writeFileSync(`${project}dist/seed.schema.json`, execFileSync(process.execPath, [`${project}dist/cli.cjs`, 'schema']));
writeTypes(project);

// What the page at /docs is made of; the rest of Swagger UI's files is for other pages.
const ASSETS = ['swagger-ui-bundle.js', 'swagger-ui-standalone-preset.js', 'swagger-ui.css', 'index.css'];
mkdirSync(`${project}dist/swagger-ui`);
for (const name of [...ASSETS, 'favicon-16x16.png', 'favicon-32x32.png']) {
  copy(`node_modules/@fastify/swagger-ui/static/${name}`, `dist/swagger-ui/${name}`);
}
writeFileSync(
  `${project}dist/THIRD-PARTY.txt`,
  collectLicenses(project, Object.keys({ ...metafile.inputs, ...inspector.metafile.inputs })),
);
writeFileSync(`${project}dist/.built`, '');
