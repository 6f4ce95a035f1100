import { describe, expect, it, onTestFinished } from 'vitest';
import { hashApiKey, toApiKeyId } from '../../src/domain/api-key.ts';
import type { MockServer } from '../../src/index.ts';
import type { Parsed } from '../support/conformance.ts';
import { get, send, start } from '../support/handle.ts';
import { openStream } from '../support/stream.ts';

async function follow(server: MockServer, path?: string) {
  const stream = await openStream(server.baseUrl, path);
  onTestFinished(() => stream.close());
  return stream;
}
const tell = (server: MockServer, method: string, path: string, body = '{}', id = 'default') =>
  fetch(`${server.baseUrl}/_mock/sandboxes/${id}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(method !== 'GET' && { body }),
  });

describe('…/stream', () => {
  it('begins with what is there', async () => {
    const server = await start({ clock: '2026-01-01T00:00:00Z', limits: 'enforce' });
    await tell(server, 'POST', '/faults', '{"id":"flt_a","status":503,"enabled":false}');
    await get(server);
    const stream = await follow(server);
    expect([stream.status, stream.headers]).toMatchObject([
      200,
      { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
    ]);
    expect(await stream.next('hello')).toMatchObject({
      id: '1',
      data: {
        started_at: expect.stringMatching(/^20/),
        seq: 1,
        clock: { now: '2026-01-01T00:00:00Z', mode: 'frozen', offset_ms: null },
        limits: { mode: 'enforce', buckets: expect.arrayContaining([expect.objectContaining({ remaining: 99 })]) },
        faults: [{ id: 'flt_a', status: 503, enabled: false, matched: 0, fired: 0 }],
        controls: [{ after: 0, text: 'fault flt_a added', by: 'POST /faults' }],
        counts: { organizations: 4, api_keys: 10 },
      },
    });
  });

  it('tells each thing that was done once, in hello or behind it', async () => {
    const server = await start({ clock: '2026-01-01T00:00:00Z' });
    const steps = Array.from({ length: 40 }, (_, n) => n + 1);
    const moving = steps.map((n) => tell(server, 'POST', '/clock/advance', `{"ms":${n}}`));
    const stream = await follow(server);
    await Promise.all(moving);
    const told: unknown[] = [...((await stream.next('hello'))?.data.controls ?? [])];
    while (told.length < steps.length) told.push((await stream.next('control'))?.data);
    await get(server);
    await stream.next('requests');
    const inHello = stream.events[0]?.data.controls.length;
    const behind = stream.events.filter(({ name }) => name === 'control');
    expect(inHello + behind.length).toBe(steps.length);
    expect(new Set(told.map((action) => JSON.stringify(action))).size).toBe(steps.length);
  });

  it('shows requests as they end, with what they changed', async () => {
    const server = await start();
    const stream = await follow(server);
    await stream.next('hello');
    await send(server, 'PATCH', { organization_name: 'New' });
    await send(server, 'PATCH', { organization_name: 5 });
    const requests = [];
    while (requests.length < 2) requests.push(...((await stream.next('requests'))?.data.requests ?? []));
    expect(requests).toMatchObject([
      {
        seq: 1,
        method: 'PATCH',
        path: '/v1/organizations',
        status: 200,
        outcome: 'answered',
        changed: ['organization_name'],
      },
      { seq: 2, status: 422, changed: [], error: 'Validation error', fault: null, bucket: { category: 'metadata' } },
    ]);
  });

  it.each([
    ['?after=1', [2, 3]],
    ['?after=0', [1, 2, 3]],
    ['?after=99', [4]],
  ])('%s shows those behind first: %j', async (query, seqs) => {
    const server = await start();
    for (let n = 0; n < 3; n++) await get(server);
    const stream = await follow(server, `/_mock/sandboxes/default/stream${query}`);
    await stream.next('hello');
    if (seqs.includes(4)) await get(server);
    const shown = (await stream.next('requests'))?.data.requests;
    expect(shown.map(({ seq }: { seq: number }) => seq)).toEqual(seqs);
  });

  it('shows at most 200 requests at once, and says how many more there were', async () => {
    const server = await start({ limits: 'off' });
    await Promise.all(Array.from({ length: 250 }, () => get(server)));
    const stream = await follow(server, '/_mock/sandboxes/default/stream?after=0');
    const { data } = (await stream.next('requests')) ?? {};
    expect([data.requests.length, data.requests.at(-1).seq, data.skipped]).toEqual([200, 250, 50]);
  });

  it('shows one that is open for long, and then its end', async () => {
    const server = await start();
    const stream = await follow(server);
    await tell(server, 'POST', '/faults', '{"delay_ms":3600000,"times":1}');
    const waiting = get(server);
    expect((await stream.next('open'))?.data).toMatchObject({ seq: null, method: 'GET', path: '/v1/organizations' });
    await get(server);
    await stream.next('requests', ({ requests }) => requests[0].seq === 1);
    await server.reset();
    expect((await waiting).status).toBe(200);
    const ended = await stream.next('requests');
    expect(ended?.data.requests).toMatchObject([{ seq: 2, status: 200 }]);
  });

  it('shows what is done from outside, and what that changes', async () => {
    const server = await start({ clock: '2026-01-01T00:00:00Z' });
    const stream = await follow(server);
    const { data: hello } = (await stream.next('hello')) ?? {};
    await server.clock.advance(60_000);
    expect((await stream.next('control'))?.data).toEqual({
      after: hello.seq,
      text: 'clock +1 min',
      by: 'POST /clock/advance',
    });
    expect((await stream.next('clock'))?.data.now).toBe('2026-01-01T00:01:00Z');
    await server.limits.enforce();
    expect((await stream.next('limits'))?.data.mode).toBe('enforce');
    await get(server);
    const spent = await stream.next('limits');
    expect(spent?.data.buckets[0]).toMatchObject({ category: 'metadata', remaining: 99 });
    await tell(server, 'POST', '/faults', '{"id":"flt_a","status":503}');
    expect((await stream.next('faults'))?.data.rules).toEqual([{ id: 'flt_a', matched: 0, fired: 0, enabled: true }]);
    await server.reset();
    expect(await stream.next('cleared')).toBeDefined();
    expect((await stream.next('control', ({ text }) => text === 'reset'))?.data.by).toBe('POST /reset');
  });

  it('shows the buckets that changed, as the limits have them: none that is full still', async () => {
    const server = await start();
    await send(server, 'PATCH', { rate_limits: { metadata: 10 } });
    const stream = await follow(server);
    const { data: hello } = (await stream.next('hello')) ?? {};
    expect(Object.keys(hello.limits)).toEqual(['mode', 'buckets', 'more']);
    await get(server);
    const first = await stream.next('limits');
    expect(first?.data).toMatchObject({ mode: 'headers', more: 0 });
    await get(server);
    const { data } = (await stream.next('limits')) ?? {};
    const listed = (await (await tell(server, 'GET', '/limits')).json()) as Parsed;
    const { remaining: _, ...bucket } = listed.buckets[0];
    expect(data).toEqual({
      mode: 'headers',
      buckets: [{ ...bucket, remaining: expect.any(Number) }],
      api_key_ids: [bucket.api_key_id],
      more: 0,
    });
  });

  it('says which keys have buckets still, in the order of their last use', async () => {
    const server = await start({ clock: '2026-01-01T00:00:00Z' });
    const ids = [server.apiKey, 'sk_test_free'].map((key) => toApiKeyId(hashApiKey(key)));
    await get(server);
    const stream = await follow(server);
    await stream.next('hello');
    await get({ apiUrl: server.apiUrl, apiKey: 'sk_test_free' });
    expect((await stream.next('limits'))?.data).toMatchObject({ api_key_ids: ids.reverse() });
    await server.reset();
    expect((await stream.next('limits'))?.data).toMatchObject({ buckets: [], api_key_ids: [] });
  });

  it('says so when the buckets of the beginning are gone', async () => {
    const server = await start();
    await get(server);
    const stream = await follow(server);
    expect((await stream.next('hello'))?.data.limits.buckets).toHaveLength(5);
    await server.reset();
    expect((await stream.next('limits'))?.data).toMatchObject({ buckets: [], api_key_ids: [] });
  });

  it('goes on behind a reset, and ends with its sandbox', async () => {
    const server = await start();
    const sandbox = await server.createSandbox();
    const stream = await follow(server, `/_mock/sandboxes/${sandbox.sandboxId}/stream`);
    await stream.next('hello');
    await sandbox.reset();
    await get(sandbox);
    expect((await stream.next('requests'))?.data.requests).toHaveLength(1);
    await sandbox.close();
    expect((await stream.next('end'))?.data).toEqual({ reason: 'sandbox deleted' });
    expect(await stream.next('requests')).toBeUndefined();
  });

  it('ends when the server stops, and keeps it from nothing', async () => {
    const server = await start();
    const streams = await Promise.all([follow(server), follow(server), follow(server)]);
    for (const stream of streams) await stream.next('hello');
    const started = performance.now();
    await server.close();
    expect(performance.now() - started).toBeLessThan(1000);
    for (const stream of streams) expect((await stream.next('end'))?.data).toEqual({ reason: 'stopped' });
  });

  it('is there 16 times: the next is refused, until one is closed', async () => {
    const server = await start();
    const streams = await Promise.all(Array.from({ length: 16 }, () => follow(server)));
    const refused = await tell(server, 'GET', '/stream');
    expect([refused.status, await refused.json()]).toMatchObject([503, { error: { type: 'ServiceUnavailableError' } }]);
    expect(refused.headers.get('x-mixpeek-mock-hint')).toBe('a server has 16 streams at most: close one');
    streams[0]?.close();
    for (;;) {
      const stream = await follow(server);
      if (stream.status === 200) break;
    }
  });

  it('answers HEAD with the same headers, and goes on where a client was', async () => {
    const server = await start();
    await get(server);
    const url = `${server.baseUrl}/_mock/sandboxes/default/stream`;
    const head = await fetch(url, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    const signal = AbortSignal.timeout(5000);
    const { body } = await fetch(url, { headers: { 'last-event-id': '0' }, signal });
    let text = '';
    for await (const chunk of body ?? []) {
      text += Buffer.from(chunk).toString();
      if (text.includes('event: requests')) break;
    }
    expect(text).toContain('"seq":1,');
  });

  it('holds no whole key', async () => {
    const server = await start();
    const stream = await follow(server);
    const key = 'sk_live_abc123def456';
    await fetch(`${server.baseUrl}/v1/${key}?key=${key}`, {
      headers: { authorization: `Bearer ${key}`, 'x-request-id': key },
    });
    await tell(server, 'POST', '/faults', `{"name":"${key}","match":{"path":"/${key}"},"status":503}`);
    await stream.next('control');
    const late = await follow(server);
    await late.next('hello');
    expect(JSON.stringify([stream.events, late.events])).not.toContain(key);
    expect(JSON.stringify(stream.events)).toContain('sk_live_ab');
  });

  it('says how many the journal lost in the meantime', async () => {
    const server = await start({ limits: 'off', journalSize: 10 });
    const stream = await follow(server);
    await stream.next('hello');
    await Promise.all(Array.from({ length: 60 }, () => get(server)));
    let [shown, skipped] = [0, 0];
    while (shown + skipped < 60) {
      const { data } = (await stream.next('requests')) ?? {};
      shown += data.requests.length;
      skipped += data.skipped;
    }
    expect([shown + skipped, skipped > 0]).toEqual([60, true]);
  });

  it('shows the end of one that was decided before it began', async () => {
    const server = await start();
    await tell(server, 'POST', '/faults', '{"connection":"headers_then_silence","times":1}');
    const signal = new AbortController();
    const headers = { authorization: `Bearer ${server.apiKey}` };
    await fetch(`${server.apiUrl}/organizations`, { headers, signal: signal.signal });
    const stream = await follow(server);
    await stream.next('hello');
    signal.abort();
    expect((await stream.next('requests'))?.data.requests).toMatchObject([{ seq: 1, outcome: 'cut' }]);
  });

  it('goes on behind an answer that only looks like JSON', async () => {
    const server = await start();
    await tell(server, 'POST', '/faults', JSON.stringify({ status: 500, body: 'oops {"message":"line1\nline2"}' }));
    const stream = await follow(server);
    await stream.next('hello');
    await get(server);
    expect((await stream.next('requests'))?.data.requests).toMatchObject([{ status: 500, error: null }]);
    expect((await tell(server, 'GET', '/requests?view=summary')).status).toBe(200);
  });
});
