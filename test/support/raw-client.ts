import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A client that sees every byte: what came back, and how the connection ended. */
export class RawClient {
  readonly socket: Socket;
  /** Everything that was read, a character for each byte. */
  received = '';
  /** `ECONNRESET`, `EPIPE`, … */
  error: string | undefined;
  private readonly answers: RawAnswer[] = [];
  /** Where the last of them ends. */
  private end = 0;
  private onChange: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.error = error.code;
    });
    for (const event of ['end', 'close']) socket.on(event, () => this.onChange());
    onTestFinished(() => void socket.destroy());
  }

  static async open(port: number): Promise<RawClient> {
    // The test decides when our side ends.
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const client = new RawClient(socket);
    await once(socket, 'connect');
    return client;
  }

  /** Sends all of it before anything is read; resolves once the system has taken it, or the connection broke. */
  async write(...parts: (string | Buffer)[]): Promise<void> {
    await Promise.all(parts.map((part) => new Promise((resolve) => this.socket.write(part, resolve))));
  }

  /** Reads from now on. */
  read(): this {
    this.socket.on('data', (chunk) => {
      this.received += chunk.toString('latin1');
      this.onChange();
    });
    this.socket.resume();
    return this;
  }

  /** Reads until so many whole answers are there, or the connection ended. */
  async readAnswers(count: number): Promise<RawAnswer[]> {
    if (this.socket.listenerCount('data') === 0) this.read();
    for (;;) {
      const found = findAnswer(this.received, this.end);
      if (found !== undefined) {
        this.answers.push(found.answer);
        this.end = found.end;
      } else if (this.answers.length < count && !this.isOver) await this.change();
      else return this.answers;
    }
  }

  /** Reads until the server has ended its side. */
  async readToEnd(): Promise<string> {
    if (this.socket.listenerCount('data') === 0) this.read();
    while (!this.isOver) await this.change();
    return this.received;
  }

  private get isOver(): boolean {
    return this.socket.destroyed || this.socket.readableEnded;
  }

  /** Until something was read, or the connection ended. */
  private change(): Promise<void> {
    return new Promise((resolve) => {
      this.onChange = resolve;
    });
  }
}

export interface RawAnswer {
  status: number;
  headers: string;
  body: string;
}

/** The first whole answer of a text from a place on, and where it ends; each has its Content-Length. */
function findAnswer(text: string, from: number): { answer: RawAnswer; end: number } | undefined {
  const endOfHead = text.indexOf('\r\n\r\n', from);
  if (endOfHead === -1) return undefined;
  const headers = text.slice(from, endOfHead);
  const start = endOfHead + 4;
  const end = start + Number(/^content-length: (\d+)$/im.exec(headers)?.[1] ?? 0);
  if (text.length < end) return undefined;
  return { answer: { status: Number(headers.slice(9, 12)), headers, body: text.slice(start, end) }, end };
}
