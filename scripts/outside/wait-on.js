// What waits for a server with HEAD: wait-on and start-server-and-test, as people call them in their scripts.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { attempt, check, home, install, installPackage, makeProject, node } from './support.js';

const WAIT_MS = '5000';

export default async function checkWaitOn() {
  installPackage();
  const path = makeProject('wait-on');
  install(path, ['wait-on', 'start-server-and-test']);
  await checkUrls(path);
  const port = await findFreePort();
  const args = ['--no-install', 'start-server-and-test', `npx --no-install mixpeek-mock --port ${port}`, port, 'true'];
  const ending = attempt('npx', args, path, { env: { WAIT_ON_TIMEOUT: WAIT_MS } });
  check('start-server-and-test "npx mixpeek-mock --port $P" $P true ends with 0', ending.status === 0, ending);
}

async function checkUrls(path) {
  const port = await findFreePort();
  const cli = join(home, 'node_modules/mixpeek-mock/dist/cli.cjs');
  const server = spawn(node, [cli, '--port', port, '--db', ':memory:'], { cwd: path, stdio: 'ignore' });
  const ended = once(server, 'close');
  try {
    for (const url of [`http://localhost:${port}/v1/health`, `http://localhost:${port}/`]) {
      const ending = attempt('npx', ['--no-install', 'wait-on', '-t', WAIT_MS, url], path);
      check(`wait-on ${new URL(url).pathname} ends with 0`, ending.status === 0, ending);
    }
  } finally {
    server.kill();
    await ended;
  }
}

/** A port that nobody listens on, in digits: neither tool can be given one that the server chose. */
async function findFreePort() {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return String(port);
}
