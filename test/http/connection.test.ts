import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CONNECTION_LIMITS, type ConnectionLimits } from '../../src/http/connection.ts';
import { type Listener, listen } from '../../src/http/listener.ts';
import { Turns } from '../../src/http/turns.ts';
import { RawClient } from '../support/raw-client.ts';

/** A listener whose requests wait until the test answers them. */
class TestListener {
  readonly started: { request: IncomingMessage; response: ServerResponse }[] = [];
  readonly refused: string[] = [];
  listener!: Listener;
  private onStart: () => void = () => {};

  static async open(limits: Partial<ConnectionLimits> = {}, requestTimeout = 30_000): Promise<TestListener> {
    const test = new TestListener();
    test.listener = await listen({
      host: '127.0.0.1',
      port: 0,
      requestTimeout,
      connectionLimits: { ...CONNECTION_LIMITS, ...limits },
      toBadRequest: ({ code }) => {
        test.refused.push(code);
        return 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';
      },
    });
    test.listener.serve((request, response) => {
      test.started.push({ request, response });
      test.onStart();
    });
    onTestFinished(async () => {
      for (const { request } of test.started) request.socket.destroy();
      await test.listener.close();
    });
    return test;
  }

  connect(): Promise<RawClient> {
    return RawClient.open(Number(new URL(this.listener.url).port));
  }

  get paths(): (string | undefined)[] {
    return this.started.map(({ request }) => request.url);
  }

  /** The request that begins as the `count`th. */
  async start(count: number) {
    while (this.started.length < count) {
      await new Promise<void>((resolve) => {
        this.onStart = resolve;
      });
    }
    const exchange = this.started[count - 1];
    if (exchange === undefined) throw new Error('it has begun');
    return exchange;
  }

  async answer(count: number, body = ''): Promise<void> {
    const { response } = await this.start(count);
    response.setHeader('Content-Length', Buffer.byteLength(body));
    response.end(body);
  }
}

const get = (path: string, headers = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;
const post = (path: string, length: number, headers = '') =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n${headers}\r\n`;
/** More than the buffers of the system take. */
const LARGE = 'x'.repeat(14_000_000);

describe('requests of one connection', () => {
  it('begin when the answer before them is out, in the order in which they came', async () => {
    const test = await TestListener.open();
    const client = await test.connect();
    await client.write(`${get('/1') + post('/2', 2)}{}${get('/3')}`);
    for (const count of [1, 2, 3]) {
      await test.start(count);
      expect(test.paths).toEqual(['/1', '/2', '/3'].slice(0, count));
      await test.answer(count, `${count}`);
    }
    const answers = await client.readAnswers(3);
    expect(answers.map(({ body }) => body)).toEqual(['1', '2', '3']);
    expect(test.paths).toEqual(['/1', '/2', '/3']);
  });

  it('wait for an answer that nobody reads', async () => {
    const test = await TestListener.open();
    const [slow, other] = [await test.connect(), await test.connect()];
    slow.socket.pause();
    await slow.write(get('/1') + get('/2'));
    await test.answer(1, LARGE);
    await other.write(get('/other'));
    await test.answer(2);
    expect((await other.readAnswers(1)).length).toBe(1);
    expect(test.paths).toEqual(['/1', '/other']);
    slow.socket.resume();
    await test.answer(3);
    expect(test.paths).toEqual(['/1', '/other', '/2']);
  });

  it('are at most 100 in the queue: beyond that the last of them is answered with Connection: close', async () => {
    const test = await TestListener.open();
    const client = await test.connect();
    await client.write(Array.from({ length: 150 }, (_, index) => get(`/${index + 1}`)).join(''));
    for (let count = 1; count <= 101; count++) await test.answer(count);
    const answers = await client.readAnswers(150);
    expect(answers.length).toBe(101);
    expect(answers.at(-1)?.headers).toMatch(/^connection: close$/im);
    expect(answers.at(-2)?.headers).not.toMatch(/^connection: close$/im);
    expect([client.error, test.started.length]).toEqual([undefined, 101]);
  });

  it('are all answered where 100 are in the queue', async () => {
    const test = await TestListener.open();
    const client = await test.connect();
    await client.write(Array.from({ length: 101 }, (_, index) => get(`/${index + 1}`)).join(''));
    for (let count = 1; count <= 101; count++) await test.answer(count);
    await client.readAnswers(101);
    await client.write(get('/next'));
    await test.answer(102);
    expect((await client.readAnswers(102)).length).toBe(102);
  });

  it.each([
    ['what is no HTTP', 'nonsense\r\n\r\n'],
    ['a request whose body cannot be read', 'POST /3 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
  ])('are all answered before %s is refused', async (_name, refused) => {
    const test = await TestListener.open({ lingerMs: 50 });
    const client = await test.connect();
    await client.write(get('/1') + get('/2') + refused);
    for (const count of [1, 2]) await test.answer(count);
    await client.readToEnd();
    expect((await client.readAnswers(3)).map(({ status }) => status)).toEqual([200, 200, 400]);
    expect(test.paths).toEqual(['/1', '/2']);
  });

  it('that are queued never begin when the client is gone', async () => {
    const test = await TestListener.open();
    const client = await test.connect();
    await client.write(get('/1') + get('/2'));
    const { response } = await test.start(1);
    const closed = new Promise((resolve) => response.once('close', resolve));
    client.socket.resetAndDestroy();
    await closed;
    const other = await test.connect();
    await other.write(get('/other'));
    await test.answer(2);
    await other.readAnswers(1);
    expect(test.paths).toEqual(['/1', '/other']);
  });

  it('are answered to a client that has ended its side', async () => {
    const test = await TestListener.open();
    const client = await test.connect();
    await client.write(get('/1') + get('/2'));
    const { request } = await test.start(1);
    client.socket.end();
    await once(request.socket, 'end');
    await test.answer(1, 'one');
    await test.answer(2, 'two');
    expect((await client.readAnswers(2)).map(({ body }) => body)).toEqual(['one', 'two']);
    await client.readToEnd();
    expect([client.error, test.refused]).toEqual([undefined, []]);
  });
});

describe('the time for a request', () => {
  it('does not run while it waits for the answer before it: headers, body and the answer are whole', async () => {
    const test = await TestListener.open({}, 100);
    for (const [begin, rest] of [
      ['GET /2 HTTP/1.1\r\nHo', 'st: x\r\n\r\n'],
      [post('/2', 2), '{}'],
    ] as const) {
      test.started.length = 0;
      const [client, late] = [await test.connect(), await test.connect()];
      await client.write(get('/1') + begin);
      await test.start(1);
      // What is not excused is over: the time of the other connection began later.
      await late.write('GET /late');
      await late.readToEnd();
      await test.answer(1, 'one');
      expect((await client.readAnswers(1))[0]?.body).toBe('one');
      await client.write(rest);
      await test.answer(2, 'two');
      expect((await client.readAnswers(2))[1]?.body).toBe('two');
      expect(test.refused.splice(0)).toEqual(['ERR_HTTP_REQUEST_TIMEOUT']);
    }
  });

  it.each([
    ['headers', 'GET /2 HTTP/1.1\r\nHo'],
    ['a body', post('/2', 2)],
    ['a body behind another request', get('/2') + post('/3', 2)],
  ])('runs once that is out: %s', async (_name, begin) => {
    const test = await TestListener.open({}, 100);
    const [client, late] = [await test.connect(), await test.connect()];
    await client.write(get('/1') + begin);
    await test.start(1);
    await late.write('GET /late');
    await late.readToEnd();
    await test.answer(1);
    if (begin.includes('/3')) await test.answer(2);
    expect(await client.readToEnd()).toMatch(/HTTP\/1\.1 200 .*HTTP\/1\.1 400 /s);
    expect(test.refused).toEqual(['ERR_HTTP_REQUEST_TIMEOUT', 'ERR_HTTP_REQUEST_TIMEOUT']);
  });

  it('ends a connection on which nothing was sent without a word', async () => {
    const test = await TestListener.open({}, 50);
    const client = await test.connect();
    expect([await client.readToEnd(), client.error, test.refused]).toEqual(['', undefined, []]);
  });
});

describe('what comes behind an answer', () => {
  it('is read away, and the connection goes on', async () => {
    const test = await TestListener.open({ unreadBytes: 1_000_000 });
    const client = await test.connect();
    await client.write(post('/1', 1_000_000));
    await test.answer(1, 'early');
    expect((await client.readAnswers(1))[0]?.body).toBe('early');
    await client.write(Buffer.alloc(1_000_000), get('/2'));
    await test.answer(2, 'next');
    expect((await client.readAnswers(2))[1]?.body).toBe('next');
  });

  it('is read away while the answer is on its way', async () => {
    const test = await TestListener.open();
    const client = await test.connect();
    client.socket.pause();
    const written = client.write(post('/1', LARGE.length), LARGE);
    await test.answer(1, LARGE);
    await written;
    expect((await client.readAnswers(1))[0]?.body.length).toBe(LARGE.length);
  });

  it('closes the connection when it is too much', async () => {
    const test = await TestListener.open({ unreadBytes: 1_000_000 });
    const client = await test.connect();
    await client.write(post('/1', 1_000_001));
    await test.answer(1, 'early');
    await client.readAnswers(1);
    await client.write(Buffer.alloc(1_000_001), get('/2'));
    await client.readToEnd();
    expect(test.paths).toEqual(['/1']);
  });

  it('closes the connection when it takes too long', async () => {
    const test = await TestListener.open({ unreadMs: 50 });
    const client = await test.connect();
    await client.write(post('/1', 2), '{');
    await test.answer(1, 'early');
    expect(await client.readToEnd()).toMatch(/early$/);
  });

  it.each([
    ['a body that is longer than its length', `${post('/1', 2, 'Connection: close\r\n')}{}${LARGE}`],
    ['no end, although the connection is to be closed', post('/1', LARGE.length + 1, 'Connection: close\r\n') + LARGE],
    ['what HTTP/1.0 cannot say', `POST /1 HTTP/1.0\r\nContent-Length: ${LARGE.length}\r\n\r\n${LARGE}`],
  ])('costs no client its answer: %s', async (_name, bytes) => {
    const test = await TestListener.open({ lingerMs: 50 });
    const client = await test.connect();
    const written = client.write(bytes);
    await test.answer(1, 'early');
    await written;
    expect((await client.readAnswers(1))[0]?.body).toBe('early');
    await client.readToEnd();
    expect(client.error).toBeUndefined();
  });

  it('costs no client its refusal by the parser', async () => {
    const test = await TestListener.open({ lingerMs: 50 });
    const client = await test.connect();
    await client.write(`POST /1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n${LARGE}`);
    expect(await client.readToEnd()).toMatch(/^HTTP\/1\.1 400 /);
    expect(client.error).toBeUndefined();
  });
});

it('a chunked body with HTTP/1.0 is read, and the connection closes behind the answer', async () => {
  const test = await TestListener.open();
  const client = await test.connect();
  const head = 'POST /1 HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n';
  await client.write(`${head}2\r\n{}\r\n0\r\n\r\n`);
  const { request } = await test.start(1);
  expect(String((await request.toArray())[0])).toBe('{}');
  await test.answer(1, 'read');
  expect(await client.readToEnd()).toMatch(/^connection: close\r.*read$/ims);
});

describe('a stop', () => {
  it('lets an answer on its way arrive, however slowly, and a queued one too', async () => {
    const test = await TestListener.open({ stalledMs: 1000 });
    const client = await test.connect();
    const started = performance.now();
    await client.write(get('/1') + get('/2'));
    await test.answer(1, LARGE);
    const closed = test.listener.close();
    let bytes = 0;
    client.socket.on('data', (chunk) => {
      bytes += chunk.length;
      client.socket.pause();
      setTimeout(() => client.socket.resume(), 5);
    });
    await test.answer(2, 'two');
    await Promise.all([once(client.socket, 'end'), closed]);
    expect(performance.now() - started).toBeGreaterThan(1000);
    expect(bytes).toBeGreaterThan(LARGE.length);
    expect(client.error).toBeUndefined();
  });

  it.each<[string, Partial<ConnectionLimits>]>([
    ['makes no progress', { stalledMs: 100 }],
    ['takes too long in all', { answeringMs: 100 }],
  ])('ends an answer that %s', async (_name, limits) => {
    const test = await TestListener.open(limits);
    const client = await test.connect();
    client.socket.pause();
    await client.write(get('/1'));
    await test.answer(1, LARGE);
    await test.listener.close();
    expect((await client.readAnswers(1)).length).toBe(0);
  });

  it.each([
    ['headers', 'GET /1 HTTP/1.1\r\nHo'],
    ['a body', `${post('/1', 2)}{`],
  ])('ends a request of which only %s came, after a while', async (_name, bytes) => {
    const test = await TestListener.open({ receivingMs: 100 });
    const [client, other] = [await test.connect(), await test.connect()];
    await client.write(bytes);
    await other.write(get('/other'));
    await test.start(bytes.includes('POST') ? 2 : 1);
    for (const { request, response } of test.started) if (request.url === '/other') response.end();
    await other.readAnswers(1);
    const started = performance.now();
    await test.listener.close();
    expect(performance.now() - started).toBeGreaterThan(99);
    expect(await client.readToEnd()).toBe('');
  });

  it('answers a request that is wholly received in time', async () => {
    const test = await TestListener.open();
    const client = await test.connect();
    await client.write('GET /1 HTTP/1.1\r\nHo');
    const other = await test.connect();
    await other.write(get('/other'));
    await test.answer(1);
    await other.readAnswers(1);
    const closed = test.listener.close();
    await client.write('st: x\r\n\r\n');
    await test.answer(2, 'in time');
    expect((await client.readAnswers(1))[0]?.body).toBe('in time');
    await closed;
  });

  it('tells clients with the last answer that the connection closes, so that they send no more on it', async () => {
    const test = await TestListener.open();
    const [busy, pipelining, sending] = [await test.connect(), await test.connect(), await test.connect()];
    await busy.write(get('/busy'));
    await pipelining.write(get('/first') + get('/second'));
    await sending.write(get('/before'));
    await test.start(3);
    test.started.find(({ request }) => request.url === '/before')?.response.end();
    await sending.readAnswers(1);
    await sending.write('GET /sending HTTP/1.1\r\nHo');
    const other = await test.connect();
    await other.write(get('/other'));
    await test.start(4);
    const closed = test.listener.close();
    await sending.write('st: x\r\n\r\n');
    await test.start(5);
    await busy.write(get('/too-late'));
    for (const { response } of test.started) response.end();
    await test.answer(6, 'second');
    const ends: string[] = [];
    for (const client of [busy, pipelining, sending]) {
      const answers = (await client.readToEnd()).split(/(?=HTTP\/1\.1 200)/).filter((answer) => answer !== '');
      ends.push(answers.map((answer) => /^connection: (.*?)\r$/im.exec(answer)?.[1]).join());
    }
    expect(ends).toEqual(['close', 'keep-alive,close', 'keep-alive,close']);
    await closed;
  });

  it('closes idle connections at once, those that were used and those that never were', async () => {
    const test = await TestListener.open();
    const [used, fresh] = [await test.connect(), await test.connect()];
    await used.write(get('/1'));
    await test.answer(1);
    await used.readAnswers(1);
    await test.listener.close();
    await Promise.all([used.readToEnd(), fresh.readToEnd()]);
  });
});

it('queued work takes turns with the rest: what is short is done together, what is long one by one', async () => {
  const turns = new Turns();
  const done: string[] = [];
  const busy = (ms: number) => {
    for (const end = performance.now() + ms; performance.now() < end; );
  };
  for (const name of ['a', 'b']) turns.take(() => done.push(name));
  const beforeNext = new Promise<string[]>((resolve) => setImmediate(() => resolve([...done])));
  expect(await beforeNext).toEqual(['a', 'b']);
  const finished = new Promise<void>((resolve) => {
    for (const name of ['c', 'd']) {
      turns.take(() => {
        busy(6);
        done.push(name);
        setImmediate(() => done.push(`rest after ${name}`));
      });
    }
    turns.take(resolve);
  });
  await finished;
  expect(done).toEqual(['a', 'b', 'c', 'rest after c', 'd', 'rest after d']);
});
