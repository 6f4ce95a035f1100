// Our server beside other mock servers that npm has, in one run: what it takes to start them, and how fast they answer.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runLoad } from './load.js';
import { CLI } from './server-process.js';
import { printTable, summarize, toText } from './statistics.js';

const KEY = 'sk_live_abc123def456';
const ORGANIZATION = { organization_id: 'org_demo123', organization_name: 'Demo', metadata: {} };
/** How long a server may take to answer, in milliseconds. */
const START_MS = 20_000;

/** Each with the arguments of Node that start it on a port, and the path of its organization. */
const PEERS = [
  {
    name: 'mixpeek-mock',
    path: '/v1/organizations',
    start: (port) => [CLI, '--port', port, '--db', 'ours.db', '--log-level', 'warn'],
  },
  {
    name: '@stoplight/prism-cli',
    path: '/v1/organizations',
    start: (port, bin) => [bin, 'mock', '--port', port, '--verboseLevel', 'warn', 'openapi.json'],
  },
  {
    name: '@mockoon/cli',
    path: '/v1/organizations',
    start: (port, bin) => [
      bin,
      'start',
      '--data',
      'mockoon.json',
      '--port',
      port,
      '--disable-log-to-file',
      '--disable-admin-api',
    ],
  },
  { name: 'json-server', path: '/organizations', start: (port, bin) => [bin, 'db.json', '--port', port] },
];

/** Installs the others into the folder, and prints a table. */
export async function measurePeers({ folder, isQuick, progress }) {
  const home = join(folder, 'peers');
  mkdirSync(home);
  writeInputs(home);
  progress('installing the others');
  const others = PEERS.slice(1).map(({ name }) => name);
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...others], {
    cwd: home,
    stdio: ['ignore', 2, 2],
  });
  const rounds = isQuick ? 2 : 5;
  const seconds = isQuick ? 1 : 2;
  const measured = new Map(PEERS.map(({ name }) => [name, { start: [], GET: [], PATCH: [] }]));
  for (let round = 0; round < rounds; round++) {
    for (const peer of PEERS) {
      const figures = measured.get(peer.name);
      const running = await startPeer(peer, home);
      figures.start.push(running.milliseconds);
      for (const method of ['GET', 'PATCH']) {
        const { rate } = await runLoad(
          folder,
          { port: running.port },
          { method, keys: [KEY], seconds, path: peer.path },
        );
        figures[method].push(rate);
      }
      await running.stop();
      progress(`${peer.name} ${round + 1}/${rounds}`);
    }
  }
  progress('');
  const rows = PEERS.map(({ name }) => {
    const { start, GET, PATCH } = measured.get(name);
    const cells = [toText(summarize(start), 0), toText(summarize(GET), 0), toText(summarize(PATCH), 0)];
    return [`${name} ${readVersion(home, name)}`, ...cells];
  });
  console.log(`\n${new Date().toISOString().slice(0, 10)}; median (min to max) of ${rounds} rounds\n`);
  printTable([['', 'spawn to first answer in ms', 'GET a second', 'PATCH a second'], ...rows]);
}

function readVersion(home, name) {
  const manifest =
    name === PEERS[0].name
      ? new URL('../package.json', import.meta.url)
      : join(home, 'node_modules', name, 'package.json');
  return JSON.parse(readFileSync(manifest, 'utf8')).version;
}

/** What each of the others answers from. */
function writeInputs(home) {
  writeFileSync(join(home, 'package.json'), '{}');
  writeFileSync(join(home, 'openapi.json'), execFileSync(process.execPath, [CLI, 'openapi']));
  writeFileSync(join(home, 'db.json'), JSON.stringify({ organizations: ORGANIZATION }));
  const toRoute = (method) => ({
    uuid: `route-${method}`,
    type: 'http',
    method,
    endpoint: 'v1/organizations',
    responses: [
      {
        uuid: `response-${method}`,
        statusCode: 200,
        body: JSON.stringify(ORGANIZATION),
        default: true,
        rules: [],
        headers: [{ key: 'Content-Type', value: 'application/json' }],
      },
    ],
  });
  const routes = ['get', 'patch'].map(toRoute);
  const environment = {
    uuid: 'environment',
    lastMigration: 33,
    name: 'organizations',
    port: 0,
    hostname: '127.0.0.1',
    routes,
    rootChildren: routes.map(({ uuid }) => ({ type: 'route', uuid })),
    folders: [],
    data: [],
    callbacks: [],
  };
  writeFileSync(join(home, 'mockoon.json'), JSON.stringify(environment));
}

async function findFreePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts a server, and asks it until it answers. */
async function startPeer({ name, path, start }, home) {
  const port = await findFreePort();
  const manifest = join(home, 'node_modules', name, 'package.json');
  const findBin = () => {
    const { bin } = JSON.parse(readFileSync(manifest, 'utf8'));
    return join(manifest, '..', typeof bin === 'string' ? bin : Object.values(bin)[0]);
  };
  const args = start(String(port), name === PEERS[0].name ? undefined : findBin());
  const started = performance.now();
  const child = spawn(process.execPath, args, { cwd: home, stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}${path}`;
  for (;;) {
    const answer = await fetch(url, { headers: { authorization: `Bearer ${KEY}` } }).catch(() => undefined);
    const milliseconds = performance.now() - started;
    if (answer?.ok) {
      await answer.text();
      const stop = async () => {
        child.kill();
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      };
      return { port, milliseconds, stop };
    }
    if (milliseconds > START_MS || child.exitCode !== null)
      throw new Error(`${name} does not answer (${answer?.status})`);
    await sleep(2);
  }
}
