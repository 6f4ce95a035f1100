import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeStream, EventParser } from '../../src/inspector/sse.ts';

const read = (...chunks: string[]) => {
  const parser = new EventParser();
  return chunks.flatMap((chunk) => parser.push(chunk));
};

const LINES = [
  ': ping',
  '',
  'event: hello',
  'id: 7',
  'data: {"seq":7}',
  '',
  'data:one',
  'data:  two',
  'data',
  'data: über 東京 😀',
  '',
  'event: lost',
  'id',
  '',
  'event: cleared',
  'retry: 10',
  'unknown: x',
  'data: {}',
  '',
  'event: cut',
  'data: never ended',
];
const EVENTS = [
  { name: 'hello', data: '{"seq":7}', id: '7' },
  { name: 'message', data: 'one\n two\n\nüber 東京 😀', id: '7' },
  { name: 'cleared', data: '{}', id: '' },
];
const ENDS = [
  ['LF', '\n'],
  ['CRLF', '\r\n'],
  ['CR', '\r'],
];

describe.each(ENDS)('events with %s', (_, end = '') => {
  const text = LINES.join(end);

  it('are read, whatever is around them', () => {
    expect(read(text)).toEqual(EVENTS);
  });

  it('are the same wherever the text is cut', () => {
    for (let at = 0; at <= text.length; at++) {
      expect(read(text.slice(0, at), text.slice(at))).toEqual(EVENTS);
      expect(read(text.slice(0, at), '', text.slice(at, at + 1), text.slice(at + 1))).toEqual(EVENTS);
    }
    expect(read(...text)).toEqual(EVENTS);
  });
});

it('an event is there with its last line end, not later', () => {
  const parser = new EventParser();
  expect(parser.push('data: 1\n')).toEqual([]);
  expect(parser.push('\n')).toEqual([{ name: 'message', data: '1', id: null }]);
  expect(parser.push('data: 2\r\n\r')).toEqual([{ name: 'message', data: '2', id: null }]);
  expect(parser.push('\ndata: 3\n\n')).toEqual([{ name: 'message', data: '3', id: null }]);
});

it('an id with NUL is none', () => {
  expect(read('id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n').map(({ id }) => id)).toEqual(['1', '1']);
});

it('a line of megabytes in small pieces takes no quadratic time', () => {
  const piece = 'x'.repeat(100);
  const parser = new EventParser();
  parser.push('data: ');
  for (let count = 0; count < 50_000; count++) parser.push(piece);
  expect(parser.push('\n\n')[0]?.data).toHaveLength(5_000_000);
});

describe('decodeStream', () => {
  const bytes = new TextEncoder().encode(LINES.join('\n'));
  const toStream = (chunks: Uint8Array[], onCancel = () => {}) =>
    new ReadableStream<Uint8Array>({
      pull(controller) {
        const chunk = chunks.shift();
        if (chunk === undefined) controller.close();
        else controller.enqueue(chunk);
      },
      cancel: onCancel,
    });
  const readAll = async (stream: ReadableStream<Uint8Array>) => {
    const events = [];
    for await (const event of decodeStream(stream)) events.push(event);
    return events;
  };

  it('is the same wherever the bytes are cut', async () => {
    for (let at = 0; at <= bytes.length; at++) {
      expect(await readAll(toStream([bytes.slice(0, at), bytes.slice(at)]))).toEqual(EVENTS);
    }
  });

  it('is the same in any pieces', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: bytes.length })), async (cuts) => {
        const places = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const chunks = places.slice(1).map((place, index) => bytes.slice(places[index], place));
        expect(await readAll(toStream(chunks))).toEqual(EVENTS);
      }),
      { numRuns: 200 },
    );
  });

  it('cancels the stream when nobody reads on', async () => {
    let isCancelled = false;
    const stream = toStream([bytes, bytes], () => {
      isCancelled = true;
    });
    for await (const _ of decodeStream(stream)) break;
    expect(isCancelled).toBe(true);
  });

  it('throws what the stream throws', async () => {
    const broken = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.error(new TypeError('network error')),
    });
    await expect(readAll(broken)).rejects.toThrow('network error');
  });
});
