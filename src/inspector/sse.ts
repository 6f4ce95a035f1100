/** A server-sent event. */
export interface StreamEvent {
  name: string;
  data: string;
  /** The id that was sent last, with this event or before; null while there was none. */
  id: string | null;
}

/** Reads server-sent events from text that comes in pieces, cut anywhere. */
export class EventParser {
  /** The line that is not over yet. */
  private rest = '';
  private name = '';
  private data: string[] = [];
  private id: string | null = null;
  /** The text so far ends with CR: a LF that follows belongs to it. */
  private endsWithReturn = false;

  /** The events that this piece completes. */
  push(chunk: string): StreamEvent[] {
    if (chunk === '') return [];
    const text = this.endsWithReturn && chunk.startsWith('\n') ? chunk.slice(1) : chunk;
    this.endsWithReturn = chunk.endsWith('\r');
    // What is not over is not searched again: a long line would take quadratic time.
    const [first = '', ...others] = text.split(/\r\n|\r|\n/);
    const lines = [this.rest + first, ...others];
    this.rest = lines.pop() ?? '';
    return lines.flatMap((line) => this.readLine(line) ?? []);
  }

  private readLine(line: string): StreamEvent | undefined {
    if (line === '') return this.endEvent();
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.name = value;
    if (field === 'data') this.data.push(value);
    if (field === 'id' && !value.includes('\0')) this.id = value;
    return undefined;
  }

  private endEvent(): StreamEvent | undefined {
    const { name, data, id } = this;
    this.name = '';
    this.data = [];
    return data.length === 0 ? undefined : { name: name === '' ? 'message' : name, data: data.join('\n'), id };
  }
}

/** The events of a body, until it ends; who stops reading cancels it. */
export async function* decodeStream(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamEvent, void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const parser = new EventParser();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield* parser.push(decoder.decode(value, { stream: true }));
    }
  } finally {
    // A connection that broke cannot be cancelled any more.
    await reader.cancel().catch(() => {});
  }
}
