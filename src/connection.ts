import type { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { ConnectionLimits } from './connection-limits.ts';
import { clearInterval, clearTimeout, now, setInterval, setTimeout } from './domain/real-time.ts';
import type { Turns } from './turns.ts';

/** What could not be read: Node's code, what could be read of the request, and the bytes that the parser stopped at. */
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
  /** The whole response, as bytes of HTTP, to what Node's parser refuses. Asked for where it is sent. */
  toBadRequest: (unreadable: Unreadable) => string;
}

/** A request and its response. */
interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
}

const TIMEOUT = 'ERR_HTTP_REQUEST_TIMEOUT';

/**
 * What one client sends: a request begins when the answer before it is out (RFC 9112, 9.3.2), so a client that reads nothing
 * has one answer made, not all. What it sends behind an answer is read away: a connection that is closed with input unread
 * is reset, which may overtake the answer.
 */
export class Connection {
  private readonly socket: Socket;
  private readonly options: ConnectionOptions;
  private readonly turns: Turns;
  private current: Exchange | undefined;
  private queue: Exchange[] = [];
  /** The exchange whose end {@link onAnswered} hears of: only where something waits for it. */
  private watched: Exchange | undefined;
  private afterwards: (() => void) | undefined;
  /** Nothing more is taken. */
  private isEnding = false;
  /** The next request is the last one. */
  private isStopping = false;
  private hasLast = false;
  /** A request that is not wholly received was late while it waited for the answers before it. */
  private isLate = false;

  /** @param turns shared by all connections, so that those that have much queued leave the others their share */
  constructor(socket: Socket, options: ConnectionOptions, turns: Turns) {
    this.socket = socket;
    this.turns = turns;
    this.options = options;
    // Node calls this behind the last answer, and would close at once.
    socket.destroySoon = () => this.end();
    socket.once('close', () => {
      this.queue = [];
    });
  }

  /** What was begun last, to see whether that changes. */
  get latest(): unknown {
    return this.current;
  }

  /** Whether a request is received, worked on, or answered. */
  get isUnderWay(): boolean {
    return this.isBusy() || this.isReceiving;
  }

  /** Whether a request, of which the head was read, is not wholly received. */
  get isReceiving(): boolean {
    return this.current?.request.complete === false;
  }

  /** A request whose head was read. */
  take(request: IncomingMessage, response: ServerResponse): void {
    if (this.isEnding || this.hasLast || this.socket.destroyed) return;
    if (this.isStopping) this.endBehind(response);
    if (!this.isBusy()) this.begin({ request, response });
    else if (this.queue.length < this.options.limits.queued) this.enqueue({ request, response });
    else this.takeNoMore();
  }

  /** The server stops: what is asked last has `Connection: close` in its answer, and no other request is taken. */
  stop(): void {
    this.isStopping = true;
    const last = (this.queue.at(-1) ?? this.current)?.response;
    if (last?.headersSent === false) this.endBehind(last);
  }

  private endBehind(response: ServerResponse): void {
    response.shouldKeepAlive = false;
    this.hasLast = true;
  }

  /** What Node's parser could not read. The requests before it have their answers first. */
  refuse({ code, request, packet }: Unreadable): void {
    if (code === TIMEOUT && this.isExcused()) return;
    // Whatever else the client sends is refused again, chunk by chunk.
    if (this.isEnding) return;
    this.isEnding = true;
    // Node has let go of the socket: an answer that is written piece by piece would wait for ever.
    if (code === 'CONNECT') this.socket.on('drain', () => this.current?.response.emit('drain'));
    const unread = [this.current, ...this.queue].find((exchange) => exchange?.request.complete === false);
    unread?.request.resume();
    this.queue = this.queue.filter((exchange) => exchange !== unread);
    this.afterAnswers(() => {
      const isAnswered = unread === this.current && unread?.response.writableEnded === true;
      this.endWith(isAnswered ? undefined : { code, request: request ?? unread?.request, packet });
    });
  }

  /** Whether a request that came now would have to wait. */
  private isBusy(): boolean {
    return this.current?.response.closed === false || this.queue.length > 0;
  }

  private begin(exchange: Exchange): void {
    this.current = exchange;
    const { request, response } = exchange;
    if (hasBody(request)) response.on('prefinish', this.readAway);
    // HTTP/1.0 knows no chunks: where the body ends is uncertain (RFC 9112, 6.1).
    if (request.httpVersionMinor === 0 && isChunked(request)) response.shouldKeepAlive = false;
    if (this.isLate && !request.complete) this.allowTime(request);
    this.options.onRequest(request, response);
  }

  private enqueue(exchange: Exchange): void {
    this.queue.push(exchange);
    if (this.queue.length === 1) this.watch();
  }

  /** The last request that is queued is answered with `Connection: close`. */
  private takeNoMore(): void {
    this.isEnding = true;
    const last = this.queue.at(-1);
    if (last !== undefined) last.response.shouldKeepAlive = false;
    // From here on nothing is parsed: what comes waits in the system, and is read away at the end. Of what was read already
    // Node would make hundreds of requests: unless its parser, which is not public, hands none on.
    const { parser } = this.socket as { parser?: { onIncoming?: () => number } };
    if (parser !== undefined) parser.onIncoming = () => 0;
    this.socket.removeAllListeners('data').on('data', () => {});
    this.socket.pause();
  }

  private watch(): void {
    if (this.watched === this.current) return;
    this.watched = this.current;
    this.current?.response.once('close', this.onAnswered);
  }

  private readonly onAnswered = (): void => {
    if (this.queue.length > 0) this.turns.take(this.beginNext);
    else this.afterwards?.();
  };

  private readonly beginNext = (): void => {
    const exchange = this.queue.shift();
    if (exchange === undefined) {
      this.afterwards?.();
      return;
    }
    this.begin(exchange);
    if (this.queue.length > 0 || this.afterwards !== undefined) this.watch();
  };

  /** Once all requests that were wholly received have their answers. */
  private afterAnswers(work: () => void): void {
    if (!this.isBusy() || this.isReceiving) {
      work();
      return;
    }
    this.afterwards = work;
    if (this.queue.length === 0) this.watch();
  }

  /** Whether what is late has waited for the answer before it, or was never begun. */
  private isExcused(): boolean {
    if (this.socket.bytesRead === 0) {
      this.socket.destroy();
      return true;
    }
    if (!this.isBusy() || this.isReceiving) return false;
    this.isLate = true;
    this.afterAnswers(() => this.allowTime());
    return true;
  }

  /** Gives a request that waited the time that any has. Without one, its head is awaited. */
  private allowTime(request?: IncomingMessage): void {
    if (request !== undefined) this.isLate = false;
    const timer = setTimeout(() => {
      const isOverdue = request === undefined ? this.isLate : !request.complete;
      if (isOverdue) this.refuse({ code: TIMEOUT });
    }, this.options.requestTimeout).unref();
    this.socket.once('close', () => clearTimeout(timer));
  }

  /** Reads the rest of a request that was answered before all of it was there. */
  private readonly readAway = (): void => {
    const { socket, current } = this;
    if (current === undefined || current.request.complete) return;
    const { request } = current;
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
    if (!socket.writable) {
      socket.destroy();
      return;
    }
    if (unreadable !== undefined) socket.write(this.options.toBadRequest(unreadable));
    this.linger();
  }

  private end(): void {
    if (this.isEnding || this.isReceiving) this.linger();
    else Socket.prototype.destroySoon.call(this.socket);
  }

  /** Ends our side, and the whole connection once the client ends its own, or is silent, or sends too much. */
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
