// The server, which collects its garbage when it gets SIGUSR2: what it keeps can then be told from what it is yet to let go.
// What that is goes into a file of its folder. Needs --expose-gc.
import { writeFileSync } from 'node:fs';

process.on('SIGUSR2', () => {
  // The second collection takes what the first one has only marked as free.
  globalThis.gc();
  globalThis.gc();
  writeFileSync(`collected-${process.pid}.json`, JSON.stringify(process.memoryUsage()));
});
await import('../dist/cli.cjs');
