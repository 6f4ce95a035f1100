import { describe, expect, it } from 'vitest';
import { LineWriter } from '../../src/http/line-writer.ts';
import { makeFolder } from '../support/folder.ts';
import { startServer } from '../support/process.ts';

const endOfTurn = () => new Promise((resolve) => setImmediate(resolve));

/** A writer whose reader takes so many bytes at a time, or fails. */
function build() {
  const parts: Buffer[] = [];
  const reader: { takes: number; error: string | undefined } = { takes: Number.POSITIVE_INFINITY, error: undefined };
  const write = (_fd: number, bytes: Buffer) => {
    if (reader.error !== undefined) throw Object.assign(new Error(reader.error), { code: reader.error });
    const taken = Math.min(reader.takes, bytes.length);
    parts.push(bytes.subarray(0, taken));
    return taken;
  };
  const writer = new LineWriter(2, (lines) => `${lines} are lost\n`, write as never);
  return { writer, reader, list: () => parts.map(String), text: () => Buffer.concat(parts).toString() };
}

describe('the lines of a log', () => {
  it('of one turn are written together, at its end', async () => {
    const { writer, list } = build();
    for (const line of ['a\n', 'b\n', 'ü\n']) writer.write(line);
    expect(list()).toEqual([]);
    await endOfTurn();
    writer.write('c\n');
    await endOfTurn();
    expect(list()).toEqual(['a\nb\nü\n', 'c\n']);
  });

  it('are written wholly by a reader that takes a part at a time', async () => {
    const { writer, reader, list, text } = build();
    reader.takes = 3;
    for (const line of ['first\n', 'sécond\n']) writer.write(line);
    await endOfTurn();
    expect(text()).toBe('first\nsécond\n');
    expect(list()).toHaveLength(5);
  });

  it('wait for a reader that is behind, in their order, and nobody waits for it', async () => {
    const { writer, reader, text } = build();
    reader.error = 'EAGAIN';
    writer.write('a\n');
    await endOfTurn();
    writer.write('b\n');
    reader.error = undefined;
    await expect.poll(text).toBe('a\nb\n');
  });

  it('are lost beyond a mebibyte that waits: counted, and said once there is room', async () => {
    const { writer, reader, text } = build();
    reader.error = 'EAGAIN';
    const line = `${'x'.repeat(1023)}\n`;
    for (let n = 0; n < 1024 + 7; n++) writer.write(line);
    await endOfTurn();
    writer.write(line);
    reader.error = undefined;
    // The first seven were known when it was tried.
    await expect.poll(text).toBe(`${line.repeat(1024)}7 are lost\n1 are lost\n`);
    writer.write('more\n');
    await endOfTurn();
    expect(text().endsWith('1 are lost\nmore\n')).toBe(true);
  });

  it('are written at the end of the process, and it does not wait long for a reader that does not read', () => {
    const { writer, reader, text } = build();
    writer.write('last\n');
    writer.end();
    expect(text()).toBe('last\n');
    reader.error = 'EAGAIN';
    writer.write('never\n');
    const started = performance.now();
    writer.end();
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it('are for nobody once the reader is gone; a disk that was full may have room again', async () => {
    const { writer, reader, text } = build();
    reader.error = 'ENOSPC';
    writer.write('lost\n');
    await endOfTurn();
    reader.error = undefined;
    writer.write('kept\n');
    await endOfTurn();
    reader.error = 'EPIPE';
    writer.write('gone\n');
    await endOfTurn();
    reader.error = undefined;
    writer.write('gone, too\n');
    await endOfTurn();
    expect(text()).toBe('kept\n1 are lost\n');
  });
});

it('a server that is told to stop has logged every request that it answered', async () => {
  const server = await startServer(['--db', ':memory:', '--log-level', 'info'], makeFolder());
  const ask = (n: number) => fetch(`${server.ready.url}/v1/nope-${n}`).then((answer) => answer.text());
  await Promise.all(Array.from({ length: 50 }, (_, n) => ask(n)));
  await server.stop();
  const logged = server.stderr().match(/nope-\d+/g) ?? [];
  expect(new Set(logged).size).toBe(50);
});
