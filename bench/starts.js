// What a start takes: to the first line, to the first change, and that of one more server in a process that has one already.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CLI, startProcess } from './server-process.js';
import { compare, summarize } from './statistics.js';

const inBench = (name) => fileURLToPath(new URL(name, import.meta.url));

/** @returns milliseconds: `start` against a bare server, `firstPatch` and `handle` (createMockServer()) alone */
export async function measureStarts({ folder, isQuick, progress }) {
  const count = isQuick ? 5 : 25;
  const pairs = [];
  const patches = [];
  await warmUp(folder);
  for (let start = 0; start <= count; start++) {
    const ours = await timeStart(
      [CLI, '--json', '--db', ':memory:', '--port', '0', '--log-level', 'warn'],
      folder,
      true,
    );
    const bare = await timeBareStart(folder);
    // The first start reads the files from the disk, and keeps its compiled code.
    if (start > 0) pairs.push([ours.start, bare]);
    if (start > 0) patches.push(ours.patch);
    progress(`start ${start}/${count}`);
  }
  const { stdout } = await promisify(execFile)(process.execPath, [inBench('handles.js')]);
  return { start: compare(pairs), firstPatch: summarize(patches), handle: summarize(JSON.parse(stdout)) };
}

/** Milliseconds until a bare `node:http` is ready: how fast this machine is at the moment. */
export const timeBareStart = async (folder) => (await timeStart([inBench('bare.js')], folder)).start;

/** From spawn to the first line on standard output. */
async function timeStart(args, folder, isPatched = false) {
  const started = performance.now();
  const running = await startProcess(args, folder);
  const start = performance.now() - started;
  const patch = isPatched ? await timePatch(running) : undefined;
  await running.stop();
  return { start, patch };
}

/** The first requests that this process sends are slow. */
async function warmUp(folder) {
  const running = await startProcess([inBench('bare.js')], folder);
  for (let time = 0; time < 20; time++) await timePatch(running);
  await running.stop();
}

async function timePatch({ url }) {
  const started = performance.now();
  const answer = await fetch(new URL('/v1/organizations', url), {
    method: 'PATCH',
    headers: { authorization: 'Bearer sk_test_xyz789', 'content-type': 'application/json' },
    body: JSON.stringify({ metadata: { started }, billing_email: 'billing@example.com' }),
  });
  await answer.text();
  if (!answer.ok) throw new Error(`the first PATCH was answered with ${answer.status}`);
  return performance.now() - started;
}
