import { connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface EngineProxy {
  /** The URL of the engine, through the proxy. */
  url: string;
  /** Nobody gets through, and whoever was is cut off. */
  cut(): void;
  /** Whoever is there waits. */
  hold(): void;
  /** The way is free again. */
  free(): void;
  /** When somebody was refused. */
  refused: Promise<void>;
}

/** The way to an engine, which a test can cut or hold up without touching the engine. */
export async function openProxy(engine: string): Promise<EngineProxy> {
  const { hostname, port } = new URL(engine);
  const sockets = new Set<Socket>();
  let tell = () => {};
  const refused = new Promise<void>((resolve) => {
    tell = resolve;
  });
  let state: 'free' | 'cut' | 'held' = 'free';
  const server = createServer((client) => {
    if (state === 'cut') {
      client.destroy();
      tell();
      return;
    }
    const upstream = connect(Number(port), hostname);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      if (state === 'held') from.pause();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  onTestFinished(close);
  const address = server.address();
  const url = new URL(engine);
  url.port = String(typeof address === 'object' ? address?.port : 0);
  return {
    url: url.href,
    refused,
    cut: () => {
      state = 'cut';
      for (const socket of sockets) socket.destroy();
    },
    hold: () => {
      state = 'held';
      for (const socket of sockets) socket.pause();
    },
    free: () => {
      state = 'free';
      for (const socket of sockets) socket.resume();
    },
  };
}
