// Drives a server with wrk, for the scripts of this folder.
import { execFile, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readCpu } from './server-process.js';

export const CONNECTIONS = 32;
/** How much longer than asked for a run may take until it counts as hung, in milliseconds. */
const GRACE_MS = 10_000;

// A script each, because wrk sends a request that never changes without asking Lua for it.
const RESULT = `
function done(summary, latency)
  local e = summary.errors
  io.write(string.format('{"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99)))
  io.write(string.format('"failed":{"connect":%d,"read":%d,"write":%d,"status of 400 and more":%d,"longer than 2 s":%d}}\\n',
    e.connect, e.read, e.write, e.status, e.timeout))
end
`;
const GET = `
function init(args)
  wrk.headers['Authorization'] = 'Bearer ' .. args[1]
end
${RESULT}`;
const GET_IN_TURN = `
local n = 0
local requests = {}
function init(args)
  for i, key in ipairs(args) do
    wrk.headers['Authorization'] = 'Bearer ' .. key
    requests[i] = wrk.format('GET')
  end
end
function request()
  n = n + 1
  return requests[n % #requests + 1]
end
${RESULT}`;
// No two bodies are the same: a PATCH that changes nothing writes nothing.
const PATCH = `
local n = 0
local keys
function init(args)
  keys = args
  wrk.headers['Content-Type'] = 'application/json'
end
function request()
  n = n + 1
  wrk.headers['Authorization'] = 'Bearer ' .. keys[n % #keys + 1]
  return wrk.format('PATCH', nil, nil, '{"metadata":{"hello":"world","n":' .. n .. '}}')
end
${RESULT}`;

/** Without wrk, stops here with a line that says what to do. */
export function checkWrk() {
  if (spawnSync('wrk', ['-v']).error === undefined) return;
  console.error('bench: wrk is not on the PATH: install it with `apt-get install wrk` or `brew install wrk`');
  process.exit(1);
}

/** Writes the scripts that wrk is given into a folder. */
export function writeScripts(folder) {
  writeFileSync(join(folder, 'GET.lua'), GET);
  writeFileSync(join(folder, 'GET-in-turn.lua'), GET_IN_TURN);
  writeFileSync(join(folder, 'PATCH.lua'), PATCH);
}

/**
 * Sends requests for some seconds, one key after the other.
 * @returns how many were answered, requests a second, and the 50th and the 99th percentile of the latency in milliseconds
 * @throws when a single request failed: then something else was measured
 */
export async function runLoad(
  folder,
  { port },
  { method, keys, seconds, connections = CONNECTIONS, path = '/v1/organizations' },
) {
  const script = join(folder, method === 'GET' && keys.length > 1 ? 'GET-in-turn.lua' : `${method}.lua`);
  const target = `http://127.0.0.1:${port}${path}`;
  const { stdout } = await promisify(execFile)(
    'wrk',
    ['--threads', '1', '--connections', connections, '--duration', `${seconds}s`, '--script', script, target, ...keys],
    { timeout: seconds * 1000 + GRACE_MS },
  );
  const { requests, microseconds, p50, p99, failed } = JSON.parse(stdout.slice(stdout.lastIndexOf('{"requests')));
  const kinds = Object.entries(failed).filter(([, count]) => count > 0);
  if (kinds.length > 0 || requests === 0) {
    const said = kinds.map(([kind, count]) => `, failed (${kind}): ${count}`).join('');
    throw new Error(`${method} requests that were answered: ${requests}${said}`);
  }
  return { requests, rate: requests / (microseconds / 1e6), p50: p50 / 1000, p99: p99 / 1000 };
}

/** Microseconds of CPU time that a request takes the server. */
export async function measureCpu(folder, { pid, url }, load) {
  const before = readCpu(pid);
  const { requests } = await runLoad(folder, url, load);
  return (readCpu(pid) - before) / requests;
}
