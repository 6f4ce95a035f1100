// The projects of examples/, with the packed package. pytest needs `pip install pytest pytest-xdist`.
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { check, install, makeProject, placePackage, project, run } from './support.js';

const folder = join(project, 'examples');

export default function testExamples() {
  const names = readdirSync(folder, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && entry.name !== 'kubernetes',
  );
  for (const { name } of names) {
    const path = makeProject(`example-${name}`);
    cpSync(join(folder, name), path, { recursive: true });
    const file = join(path, 'package.json');
    const { devDependencies, ...content } = JSON.parse(readFileSync(file, 'utf8'));
    // It is put there.
    delete devDependencies['mixpeek-mock'];
    writeFileSync(file, JSON.stringify({ ...content, devDependencies }));
    install(path, []);
    placePackage(path);
    check(`examples/${name}: ${run('npm', ['test'], path).trim().split('\n').at(-1)}`, true);
  }
}
