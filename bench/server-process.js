// Starts the built server as a process of its own, for the scripts of this folder.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const CLI = fileURLToPath(new URL('../dist/cli.cjs', import.meta.url));

/**
 * Starts a program that prints a line of JSON with its `url` once it answers.
 * @param log file that its standard error goes to; undefined for that of this process
 */
export async function startProcess(args, folder, log = undefined) {
  const stderr = log === undefined ? 'inherit' : openSync(log, 'w');
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', stderr] });
  const [line] = await Promise.race([
    once(createInterface(child.stdout), 'line'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`${args[0]} ended with ${code} before it was ready`);
    }),
  ]);
  return {
    pid: child.pid,
    url: new URL(JSON.parse(line).url),
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill();
      await once(child, 'exit');
    },
  };
}

export const startServer = (args, folder, program = [CLI], log = undefined) =>
  startProcess([...program, '--port', '0', '--json', ...args], folder, log);

/** The program that {@link collect} can be asked of. */
export const COLLECTING = ['--expose-gc', fileURLToPath(new URL('collecting-server.js', import.meta.url))];

/** Lets a server collect its garbage, and gives it the time for that. */
export async function collect({ pid }) {
  process.kill(pid, 'SIGUSR2');
  await sleep(2000);
}

/** Resident memory of a process in MiB; undefined where there is no /proc. */
export function readMemory(pid) {
  try {
    const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kilobytes) / 1024;
  } catch {
    return undefined;
  }
}

/** CPU time that a process has taken, in microseconds. @throws where there is no /proc */
export function readCpu(pid) {
  const [user, system] = readTimes(pid);
  return user + system;
}

/** The same of a process and of those that it has started, whether they are still there or not. */
export function readCpuOfAll(pid) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
  const own = readTimes(pid).reduce((sum, time) => sum + time);
  return children.reduce((sum, child) => {
    try {
      return sum + readCpu(child);
    } catch {
      // It has ended since, and counts the next time.
      return sum;
    }
  }, own);
}

/** Of a process, and of its children that have ended: user and system each, in microseconds. */
function readTimes(pid) {
  // Behind the name, which may hold anything: they are the fields 14 to 17 of proc(5), in hundredths of a second.
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ');
  return fields.slice(11, 15).map((time) => Number(time) * 10_000);
}
