import type { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { clearInterval, clearTimeout, now, setInterval, setTimeout } from '../domain/real-time.ts';
import { type Pending, RequestQueue } from './request-queue.ts';
import type { Turns } from './turns.ts';

/** What one connection may cost. Times are milliseconds. */
export interface ConnectionLimits {
  /** Requests that may be queued behind the one that is answered. */
  queued: number;
  /** What a client may still send once its request is answered: bytes, and for how long. */
  unreadBytes: number;
  unreadMs: number;
  /** How long a client that has its last answer may be silent before the connection is closed. */
  lingerMs: number;
  /** Once the server stops: how long a request may take that is not wholly received. */
  receivingMs: number;
  /** Once the server stops: how long an answer may make no progress, and how long it may take in all. */
  stalledMs: number;
  answeringMs: number;
}

export const CONNECTION_LIMITS: ConnectionLimits = {
  queued: 100,
  unreadBytes: 64 * 1024 * 1024,
  unreadMs: 10_000,
  lingerMs: 1000,
  receivingMs: 1000,
  stalledMs: 5000,
  answeringMs: 30_000,
};

/** What could not be parsed: Node's error code, the request as far as it was read, and the bytes where the parser stopped. */
export interface Unreadable {
  code: string;
  request?: IncomingMessage | undefined;
  packet?: Buffer | undefined;
}

export interface ConnectionOptions {
  /** How long a client may take to send a request, in milliseconds. */
  requestTimeout: number;
  onRequest: (request: IncomingMessage, response: ServerResponse) => void;
  limits: ConnectionLimits;
  /** The whole HTTP response to what Node's parser refuses. Called when it is sent. */
  toBadRequest: (unreadable: Unreadable) => string;
}

const TIMEOUT = 'ERR_HTTP_REQUEST_TIMEOUT';

/**
 * What one client sends, and how its connection ends. What it sends behind an answer is read and discarded: closing a
 * connection with unread input resets it, and the reset may overtake the answer.
 */
export class Connection {
  private readonly socket: Socket;
  private readonly options: ConnectionOptions;
  readonly queue: RequestQueue;
  /** No more requests are taken. */
  private isEnding = false;
  /** The next request is the last one. */
  private isStopping = false;
  private hasLast = false;
  /** A request that is not wholly received was late while it was queued. */
  private isLate = false;

  /** @param turns shared by all connections, so that one with many queued requests does not block the others */
  constructor(socket: Socket, options: ConnectionOptions, turns: Turns) {
    this.socket = socket;
    this.options = options;
    this.queue = new RequestQueue(turns, (pending) => this.begin(pending));
    // Node calls this after the last answer, and would close at once.
    socket.destroySoon = () => this.end();
    socket.once('close', () => this.queue.clear());
  }

  /** A request whose head was read. */
  take(request: IncomingMessage, response: ServerResponse): void {
    if (this.isEnding || this.hasLast || this.socket.destroyed) return;
    if (this.isStopping) this.endBehind(response);
    if (this.queue.length < this.options.limits.queued) this.queue.enqueue({ request, response });
    else this.takeNoMore();
  }

  /** The server stops: the last request is answered with `Connection: close`, and no other is taken. */
  stop(): void {
    this.isStopping = true;
    const last = this.queue.last?.response;
    if (last?.headersSent === false) this.endBehind(last);
  }

  private endBehind(response: ServerResponse): void {
    response.shouldKeepAlive = false;
    this.hasLast = true;
  }

  /** Refuses what Node's parser could not read, once all requests before it are answered. */
  refuse({ code, request, packet }: Unreadable): void {
    if (code === TIMEOUT && this.isExcused()) return;
    // Node reports each further chunk again.
    if (this.isEnding) return;
    this.isEnding = true;
    // Node has detached the socket: an answer that is written in pieces would wait for 'drain' for ever.
    if (code === 'CONNECT') this.socket.on('drain', () => this.queue.current?.response.emit('drain'));
    const unread = this.queue.dropUnread();
    unread?.request.resume();
    this.queue.afterAnswers(() => {
      const isAnswered = unread === this.queue.current && unread?.response.writableEnded === true;
      this.endWith(isAnswered ? undefined : { code, request: request ?? unread?.request, packet });
    });
  }

  private begin({ request, response }: Pending): void {
    if (hasBody(request)) response.on('prefinish', this.discardRest);
    // HTTP/1.0 has no chunked bodies: where this one ends is uncertain (RFC 9112, 6.1).
    if (request.httpVersionMinor === 0 && isChunked(request)) response.shouldKeepAlive = false;
    if (this.isLate && !request.complete) this.allowTime(request);
    this.options.onRequest(request, response);
  }

  /** The last request that is queued is answered with `Connection: close`. */
  private takeNoMore(): void {
    this.isEnding = true;
    if (this.queue.last !== undefined) this.queue.last.response.shouldKeepAlive = false;
    // From here on nothing is parsed: what comes is buffered by the system, and discarded at the end. What was read already
    // would become hundreds of requests, unless Node's parser, which is not public, hands none on.
    const { parser }: Socket & { parser?: { onIncoming?: () => number } } = this.socket;
    if (parser !== undefined) parser.onIncoming = () => 0;
    this.socket.removeAllListeners('data').on('data', () => {});
    this.socket.pause();
  }

  /** Whether a late request had to wait for the answers before it. A connection that never sent anything is closed silently. */
  private isExcused(): boolean {
    if (this.socket.bytesRead === 0) {
      this.socket.destroy();
      return true;
    }
    if (!this.queue.isBusy || this.queue.isReceiving) return false;
    this.isLate = true;
    this.queue.afterAnswers(() => this.allowTime());
    return true;
  }

  /** Gives a request that was queued the full time. Undefined: its head has not arrived yet. */
  private allowTime(request?: IncomingMessage): void {
    if (request !== undefined) this.isLate = false;
    const timer = setTimeout(() => {
      const isOverdue = request === undefined ? this.isLate : !request.complete;
      if (isOverdue) this.refuse({ code: TIMEOUT });
    }, this.options.requestTimeout).unref();
    this.socket.once('close', () => clearTimeout(timer));
  }

  /** Reads and discards the rest of a request that was answered before it was wholly received. */
  private readonly discardRest = (): void => {
    const request = this.queue.current?.request;
    if (request === undefined || request.complete) return;
    const { socket } = this;
    const { unreadBytes, unreadMs } = this.options.limits;
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > unreadBytes) socket.destroy();
    });
    const timer = setTimeout(() => socket.destroy(), unreadMs).unref();
    request.once('close', () => clearTimeout(timer));
  };

  private endWith(unreadable: Unreadable | undefined): void {
    const { socket } = this;
    if (socket.writableEnded) return;
    if (!socket.writable) return void socket.destroy();
    if (unreadable !== undefined) socket.write(this.options.toBadRequest(unreadable));
    this.linger();
  }

  private end(): void {
    if (this.isEnding || this.queue.isReceiving) this.linger();
    else Socket.prototype.destroySoon.call(this.socket);
  }

  /** Ends our side, and the whole connection once the client ends its side, is silent, or sends too much. */
  private linger(): void {
    const { socket } = this;
    const { unreadBytes, unreadMs, lingerMs } = this.options.limits;
    socket.end(() => {
      const [firstBytes, started] = [socket.bytesRead, now()];
      let seenBytes = firstBytes;
      const timer = setInterval(() => {
        const bytes = socket.bytesRead;
        const isTooMuch = bytes - firstBytes > unreadBytes || now() - started > unreadMs;
        if (isTooMuch || bytes === seenBytes) socket.destroy();
        seenBytes = bytes;
      }, lingerMs).unref();
      socket.once('close', () => clearInterval(timer));
    });
    socket.resume();
  }
}

const isChunked = ({ headers }: IncomingMessage) => headers['transfer-encoding'] !== undefined;
const hasBody = (request: IncomingMessage) => request.headers['content-length'] !== undefined || isChunked(request);
