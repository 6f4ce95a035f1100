// Nodes that are too old, and packages that were installed with another one.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { attempt, check, clone, getNode, home, install, installPackage, makeProject, pack, run } from './support.js';

const OLD = /^mixpeek-mock needs Node 20\.19 or newer, this is Node 18[^\n]+\n$/;
/** Starts and closes a server; prints only why that is refused. */
const toCreate = (name) =>
  `require('${name}').createMockServer().then(({ close }) => close(), ({ message }) => console.log(message));`;
const CREATE = toCreate('mixpeek-mock');
const isLine = (text, start) => text.startsWith(start) && text.trimEnd().split('\n').length === 1;

function testOldNode() {
  installPackage();
  const program = join(home, 'node_modules/mixpeek-mock/dist/cli.cjs');
  const started = attempt(getNode(18), [program], home);
  check('on Node 18 the program ends with one line', started.status === 1 && OLD.test(started.stderr), started);
  const created = attempt(getNode(18), ['-e', CREATE], home);
  check('on Node 18 createMockServer rejects with one line', OLD.test(created.stdout), created);
}

/** 12 is what a lockfile of Node 20 holds, 13 what one of Node 24 does. */
function testWrongSqlite() {
  const cases = [
    [20, '13', 'better-sqlite3 13'],
    [24, '12', 'better-sqlite3 12'],
  ];
  for (const [major, sqlite, start] of cases) {
    const path = makeProject(`sqlite${sqlite}`);
    install(path, ['--ignore-scripts', pack().tarball, `better-sqlite3@${sqlite}`], { with: getNode(major) });
    const created = attempt(getNode(major), ['-e', CREATE], path);
    check(
      `on Node ${major} with ${start} createMockServer rejects with one line`,
      isLine(created.stdout, start),
      created,
    );
    const [, advised] = /run `npm ([^`]+)`/.exec(created.stdout);
    run('npm', [...advised.split(' '), '--no-audit', '--no-fund'], path, { with: getNode(major) });
    const again = attempt(getNode(major), ['-e', CREATE], path);
    check(`what it advises helps: npm ${advised}`, again.status === 0 && again.stdout === '', again);
  }
}

/** Starts the server of a clone, which installs and builds; what it said, and what runs below it once it is ready. */
async function startClone(path, node) {
  // Also where this says production: what builds the program is a development dependency.
  const env = { ...process.env, NODE_ENV: 'production', PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
  const args = ['scripts/start.js', '--port', '0', '--db', ':memory:', '--json'];
  const child = spawn(node, args, { cwd: path, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  try {
    const lines = createInterface(child.stdout);
    const ended = once(child, 'close').then(([code, signal]) => {
      throw new Error(`npm start ended with ${code ?? signal} before it was ready: ${said}`);
    });
    const [line] = await Promise.race([once(lines, 'line'), ended]);
    ended.catch(() => {});
    const { stdout } = spawnSync('ps', ['-A', '-o', 'ppid=,pid=,args='], { encoding: 'utf8' });
    const below = stdout.split('\n').filter((process) => Number.parseInt(process, 10) === child.pid);
    return { said, event: JSON.parse(line).event, below };
  } finally {
    child.kill();
  }
}

/** A clone that was used on Node 24 and then, in the same folder, on 20. */
async function testClone() {
  const path = clone('clone');
  for (const [major, expected] of [
    [24, /Installing packages; nothing is compiled/],
    [20, /Installing packages; on Node 20.* may have to be compiled/],
  ]) {
    const node = getNode(major);
    const { said, event, below } = await startClone(path, node);
    check(`npm start works in a clone on Node ${major}`, event === 'ready' && expected.test(said), said);
    check('nothing that it says there is a warning', !/EBADENGINE|npm warn/.test(said), said);
    check('and it leaves no process of the build behind', below.length === 0, below);
    const created = attempt(node, ['-e', toCreate('./dist/index.cjs')], path, { with: node });
    check(`createMockServer works there`, created.status === 0 && created.stdout === '', created);
    run('npm', ['test'], path, { with: node });
    check(`npm test passes there`, true);
    check(`nothing of the clone changed`, run('git', ['status', '--short'], path) === '');
  }
}

/** The lockfile alone, without what scripts/prepare.js does. */
function testLockfile() {
  for (const major of [20, 24]) {
    const path = clone(`ci${major}`);
    const { status, stderr } = attempt('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], path, {
      with: getNode(major),
    });
    check(`npm ci takes the lockfile on Node ${major}`, status === 0 && !stderr.includes('EBADENGINE'), stderr);
  }
}

export default async function testNodes() {
  testOldNode();
  testLockfile();
  testWrongSqlite();
  await testClone();
}
