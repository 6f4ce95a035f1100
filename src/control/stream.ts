import type { FastifyReply, FastifyRequest } from 'fastify';
import * as z from 'zod';
import { unavailable } from '../domain/errors.ts';
import { clearInterval, now, setInterval } from '../domain/real-time.ts';
import type { AddRoute } from '../http/openapi.ts';
import type { JournalEntry } from '../sandbox/journal-entry.ts';
import type { LiveSandbox, Sandboxes } from '../sandbox/sandboxes.ts';
import { toSummary } from '../sandbox/summary.ts';
import type { EndReason } from '../sandbox/waits.ts';
import { type FindSandbox, InSandbox, number } from './routes.ts';
import { type Hello, type StreamEvent, StreamReader } from './stream-reader.ts';

/** Streams of a server at once. */
const MAX_STREAMS = 16;
/** Real milliseconds between two looks, and between two signs of life. */
const LOOK_MS = 100;
const PING_MS = 15_000;

const Query = z.strictObject({
  after: number('Show requests behind this seq first; without it only what comes').optional(),
});

/** `…/stream`: what happens in a sandbox, as server-sent events. */
export const buildAddStreamRoute =
  (started_at: string) =>
  (add: AddRoute, find: FindSandbox, sandboxes: Sandboxes): void => {
    const streams = new Streams();
    add(
      'GET',
      '/stream',
      {
        tags: ['requests'],
        summary: `What happens, as server-sent events, in ${MAX_STREAMS} streams of a server at most`,
        params: InSandbox,
        querystring: Query,
        response: { 200: EVENTS },
      },
      async (request, reply) => {
        const live = await find(request.params);
        if (request.method === 'HEAD') {
          reply.headers(HEADERS).send();
          return undefined;
        }
        if (streams.isFull) throw unavailable(TOO_MANY);
        const sent = Number(/^\d{1,15}$/.exec(String(request.headers['last-event-id'])) ?? Number.NaN);
        const { after = Number.isNaN(sent) ? undefined : sent } = request.query;
        await live.sandbox.journal.catchUp();
        const reader = new StreamReader(live, after, streams.toTexts);
        const hello = await reader.toHello(live, started_at, count(sandboxes, live.sandbox.sandbox_id));
        if (streams.isFull) throw unavailable(TOO_MANY);
        reply.hijack();
        streams.open(new Stream(request, reply, sandboxes, live, reader), hello);
        return undefined;
      },
    );
  };

const TOO_MANY = `a server has ${MAX_STREAMS} streams at most: close one`;
const HEADERS = { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' };

const EVENTS = {
  description: 'Events without an end',
  content: { 'text/event-stream': { schema: z.string() } },
};

async function count(sandboxes: Sandboxes, id: string): Promise<Hello['counts']> {
  const listed = await sandboxes.stored.listSandbox(id);
  return { organizations: listed?.organizations ?? 0, api_keys: listed?.api_keys ?? 0 };
}

/** Those of a server. One timer is for all, so that they show the same and each request is written once. */
class Streams {
  private readonly all = new Set<Stream>();
  private written: { entries: readonly JournalEntry[]; text: string } = { entries: [], text: '' };
  private timer: NodeJS.Timeout | undefined;

  get isFull(): boolean {
    return this.all.size >= MAX_STREAMS;
  }

  open(stream: Stream, hello: StreamEvent): void {
    this.all.add(stream);
    this.timer ??= setInterval(() => {
      for (const one of this.all) one.look();
    }, LOOK_MS);
    stream.start(hello, () => {
      this.all.delete(stream);
      if (this.all.size > 0) return;
      clearInterval(this.timer);
      this.timer = undefined;
    });
  }

  /** Summaries as JSON text. Most streams show the same in the same look. */
  readonly toTexts = (entries: readonly JournalEntry[]): string => {
    const { written } = this;
    const isSame = entries.length === written.entries.length && entries.every((one, at) => one === written.entries[at]);
    if (!isSame) this.written = { entries, text: entries.map((entry) => JSON.stringify(toSummary(entry))).join() };
    return this.written.text;
  };
}

/** One that reads. It is a timer that looks: no request waits for it, and what it does not take is left out. */
class Stream {
  private readonly request: FastifyRequest;
  private readonly reply: FastifyReply;
  private readonly sandboxes: Sandboxes;
  private readonly sandboxId: string;
  private readonly reader: StreamReader;
  private readonly live: LiveSandbox;
  private release = () => {};
  private isLooking = false;
  private isHeld = false;
  private pingedAt = now();

  constructor(
    request: FastifyRequest,
    reply: FastifyReply,
    sandboxes: Sandboxes,
    live: LiveSandbox,
    reader: StreamReader,
  ) {
    this.request = request;
    this.reply = reply;
    this.sandboxes = sandboxes;
    this.sandboxId = live.sandbox.sandbox_id;
    this.reader = reader;
    this.live = live;
  }

  start(hello: StreamEvent, onClose: () => void): void {
    const { raw } = this.reply;
    for (const [name, value = ''] of Object.entries({ ...this.reply.getHeaders(), ...HEADERS }))
      raw.setHeader(name, value);
    raw.writeHead(200);
    this.write(hello);
    const leave = () => raw.destroy();
    // A client that goes away may leave its side half open.
    raw.socket?.once('end', leave);
    raw.once('close', () => {
      onClose();
      raw.socket?.off('end', leave);
      this.release();
    });
    // It may be over already.
    this.hold(this.live);
  }

  private hold({ sandbox }: LiveSandbox): void {
    this.isHeld = true;
    this.release = sandbox.waits.hold((reason) => this.onEnd(reason));
  }

  /** A state that was replaced is looked at anew. */
  private onEnd(reason: EndReason): void {
    this.isHeld = false;
    if (reason !== 'replaced') this.end(reason === 'stopped' ? 'stopped' : 'sandbox deleted');
  }

  private end(reason: string): void {
    const { raw } = this.reply;
    if (raw.writableEnded) return;
    this.write({ name: 'end', data: JSON.stringify({ reason }) });
    raw.end();
    // One that reads nothing would keep the server.
    if (raw.writableNeedDrain) raw.destroy();
  }

  /** Writes what is new; not while the client takes nothing. */
  look(): void {
    const { raw } = this.reply;
    if (this.isLooking || raw.writableNeedDrain || raw.writableEnded) return;
    this.isLooking = true;
    this.lookNow()
      .catch((error) => {
        this.request.log.error({ err: error }, 'a stream ends');
        this.end('failed');
      })
      .finally(() => {
        this.isLooking = false;
      });
  }

  private async lookNow(): Promise<void> {
    const live = await this.sandboxes.peek(this.sandboxId);
    if (live === undefined) return this.end('sandbox deleted');
    if (!this.isHeld) this.hold(live);
    await live.sandbox.journal.read();
    for (const event of await this.reader.look(live, now())) this.write(event);
    if (now() - this.pingedAt > PING_MS) {
      this.pingedAt = now();
      this.reply.raw.write(': ping\n\n');
    }
  }

  private write({ name, data }: StreamEvent): void {
    const { raw } = this.reply;
    if (raw.writableEnded || raw.destroyed) return;
    raw.write(`event: ${name}\nid: ${this.reader.lastSeq}\ndata: ${data}\n\n`);
  }
}
