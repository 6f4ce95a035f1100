import { afterAll, beforeAll, expect, it } from 'vitest';
import { createMockServer, type MockServer } from '../../src/index.ts';
import { type RawAnswer, RawClient } from '../support/raw-client.ts';

let server: MockServer;
beforeAll(async () => {
  server = await createMockServer({ limits: 'enforce', clock: '2026-01-01T00:00:00Z' });
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ api_key: 'sk_test_free', category: 'metadata', count: 20 });
  await fetch(`${server.url}/_mock/sandboxes/default/limits/spend`, { method: 'POST', headers, body });
});
afterAll(() => server.close());

const CASES: [status: number, method: string, path: string, key: string][] = [
  [401, 'PATCH', '/v1/organizations', 'sk_test_unknown'],
  [403, 'PATCH', '/v1/organizations', 'sk_test_readonly'],
  [404, 'POST', '/nope', 'sk_test_enterprise'],
  [404, 'POST', '/_mock/nope', 'sk_test_enterprise'],
  [405, 'POST', '/v1/organizations', 'sk_test_enterprise'],
  [413, 'PATCH', '/v1/organizations', 'sk_test_enterprise'],
  [429, 'PATCH', '/v1/organizations', 'sk_test_free'],
  [501, 'POST', '/v1/namespaces', 'sk_test_enterprise'],
];

const FRAMINGS = ['length', 'chunked'] as const;
const CONNECTIONS = ['keep-alive', 'close', 'HTTP/1.0'] as const;
const SIZES = [1_050_000, 4_000_000, 12_000_000];

const CHUNK = Buffer.from(`10000\r\n${'x'.repeat(65_536)}\r\n`);
const toChunked = (size: number) => {
  const rest = size % 65_536;
  const last = `${rest.toString(16)}\r\n${'x'.repeat(rest)}\r\n0\r\n\r\n`;
  return [...Array.from({ length: Math.floor(size / 65_536) }, () => CHUNK), Buffer.from(last)];
};
const BODIES = new Map(SIZES.map((size) => [size, { length: [Buffer.alloc(size, 'x')], chunked: toChunked(size) }]));

const connectionOf = (answer: RawAnswer | undefined) => /^connection: (.*)$/im.exec(answer?.headers ?? '')?.[1];

const rows = CASES.flatMap(([status, method, path, key]) =>
  FRAMINGS.flatMap((framing) => CONNECTIONS.map((connection) => ({ status, method, path, key, framing, connection }))),
);

it.each(rows)(
  '$status for $method $path reaches a client that writes all of a large body before it reads: $framing, $connection',
  async ({ status, method, path, key, framing, connection }) => {
    const port = Number(new URL(server.url).port);
    for (const size of SIZES) {
      const head = [
        `${method} ${path} HTTP/1.${connection === 'HTTP/1.0' ? 0 : 1}`,
        `Host: localhost:${port}`,
        `Authorization: Bearer ${key}`,
        'Content-Type: application/json',
        framing === 'length' ? `Content-Length: ${size}` : 'Transfer-Encoding: chunked',
        ...(connection === 'close' ? ['Connection: close'] : []),
      ];
      const client = await RawClient.open(port);
      await client.write(`${head.join('\r\n')}\r\n\r\n`, ...(BODIES.get(size)?.[framing] ?? []));
      const [answer] = await client.readAnswers(1);
      expect([answer?.status, client.error]).toEqual([status, undefined]);
      expect(connectionOf(answer)).toBe(connection === 'keep-alive' ? 'keep-alive' : 'close');
      if (connection === 'keep-alive') {
        await client.write(`GET /v1/health HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\n\r\n`);
        expect((await client.readAnswers(2))[1]?.status).toBe(200);
      }
      await client.readToEnd();
      expect(client.error).toBeUndefined();
      client.socket.destroy();
    }
  },
);

it.each([
  ['GET /nope HTTP/1.1', 'keep-alive'],
  ['GET /docs/nope HTTP/1.1', 'keep-alive'],
  ['GET /%zz HTTP/1.1', 'keep-alive'],
  ['GET /nope HTTP/1.1\r\nConnection: close', 'close'],
  ['GET /docs/nope HTTP/1.1\r\nConnection: close', 'close'],
  ['GET /nope HTTP/1.0', 'close'],
  ['GET /nope HTTP/1.0\r\nConnection: keep-alive', 'keep-alive'],
])('a refusal of %j says what becomes of the connection: %s', async (head, expected) => {
  const client = await RawClient.open(Number(new URL(server.url).port));
  await client.write(`${head}\r\nHost: localhost\r\n\r\n`);
  expect((await client.readAnswers(1)).map(connectionOf)).toEqual([expected]);
});

it('the last refusal of more requests than are queued says that the connection closes', async () => {
  const client = await RawClient.open(Number(new URL(server.url).port));
  await client.write('GET /nope HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(300));
  await client.readToEnd();
  const answers = await client.readAnswers(300);
  expect(answers.length).toBeLessThan(300);
  expect(answers.map(connectionOf)).toEqual([...answers.slice(1).map(() => 'keep-alive'), 'close']);
});
