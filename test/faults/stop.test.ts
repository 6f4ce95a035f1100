import { expect, it } from 'vitest';
import { makeFolder } from '../support/folder.ts';
import { startServer } from '../support/process.ts';
import { openStream } from '../support/stream.ts';

const KEY = 'sk_live_abc123def456';
/** Real milliseconds by which a stop may be later because of what waits, on a busy machine too. */
const MAX_LATER = 1500;

/** Starts a server, lets things wait in it, and stops it. */
async function stopWith(count: { streams: number; delays: number; verifies: number }) {
  const server = await startServer(['--db', ':memory:', '--clock', '2026-01-01T00:00:00Z'], makeFolder());
  const { url } = server.ready;
  const control = `${url}/_mock/sandboxes/default`;
  const tell = (path: string, body: object) =>
    fetch(control + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  await tell('/faults', { match: { method: 'PATCH' }, delay_ms: 60_000, delay_clock: 'sandbox' });
  const streams = await Promise.all(Array.from({ length: count.streams }, () => openStream(url)));
  const patch = () =>
    fetch(`${url}/v1/organizations`, { method: 'PATCH', headers: { authorization: `Bearer ${KEY}` }, body: '{}' });
  const delays = Array.from({ length: count.delays }, patch);
  const verifies = Array.from({ length: count.verifies }, () =>
    tell('/requests/verify', { match: { method: 'DELETE' }, within_ms: 60_000 }),
  );
  for (;;) {
    const { requests } = (await (await fetch(`${control}/requests`)).json()) as { requests: unknown[] };
    if (requests.length === count.delays) break;
  }
  const started = performance.now();
  const code = await server.stop('SIGTERM');
  const statuses = async (sent: Promise<Response>[]) => (await Promise.all(sent)).map(({ status }) => status);
  const ends = await Promise.all(streams.map(async (stream) => (await stream.next('end'))?.data.reason));
  return {
    code,
    ms: performance.now() - started,
    ends,
    delays: await statuses(delays),
    verifies: await statuses(verifies),
  };
}

it('a server stops at once, whatever waits in it, and each client has an end', async () => {
  const alone = await stopWith({ streams: 0, delays: 0, verifies: 0 });
  const stopped = await stopWith({ streams: 3, delays: 5, verifies: 5 });
  expect([alone.code, stopped.code]).toEqual([0, 0]);
  expect(stopped).toMatchObject({
    ends: Array(3).fill('stopped'),
    delays: Array(5).fill(503),
    verifies: Array(5).fill(409),
  });
  expect(stopped.ms - alone.ms).toBeLessThan(MAX_LATER);
});
