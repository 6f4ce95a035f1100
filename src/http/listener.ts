import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { codeOf } from '../domain/errors.ts';
import { toUrl } from '../domain/text.ts';
import { CONNECTION_LIMITS, Connection, type ConnectionLimits, type ConnectionOptions } from './connection.ts';
import { HeldWrites } from './held-writes.ts';
import { type Connections, closeServers, stopServers } from './stopping.ts';
import { Turns } from './turns.ts';

/** The address cannot be listened on. The message is one line that says what to do. */
export class ListenError extends Error {
  override name = 'ListenError';
}

export interface ListenOptions extends Omit<ConnectionOptions, 'limits' | 'onRequest'> {
  connectionLimits?: ConnectionLimits;
  /** `localhost` means 127.0.0.1 and ::1. */
  host: string;
  /** 0 takes a free one. */
  port: number;
}

type Answer = ConnectionOptions['onRequest'];

export interface Listener {
  url: string;
  /** Answers the requests that are queued, and all later ones at once. */
  serve(answer: Answer): void;
  /** Takes no new connections, lets requests in flight be answered, then closes all connections. */
  close(): Promise<void>;
}

/** Both, whatever /etc/hosts says. */
const LOOPBACK = ['127.0.0.1', '::1'];
/** Longer than clients keep an idle connection, so that none is closed just when it is used again. */
const KEEP_ALIVE_MS = 72_000;
/** Attempts to find a port that is free on both address families. */
const PORT_ATTEMPTS = 20;

/**
 * Listens on every address of the host, on one port. Requests are queued until there is an answer.
 * @throws {ListenError} when the port is in use or the address is not this machine's
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  const addresses = options.host === 'localhost' ? LOOPBACK : [options.host];
  const connections: Connections = new Map();
  const { connectionLimits: limits = CONNECTION_LIMITS } = options;
  const queued: Parameters<Answer>[] = [];
  let answer: Answer | undefined;
  const onRequest: Answer = (request, response) => {
    if (answer === undefined) queued.push([request, response]);
    else answer(request, response);
  };
  const serve = (routing: Answer) => {
    answer = routing;
    for (const exchange of queued.splice(0)) routing(...exchange);
  };
  for (let attempt = 1; ; attempt++) {
    const servers = addresses.map(() => buildServer({ ...options, limits, onRequest }, connections));
    try {
      const port = await bindAll(servers, addresses, options.port);
      const close = () => {
        // Nobody will answer these any more: the stop would wait for them.
        if (answer === undefined) serve(({ socket }) => socket.destroy());
        return stopServers(servers, connections, limits);
      };
      return { url: toUrl(options.host, port), serve, close };
    } catch (error) {
      await closeServers(servers);
      const code = codeOf(error);
      if (options.port === 0 && code === 'EADDRINUSE' && attempt < PORT_ATTEMPTS) continue;
      throw toListenError(options, code);
    }
  }
}

/** Binds all servers to one port. An address family that this machine does not have is left out. */
async function bindAll(servers: Server[], addresses: string[], wanted: number): Promise<number> {
  let port = wanted;
  let refused: unknown;
  for (const [index, server] of servers.entries()) {
    try {
      server.listen({ host: addresses[index], port });
      await once(server, 'listening');
      const address = server.address();
      if (typeof address === 'object' && address !== null) port = address.port;
    } catch (error) {
      const code = codeOf(error);
      if (code !== 'EADDRNOTAVAIL' && code !== 'EAFNOSUPPORT') throw error;
      refused = error;
    }
  }
  if (!servers.some((server) => server.listening)) throw refused;
  return port;
}

function buildServer(options: ConnectionOptions, connections: Connections): Server {
  const server = createServer({
    requestTimeout: options.requestTimeout,
    headersTimeout: options.requestTimeout,
    connectionsCheckingInterval: Math.min(options.requestTimeout, 1000),
    keepAliveTimeout: KEEP_ALIVE_MS,
    // The app refuses a request without Host itself, in its own words.
    requireHostHeader: false,
  });
  // Not in Node's types: a client that has sent all may end its side before it reads.
  Object.assign(server, { httpAllowHalfOpen: true });
  const turns = new Turns();
  const writes = new HeldWrites();
  server.on('connection', (socket) => {
    writes.watch(socket);
    connections.set(socket, new Connection(socket, options, turns));
    socket.once('close', () => connections.delete(socket));
  });
  const take = (request: IncomingMessage, response: ServerResponse) =>
    connections.get(request.socket)?.take(request, response);
  server.on('request', take);
  // A request with an expectation that Node does not know is answered as if it had none.
  server.on('checkExpectation', take);
  server.on('connect', (request, socket: Socket) => {
    // Node has let go of the socket: nobody else hears of a reset, which would end the process.
    socket.on('error', () => {});
    connections.get(socket)?.refuse({ code: 'CONNECT', request });
  });
  server.on('clientError', ({ code = '', rawPacket }: ClientError, socket: Socket) => {
    connections.get(socket)?.refuse({ code, packet: rawPacket });
  });
  return server;
}

type ClientError = NodeJS.ErrnoException & { rawPacket?: Buffer };

function toListenError({ host, port }: ListenOptions, code: string): ListenError {
  const reasons: Record<string, string> = {
    EADDRINUSE: `port ${port} is in use: stop what listens there, or choose another with --port (0 takes a free one)`,
    EACCES: `port ${port} needs more rights: choose one above 1023 with --port`,
    EADDRNOTAVAIL: `'${host}' is not an address of this machine: choose another with --host`,
    ENOTFOUND: `'${host}' is an unknown host name: choose another with --host`,
  };
  return new ListenError(reasons[code] ?? `cannot listen on ${host}, port ${port} (${code})`);
}
