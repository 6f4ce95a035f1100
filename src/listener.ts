import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { clearInterval, now, setInterval, setTimeout } from './domain/real-time.ts';

/** The address cannot be listened on. The message is one line, and says what a person should do. */
export class ListenError extends Error {
  override name = 'ListenError';
}

export interface ListenOptions {
  /** `localhost` means every address that the name stands for. */
  host: string;
  /** 0 takes a free one. */
  port: number;
  /** How long a client may take to send a request, in milliseconds. */
  requestTimeout: number;
  onRequest: (request: IncomingMessage, response: ServerResponse) => void;
  /** The whole response, as bytes of HTTP, to what Node's parser refuses; `request` is what could be read of it. */
  toBadRequest: (code: string, request: IncomingMessage | undefined) => string;
}

export interface Listener {
  url: string;
  /** Takes no new connections, lets requests in flight be answered, then closes all connections. */
  close(): Promise<void>;
}

/** Both, whatever the machine's own list of names says. */
const LOOPBACK = ['127.0.0.1', '::1'];
/** Longer than clients keep an idle connection, so that none is closed just when it is used again. */
const KEEP_ALIVE_MS = 72_000;
/** How long a refused client may take to read why, in milliseconds. */
const LINGER_MS = 1000;
/** How long requests in flight may take once the server closes, in milliseconds. */
const GRACE_MS = 5000;
const SWEEP_MS = 25;
/** Attempts to find a port that is free on both address families. */
const PORT_ATTEMPTS = 20;

/**
 * Listens on every address of the host, on one port.
 * @throws {ListenError} when the port is in use or the address is not this machine's
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  const addresses = options.host === 'localhost' ? LOOPBACK : [options.host];
  const connections: Connections = new Map();
  for (let attempt = 1; ; attempt++) {
    const servers = addresses.map(() => buildServer(options, connections));
    try {
      const port = await bindAll(servers, addresses, options.port);
      return { url: toUrl(options.host, port), close: () => closeAll(servers, connections) };
    } catch (error) {
      await closeServers(servers);
      const { code } = error as NodeJS.ErrnoException;
      if (options.port === 0 && code === 'EADDRINUSE' && attempt < PORT_ATTEMPTS) continue;
      throw toListenError(options, code ?? String(error));
    }
  }
}

/** A request and its response. */
interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
}

/** The exchanges of each connection, oldest first: a client may send several before it reads. Those that are over go with the next. */
type Connections = Map<Socket, Exchange[]>;

/** A request that is answered before all of it was sent is still under way. */
const isUnderWay = ({ request, response }: Exchange) => !response.closed || !request.complete;

/** Binds all servers to one port. An address family that this machine does not have is left out. */
async function bindAll(servers: Server[], addresses: string[], wanted: number): Promise<number> {
  let port = wanted;
  let refused: unknown;
  for (const [index, server] of servers.entries()) {
    try {
      server.listen({ host: addresses[index], port });
      await once(server, 'listening');
      port = (server.address() as AddressInfo).port;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EADDRNOTAVAIL' && code !== 'EAFNOSUPPORT') throw error;
      refused = error;
    }
  }
  if (!servers.some((server) => server.listening)) throw refused;
  return port;
}

function buildServer(options: ListenOptions, connections: Connections): Server {
  const server = createServer({
    requestTimeout: options.requestTimeout,
    headersTimeout: options.requestTimeout,
    connectionsCheckingInterval: Math.min(options.requestTimeout, 1000),
    keepAliveTimeout: KEEP_ALIVE_MS,
    // The app refuses a request without Host itself, in its own words.
    requireHostHeader: false,
  });
  server.on('connection', (socket) => {
    const exchanges: Exchange[] = [];
    connections.set(socket, exchanges);
    socket.once('close', () => {
      connections.delete(socket);
      for (const { response } of exchanges) closeUnsent(response);
    });
  });
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    const exchanges = connections.get(socket);
    while (exchanges?.[0] !== undefined && !isUnderWay(exchanges[0])) exchanges.shift();
    exchanges?.push({ request, response });
    options.onRequest(request, response);
  };
  server.on('request', answer);
  // An expectation that Node does not know is no reason to refuse: the request is answered without it.
  server.on('checkExpectation', answer);
  server.on('connect', (request, socket: Socket) => {
    // Node has let go of the socket: nobody else hears of a reset, which would end the process.
    socket.on('error', () => {});
    refuseInTurn(socket, connections.get(socket) ?? [], options.toBadRequest('CONNECT', request));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const exchanges = connections.get(socket) ?? [];
    const unread = exchanges.find(({ request }) => !request.complete)?.request;
    refuseInTurn(socket, exchanges, options.toBadRequest(error.code ?? '', unread));
  });
  return server;
}

/** Says `close` on a response that stood in line behind another when the line was cut: Node itself does not. */
function closeUnsent(response: ServerResponse): void {
  if (response.socket !== null || response.closed || response.writableFinished) return;
  response.destroy(new Error('the connection was cut'));
  response.emit('close');
}

/** Refuses what the parser could not read, after the whole requests before it had their answers. */
function refuseInTurn(socket: Socket, exchanges: Exchange[], refusal: string): void {
  const all = exchanges.filter(isUnderWay);
  const [waiting] = all.filter(({ request, response }) => request.complete && !response.writableFinished);
  const isAnswered = all.some(({ request, response }) => !request.complete && response.writableEnded);
  if (waiting !== undefined) waiting.response.once('close', () => refuseInTurn(socket, exchanges, refusal));
  else if (isAnswered) socket.destroy();
  else refuseClient(socket, refusal);
}

function refuseClient(socket: Socket, response: string): void {
  if (socket.writableEnded) return;
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  socket.end(response);
  // Closed at once, unread input would become a reset that may overtake the response.
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

async function closeAll(servers: Server[], connections: Connections): Promise<void> {
  const closed = closeServers(servers);
  const deadline = now() + GRACE_MS;
  const sweep = setInterval(() => {
    const isLate = now() > deadline;
    for (const [socket, exchanges] of connections) {
      if (isLate || !exchanges.some(isUnderWay)) socket.destroy();
    }
  }, SWEEP_MS);
  await closed;
  clearInterval(sweep);
}

async function closeServers(servers: Server[]): Promise<void> {
  const listening = servers.filter((server) => server.listening);
  const closed = listening.map((server) => once(server, 'close'));
  for (const server of listening) server.close();
  await Promise.all(closed);
}

function toUrl(host: string, port: number): string {
  const isAnyAddress = host === '0.0.0.0' || host === '::';
  const name = isAnyAddress ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}`;
}

function toListenError({ host, port }: ListenOptions, code: string): ListenError {
  const reasons: Record<string, string> = {
    EADDRINUSE: `port ${port} is in use: stop what listens there, or choose another with --port (0 takes a free one)`,
    EACCES: `port ${port} may not be opened: choose one above 1023 with --port`,
    EADDRNOTAVAIL: `'${host}' is no address of this machine: choose another with --host`,
    ENOTFOUND: `'${host}' is not known here: choose another with --host`,
  };
  return new ListenError(reasons[code] ?? `cannot listen on ${host}, port ${port} (${code})`);
}
