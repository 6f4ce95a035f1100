import { expect, it } from 'vitest';
import { BODY_LIMIT } from '../src/http/envelope.ts';
import { readJsonSeed } from '../src/seed/json.ts';
import { buildTestApp } from './support/harness.ts';

/** Milliseconds of the processor: another process may have it for a while, so the clock on the wall tells nothing. */
async function measure(run: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** The parts joined into a body of 1 MiB. */
function fill(head: string, toPart: (index: number) => string, tail: string): string {
  const parts: string[] = [];
  let length = head.length + tail.length;
  for (let index = 0; ; index++) {
    const part = `${index === 0 ? '' : ','}${toPart(index)}`;
    length += part.length;
    if (length > BODY_LIMIT) return head + parts.join('') + tail;
    parts.push(part);
  }
}

const names = (index: number) => `"n${index}":0`;

/** Milliseconds. What is linear takes a tenth of it; what grows by the square takes a minute. */
const LONG = 3000;

it.each([
  ['unknown members, refused', 'reject', fill('{', names, '}'), 422],
  ['unknown categories, refused', 'reject', fill('{"rate_limits":{', names, '}}'), 422],
  ['unknown members, ignored', 'ignore', fill('{', names, '}'), 200],
  ['unknown categories, ignored', 'ignore', fill('{"rate_limits":{', names, '}}'), 200],
] as const)(
  'a PATCH of 1 MiB takes no time by the square of its size: %s',
  async (_name, unknownFields, body, status) => {
    const { app } = await buildTestApp({ unknownFields, level: 'silent', journalSize: 0 });
    const headers = { authorization: 'Bearer sk_test_xyz789', 'content-type': 'application/json' };
    const took = await measure(async () => {
      const response = await app.inject({ method: 'PATCH', url: '/v1/organizations', headers, payload: body });
      expect(response.statusCode).toBe(status);
    });
    expect(took).toBeLessThan(LONG);
  },
);

it('many problems in a long JSON seed are located without reading it again for each', async () => {
  const items = Array.from({ length: 20_000 }, (_, index) => `{"organization_id":"org_${index}","metadata":{"a":"b"}}`);
  const text = `{"version":1,"organizations":[${items.join(',')}]}`;
  const times: number[] = [];
  for (let round = 0; round < 3; round++) {
    const reading = await measure(() => readJsonSeed(text));
    const { locate } = readJsonSeed(text);
    const locating = await measure(() => {
      for (let index = 0; index < 20; index++) locate(['organizations', 19_000 + index, 'metadata']);
    });
    times.push(locating / reading);
  }
  expect(Math.min(...times)).toBeLessThan(1);
});
