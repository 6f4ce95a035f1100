import { once } from 'node:events';
import { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { setImmediate } from '../../src/domain/real-time.ts';
import { HeldWrites } from '../../src/http/held-writes.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A socket that tells what is written to it, each write to the system by itself, and a response on it. */
function open(writes: HeldWrites, name: string, sent: string[]) {
  const record = (text: string, done: () => void) => {
    sent.push(`${name}: ${text.split('\r\n').at(-1)}`);
    done();
  };
  const socket = new Duplex({
    read() {},
    write: (chunk, _encoding, done) => record(String(chunk), done),
    writev: (chunks, done) => record(chunks.map(({ chunk }) => String(chunk)).join(''), done),
  }) as Socket;
  writes.watch(socket);
  const response = new ServerResponse(new IncomingMessage(socket));
  response.assignSocket(socket);
  return { socket, response };
}

test('answers of one turn leave at its end, each in one write, in the order in which they were made', async () => {
  const [writes, sent] = [new HeldWrites(), [] as string[]];
  const [one, other] = [open(writes, 'one', sent), open(writes, 'other', sent)];
  one.response.end('first');
  other.response.end('second');
  await Promise.resolve();
  expect(sent).toEqual([]);
  await turn();
  expect(sent).toEqual(['one: first', 'other: second']);
});

test('what comes in later turns is not held by those before', async () => {
  const [writes, sent] = [new HeldWrites(), [] as string[]];
  const [one, other] = [open(writes, 'one', sent), open(writes, 'other', sent)];
  one.response.end('first');
  await turn();
  other.response.end('second');
  expect(sent).toEqual(['one: first']);
  await turn();
  expect(sent).toEqual(['one: first', 'other: second']);
});

test('the last answer of a connection that ends is sent before that', async () => {
  const [writes, sent] = [new HeldWrites(), [] as string[]];
  const { socket, response } = open(writes, 'one', sent);
  response.end('last');
  socket.end();
  expect(socket.writableFinished).toBe(false);
  await turn();
  expect(sent).toEqual(['one: last']);
  if (!socket.writableFinished) await once(socket, 'finish');
});

test('of a connection that is reset nothing is sent, and the others are not held up', async () => {
  const [writes, sent] = [new HeldWrites(), [] as string[]];
  const [one, other] = [open(writes, 'one', sent), open(writes, 'other', sent)];
  one.response.end('first');
  other.response.end('second');
  one.socket.destroy();
  await turn();
  expect(sent).toEqual(['other: second']);
});
