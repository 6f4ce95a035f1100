import { subscribe } from 'node:diagnostics_channel';
import { rmSync } from 'node:fs';

const TIME_LIMIT_MS = 30 * 60_000;

/** Lets no process and no file outlive a bench, however it ends: an error, a signal, the time limit. */
export function cleanUpAtExit(folder) {
  const children = new Set();
  subscribe('child_process', ({ process: child }) => {
    children.add(child);
    child.once('exit', () => children.delete(child));
  });
  process.on('exit', () => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));
  setTimeout(() => {
    console.error(`bench: not done after ${TIME_LIMIT_MS / 60_000} minutes`);
    process.exit(1);
  }, TIME_LIMIT_MS).unref();
}
