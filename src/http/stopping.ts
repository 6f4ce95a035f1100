import { once } from 'node:events';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { clearInterval, now, setInterval } from '../domain/real-time.ts';
import type { Connection, ConnectionLimits } from './connection.ts';
import type { Pending, RequestQueue } from './request-queue.ts';

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
  const watches = new Map<Socket, Watch>();
  const started = now();
  const sweep = () => {
    for (const [socket, connection] of connections) {
      const watch = watches.get(socket) ?? new Watch(socket, connection.queue, limits);
      watches.set(socket, watch);
      if (watch.isOver(now() - started)) socket.destroy();
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

/** One connection while the server stops. Times are milliseconds since the stop began. */
class Watch {
  private readonly socket: Socket;
  private readonly queue: RequestQueue;
  private readonly limits: ConnectionLimits;
  private readonly first: Pending | undefined;
  private readonly wasUnderWay: boolean;
  private mark = '';
  private markedAt = 0;

  constructor(socket: Socket, queue: RequestQueue, limits: ConnectionLimits) {
    this.socket = socket;
    this.queue = queue;
    this.limits = limits;
    this.first = queue.current;
    this.wasUnderWay = queue.isUnderWay;
  }

  isOver(time: number): boolean {
    const { socket, queue } = this;
    const { receivingMs, answeringMs } = this.limits;
    if (!queue.isUnderWay) {
      // What Node left open although no request was under way is sending the head of one, if it ever sent anything.
      const isSending = socket.bytesRead > 0 && !this.wasUnderWay && queue.current === this.first;
      return !isSending || time > receivingMs;
    }
    if (queue.isReceiving) return time > receivingMs;
    return this.isStalled(time) || time > answeringMs;
  }

  private isStalled(time: number): boolean {
    const mark = `${this.socket.bytesWritten} ${countUnsent(this.socket)}`;
    if (mark !== this.mark) this.markedAt = time;
    this.mark = mark;
    return time - this.markedAt > this.limits.stalledMs;
  }
}

/** Bytes that were written and that the system has not taken yet. Only the socket's handle knows; Node's own timeouts ask it too. */
function countUnsent(socket: Socket): number | undefined {
  const { _handle }: Socket & { _handle?: { writeQueueSize?: number } | null } = socket;
  return _handle?.writeQueueSize;
}
