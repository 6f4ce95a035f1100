// pnpm 10 and yarn 4 on Node 20: they install the newest better-sqlite3, which is not for that Node.
import { join } from 'node:path';
import { attempt, check, clone, getNode, install, makeProject, pack, run } from './support.js';

/** The one line that a project on Node 20 gets. */
const LINE =
  /^(?:mixpeek-mock: )?better-sqlite3 13[^\n]+: run `npm install -D better-sqlite3@12` \(`(pnpm [^`]+)`\)[^\n]+\n$/;
const SERVE = ['mixpeek-mock', '--port', '0', '--db', ':memory:'];

/** What the program and createMockServer say in a project of a package manager. */
function checkRefusal(name, path, manager, node) {
  const used = attempt(...manager('node', 'use.cjs'), path, { with: node });
  check(`${name}: createMockServer rejects with one line`, used.status === 1 && LINE.test(used.stderr), used);
  const served = attempt(...manager('exec', ...SERVE), path, { with: node });
  check(`${name}: the program ends with one line`, served.status === 1 && LINE.test(served.stderr), served);
  return LINE.exec(used.stderr)[1];
}

export default function testManagers() {
  const node = getNode(20);
  const tools = makeProject('managers');
  install(tools, ['pnpm@10', '@yarnpkg/cli-dist@4']);
  const bin = (name) => join(tools, 'node_modules', name);
  const pnpm = (...args) => [node, [bin('pnpm/bin/pnpm.cjs'), ...args]];
  const yarn = (...args) => [node, [bin('@yarnpkg/cli-dist/bin/yarn.js'), ...args]];

  const path = makeProject('pnpm', { from: ['use.cjs'] });
  run(...pnpm('add', pack().tarball), path, { with: node });
  const advised = checkRefusal('pnpm', path, pnpm, node);
  run(...pnpm(...advised.split(' ').slice(1)), path, { with: node });
  check(
    `what it advises helps: ${advised}`,
    run(...pnpm('node', 'use.cjs'), path, { with: node }).includes('org_demo123'),
  );
  const ofPnpm = clone('clone-pnpm');
  run(...pnpm('install'), ofPnpm, { with: node });
  run(...pnpm('start', '--version'), ofPnpm, { with: node });
  check('pnpm: a clone starts', true);

  for (const nodeLinker of ['pnp', 'node-modules']) {
    const files = { 'yarn.lock': '', '.yarnrc.yml': `nodeLinker: ${nodeLinker}\nenableTelemetry: false\n` };
    const project = makeProject(`yarn-${nodeLinker}`, { from: ['use.cjs'], files });
    run(...yarn('add', `mixpeek-mock@file:${pack().tarball}`), project, { with: node });
    checkRefusal(`yarn, ${nodeLinker}`, project, yarn, node);
  }
  const ofYarn = clone('clone-yarn');
  run(...yarn('install'), ofYarn, { with: node });
  const started = attempt(...yarn('start', '--version'), ofYarn, { with: node });
  const isLine = /^a clone of mixpeek-mock is installed by npm[^\n]+\n$/.test(started.stderr);
  check('yarn: a clone says in one line that npm starts it', started.status === 1 && isLine, started);
}
