// The server, which collects its garbage when it gets SIGUSR2: what it keeps can then be told from what it is yet to let go.
// Needs --expose-gc.
process.on('SIGUSR2', () => {
  // The second collection takes what the first one has only marked as free.
  globalThis.gc();
  globalThis.gc();
});
await import('../dist/cli.js');
