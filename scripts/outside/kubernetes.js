// The Kubernetes manifests are as Kubernetes' own schema has them: their types know every member, their JSON schemas every value.
// A manifest with a mistake of either kind is refused, so that this check can fail.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { attempt, check, install, makeProject, project } from './support.js';

const read = (file) => readFileSync(join(project, file), 'utf8');

export default function testKubernetes() {
  const path = makeProject('kubernetes', { type: 'module' });
  // The newest that runs on Node 20.
  install(path, ['kubernetes-models@4', 'typescript@5', '@types/node@20']);
  const example = read('examples/kubernetes/mixpeek-mock.yaml');
  const [, documented] = /```yaml\n(.*?)```/s.exec(read('docs/containers.md'));
  for (const [what, text, isRight] of [
    ['examples/kubernetes/mixpeek-mock.yaml', example, true],
    ['the manifest of docs/containers.md', documented, true],
    ['one with a member that there is not', example.replace('maxSurge', 'maxxSurge'), false],
    ['one with a port that is a text', example.replace('containerPort: 4030', "containerPort: '4030'"), false],
    ['one whose container has no name', example.replace(/- name: (mixpeek-mock\n +)(?=image)/, '- '), false],
  ]) {
    const problem = findProblem(path, text);
    check(`${what} is ${isRight ? 'right' : 'refused'}`, (problem === undefined) === isRight, problem);
  }
}

/** What TypeScript says of the manifest as objects, or the JSON schemas when they are made; nothing where both are content. */
function findProblem(path, text) {
  const documents = parseAllDocuments(text).map((document) => document.toJS());
  const lines = documents.flatMap(({ apiVersion, kind, ...members }, place) => [
    `import { ${kind} as Kind${place} } from 'kubernetes-models/${apiVersion}';`,
    `new Kind${place}(${JSON.stringify(members)}).validate();`,
  ]);
  writeFileSync(join(path, 'manifest.ts'), lines.join('\n'));
  const options = ['--target', 'es2022', '--module', 'nodenext', '--strict', '--skipLibCheck', '--outDir', 'out'];
  for (const [command, ...args] of [
    ['npx', '--no-install', 'tsc', ...options, 'manifest.ts'],
    ['node', 'out/manifest.js'],
  ]) {
    const { status, stdout, stderr } = attempt(command, args, path);
    if (status !== 0) return stdout + stderr;
  }
  return undefined;
}
