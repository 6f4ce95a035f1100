import { once } from 'node:events';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { clearInterval, now, setInterval } from '../domain/real-time.ts';
import type { Connection, ConnectionLimits } from './connection.ts';
import type { RequestQueue } from './request-queue.ts';

/** The connections of a listener, by their sockets. */
export type Connections = Map<Socket, Connection>;

const SWEEP_MS = 25;

/** Takes no new connections, lets requests under way be answered, then closes all connections. */
export async function stopServers(
  servers: Server[],
  connections: Connections,
  limits: ConnectionLimits,
): Promise<void> {
  for (const connection of connections.values()) connection.stop();
  keepFromNode(connections);
  const closed = closeServers(servers);
  giveBack(connections);
  const watches = new Map<Socket, (time: number) => boolean>();
  const started = now();
  const sweep = () => {
    for (const [socket, connection] of connections) {
      const isOver = watches.get(socket) ?? buildIsOver(socket, connection.queue, limits);
      watches.set(socket, isOver);
      if (isOver(now() - started)) socket.destroy();
    }
  };
  const timer = setInterval(sweep, SWEEP_MS);
  sweep();
  await closed;
  clearInterval(timer);
}

export async function closeServers(servers: Server[]): Promise<void> {
  const listening = servers.filter((server) => server.listening);
  const closed = listening.map((server) => once(server, 'close'));
  for (const server of listening) server.close();
  await Promise.all(closed);
}

/**
 * A server that closes destroys the connections that Node takes for idle. Only Node knows which of them have begun to send
 * a request, but it takes for idle also those whose answer is written and not yet sent.
 */
function keepFromNode(connections: Connections): void {
  for (const [socket, { queue }] of connections) {
    if (queue.isUnderWay) socket.destroy = () => socket;
  }
}

function giveBack(connections: Connections): void {
  for (const socket of connections.keys()) Reflect.deleteProperty(socket, 'destroy');
}

/**
 * Whether one connection is to be closed while the server stops.
 * @returns takes the time in milliseconds since the stop began
 */
function buildIsOver(socket: Socket, queue: RequestQueue, limits: ConnectionLimits): (time: number) => boolean {
  const { receivingMs, stalledMs, answeringMs } = limits;
  const first = queue.current;
  const wasUnderWay = queue.isUnderWay;
  let mark = '';
  let markedAt = 0;
  const isStalled = (time: number) => {
    const reached = `${socket.bytesWritten} ${countUnsent(socket)}`;
    if (reached !== mark) markedAt = time;
    mark = reached;
    return time - markedAt > stalledMs;
  };
  return (time) => {
    if (!queue.isUnderWay) {
      // What Node left open although no request was under way is sending the head of one, if it ever sent anything.
      const isSending = socket.bytesRead > 0 && !wasUnderWay && queue.current === first;
      return !isSending || time > receivingMs;
    }
    if (queue.isReceiving) return time > receivingMs;
    return isStalled(time) || time > answeringMs;
  };
}

/** Bytes that were written and that the system has not taken yet. Only the socket's handle knows; Node's own timeouts ask it too. */
function countUnsent(socket: Socket): number | undefined {
  const { _handle }: Socket & { _handle?: { writeQueueSize?: number } | null } = socket;
  return _handle?.writeQueueSize;
}
