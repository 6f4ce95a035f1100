// Clients that pipeline requests and read nothing neither take the memory of the server nor keep others waiting. For Linux, and a
// machine that has nothing else to do.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { check, node } from './support.js';

const SELF = fileURLToPath(import.meta.url);
const CLI = fileURLToPath(new URL('../../dist/cli.cjs', import.meta.url));
const KEY = 'sk_live_abc123def456';
const CONNECTIONS = 50;
const PIPELINED_BYTES = 64 * 1024;
const METADATA_BYTES = 1024 * 1024 - 1024;
const MAX_RESIDENT_MIB = 400;
const MAX_HEALTH_MS = 250;
const WATCHED_MS = 5000;

/** What is pipelined: the answer of 1 MB, the documents that need no key, and the shortest request there is. */
const REQUESTS = {
  'GET /v1/organizations with 1 MB metadata': `GET /v1/organizations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${KEY}\r\n\r\n`,
  'GET /openapi.json': 'GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n',
  'GET /docs/static/swagger-ui-bundle.js': 'GET /docs/static/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n',
  'the shortest request': 'GET / HTTP/1.0\r\n\r\n',
  'the shortest request that keeps the connection': 'GET / HTTP/1.1\r\n\r\n',
};

/** What takes so long to make that 50 of them at once keep others waiting: a page of the journal, searched for keys. */
const SLOW_REQUESTS = {
  'GET /_mock/sandboxes/default/requests': 'GET /_mock/sandboxes/default/requests HTTP/1.1\r\nHost: localhost\r\n\r\n',
};

/** Each flood meets a server of its own. */
export default async function checkPipelining() {
  for (const [name, request] of Object.entries(REQUESTS)) {
    const worst = await flood(request);
    const isWithin = worst.residentMiB < MAX_RESIDENT_MIB && worst.healthMs < MAX_HEALTH_MS;
    check(`${CONNECTIONS} connections pipeline ${name} and read nothing`, isWithin, worst);
  }
  for (const [name, request] of Object.entries(SLOW_REQUESTS)) {
    const worst = await flood(request);
    check(`${CONNECTIONS} connections pipeline ${name} and read nothing`, worst.residentMiB < MAX_RESIDENT_MIB, worst);
  }
}

async function flood(request) {
  const child = spawn(node, [CLI, '--port', '0', '--db', ':memory:', '--json', '--log-level', 'warn'], {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let clients;
  try {
    const [line] = await once(createInterface(child.stdout), 'line');
    const { url } = JSON.parse(line);
    await fetch(`${url}/v1/organizations`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ metadata: { text: 'x'.repeat(METADATA_BYTES) } }),
    });
    // In a process of their own, so that they do not keep the one waiting that asks for health.
    clients = spawn(node, [SELF, new URL(url).port, request], { stdio: 'inherit' });
    const worst = { residentMiB: 0, healthMs: 0 };
    for (const end = performance.now() + WATCHED_MS; performance.now() < end; await delay(50)) {
      const asked = performance.now();
      const health = await fetch(`${url}/v1/health`);
      await health.text();
      worst.healthMs = Math.max(worst.healthMs, Math.round(performance.now() - asked));
      worst.residentMiB = Math.max(worst.residentMiB, readResidentMiB(child.pid));
    }
    return worst;
  } finally {
    clients?.kill('SIGKILL');
    child.kill('SIGKILL');
  }
}

/** Clients that send and never read. */
function openSilentClients(port, request) {
  const bytes = request.repeat(Math.floor(PIPELINED_BYTES / request.length));
  for (let count = 0; count < CONNECTIONS; count++) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.pause();
    socket.write(bytes);
  }
}

function readResidentMiB(pid) {
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kib) / 1024);
}

if (process.argv[1] === SELF) openSilentClients(Number(process.argv[2]), process.argv[3]);
