import { describe, expect, it, onTestFinished } from 'vitest';
import { StorageError } from '../../src/store/errors.ts';
import { timeStore } from '../../src/store/timed-store.ts';
import { DEFAULT, startControl } from '../support/control.ts';
import { FAULTS } from '../support/faults.ts';
import { start } from '../support/handle.ts';
import { ADMIN, buildTestApp, openMemoryStore } from '../support/harness.ts';
import { RawClient } from '../support/raw-client.ts';

const ASKED = { url: '/metrics', authorization: null };

/** The samples of these metrics, by what stands before the value. */
function read(text: string, ...names: string[]): Record<string, number> {
  const samples = text.split('\n').filter((line) => names.some((name) => line.startsWith(`mixpeek_mock_${name}`)));
  return Object.fromEntries(
    samples.map((line) => {
      const end = line.lastIndexOf(' ');
      return [line.slice('mixpeek_mock_'.length, end), Number(line.slice(end + 1))];
    }),
  );
}

/** Those of a server that somebody asks over the network, once there is one that was not there yet. */
async function readUntil(url: string, sample: string): Promise<Record<string, number>> {
  for (;;) {
    const samples = read(await (await fetch(`${url}/metrics`)).text(), 'http_requests_total');
    if (samples[sample] !== undefined) return samples;
  }
}

describe('GET /metrics', () => {
  it('is text for Prometheus, without a key, also as HEAD', async () => {
    const { get, send } = await buildTestApp();
    const { status, headers, text } = await get(ASKED);
    expect([status, headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    const isSample = (line: string) => /^[a-z_]+(?:\{(?:[a-z]+="[^"]*",?)+\})? (?:\d[\d.e+-]*|[+]Inf)$/.test(line);
    const isComment = (line: string) => /^# (?:HELP [a-z_]+ \S.*|TYPE [a-z_]+ (?:counter|gauge|histogram))$/.test(line);
    expect(text.split('\n').filter((line) => line !== '' && !isSample(line) && !isComment(line))).toEqual([]);
    expect(text).toContain('mixpeek_mock_info{version="0.0.0-test"} 1\n');
    for (const name of ['process_resident_memory_bytes', 'process_cpu_seconds_total', 'nodejs_heap_size_used_bytes']) {
      expect(text).toMatch(new RegExp(`^${name} [\\d.]+$`, 'm'));
    }
    const head = await send({ ...ASKED, method: 'HEAD' });
    expect([head.status, head.text, head.headers['content-type']]).toEqual([200, '', headers['content-type']]);
  });

  it('counts requests by route, method and status, those of the control plane by theirs', async () => {
    const { get, patch, ask } = await startControl();
    await get();
    await get();
    await patch({ organization_name: 5 });
    await get({ authorization: null });
    await get({ url: '/v1/namespaces' });
    await get({ url: '/nope' });
    await get({ url: '/%zz' });
    await ask('GET', `${DEFAULT}/clock`);
    await ask('GET', '/sandboxes/nope/clock');
    expect(read((await get(ASKED)).text, 'http_requests_total')).toEqual({
      'http_requests_total{method="GET",route="/v1/organizations",status="200"}': 2,
      'http_requests_total{method="GET",route="/v1/organizations",status="401"}': 1,
      'http_requests_total{method="PATCH",route="/v1/organizations",status="422"}': 1,
      'http_requests_total{method="GET",route="none",status="501"}': 1,
      'http_requests_total{method="GET",route="none",status="404"}': 1,
      'http_requests_total{method="GET",route="none",status="400"}': 1,
      'http_requests_total{method="GET",route="/_mock/sandboxes/:sandbox_id/clock",status="200"}': 1,
      'http_requests_total{method="GET",route="/_mock/sandboxes/:sandbox_id/clock",status="404"}': 1,
    });
    const durations = read((await get(ASKED)).text, 'http_request_duration_seconds');
    expect(durations).toMatchObject({
      'http_request_duration_seconds_count{method="GET",route="/v1/organizations"}': 3,
      'http_request_duration_seconds_bucket{le="+Inf",method="GET",route="/v1/organizations"}': 3,
    });
    const [sum = 0] =
      Object.entries(durations)
        .find(([name]) => name.includes('_sum{method="GET"'))
        ?.slice(1) ?? [];
    expect(sum).toBeGreaterThan(0);
    expect(sum).toBeLessThan(10);
  });

  it('has as many lines whatever clients send', async () => {
    const { get, send, ask } = await startControl();
    const sendMany = async (mark: string) => {
      for (const n of [1, 2, 3]) {
        await get({ url: `/v1/${mark}-${n}?q=${mark}` });
        await get({ url: `/${mark}${n}` });
        await get({ authorization: `Bearer sk_test_${mark}${n}` });
        await get({ headers: { 'x-request-id': `${mark}${n}`, 'x-mixpeek-mock-sandbox': `${mark}${n}` } });
        await send({ method: 'PATCH', url: `/v1/organizations?${mark}=${n}`, payload: 'x' });
        await ask('GET', `/sandboxes/${mark}${n}/requests`);
        const { json } = await ask('POST', FAULTS, { id: `flt_${mark}${n}`, name: `${mark} ${n}`, status: 400 + n });
        await get();
        await ask('DELETE', `${FAULTS}/${json.id}`);
      }
      return (await get(ASKED)).text.split('\n').map((line) => line.replace(/ [^ ]*$/, ''));
    };
    await sendMany('alpha');
    await get(ASKED);
    const before = await sendMany('beta');
    expect(await sendMany('gamma')).toEqual(before);
    expect(before.join()).not.toMatch(/alpha|beta/);
  });

  it('counts what the limits refuse by category, and not what only looks like it', async () => {
    const { get, ask } = await startControl({ limits: 'enforce' });
    const spend = () => ask('POST', `${DEFAULT}/limits/spend`, { api_key: ADMIN, category: 'metadata', count: 100 });
    expect([(await spend()).status, (await spend()).status]).toEqual([200, 429]);
    expect((await get()).status).toBe(429);
    await ask('POST', `${DEFAULT}/limits/refill`);
    await ask('POST', FAULTS, { status: 429 });
    expect((await get()).status).toBe(429);
    expect(read((await get(ASKED)).text, 'rate_limited_total')).toEqual({
      'rate_limited_total{category="metadata"}': 1,
      'rate_limited_total{category="data"}': 0,
      'rate_limited_total{category="search"}': 0,
      'rate_limited_total{category="upload"}': 0,
      'rate_limited_total{category="compute"}': 0,
    });
  });

  it('counts faults by what they did', async () => {
    const { get, ask } = await startControl();
    const kinds: [object, string][] = [
      [{ status: 503 }, 'status'],
      [{ delay_ms: 0 }, 'delay'],
      [{ delay_ms: 0, status: 502 }, 'status'],
    ];
    for (const [rule] of kinds) {
      const { json } = await ask('POST', FAULTS, rule);
      await get();
      await ask('DELETE', `${FAULTS}/${json.id}`);
    }
    await get();
    const fired = read((await get(ASKED)).text, 'faults_fired_total');
    expect(fired).toMatchObject({ 'faults_fired_total{kind="status"}': 2, 'faults_fired_total{kind="delay"}': 1 });
    expect(Object.values(fired).reduce((sum, count) => sum + count)).toBe(3);
  });

  it('is not there with --metrics off', async () => {
    const { get } = await buildTestApp({ metrics: 'off' });
    expect((await get(ASKED)).status).toBe(404);
    expect((await get({ url: '/', authorization: null })).json.paths).not.toContain('/metrics');
    const server = await start({ metrics: 'off' });
    expect((await fetch(`${server.url}/metrics`)).status).toBe(404);
  });
});

describe('over the network', () => {
  const GET = 'method="GET",route="/v1/organizations"';

  it('an answer that did not get out is "aborted", by the fault that cut it', async () => {
    const server = await start();
    for (const kind of ['reset', 'half_body']) {
      const headers = { authorization: `Bearer ${server.apiKey}`, 'x-mixpeek-mock-fault': `connection=${kind}` };
      const answer = fetch(`${server.apiUrl}/organizations`, { headers }).then((cut) => cut.text());
      await expect(answer).rejects.toThrow();
    }
    const sample = `http_requests_total{${GET},status="aborted"}`;
    let text: string;
    do text = await (await fetch(`${server.url}/metrics`)).text();
    while (read(text, 'http_requests_total')[sample] !== 2);
    expect(read(text, 'faults_fired_total')).toMatchObject({
      'faults_fired_total{kind="reset"}': 1,
      'faults_fired_total{kind="half_body"}': 1,
    });
  });

  it('counts what is not HTTP', async () => {
    const server = await start();
    const client = (await RawClient.open(Number(new URL(server.url).port))).read();
    await client.write('NONSENSE\r\n\r\n');
    await client.readAnswers(1);
    const sample = 'http_requests_total{method="none",route="none",status="400"}';
    expect((await readUntil(server.url, sample))[sample]).toBe(1);
  });

  it('tells how long the store takes', async () => {
    const server = await start();
    const headers = { authorization: `Bearer ${server.apiKey}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ organization_name: 'New' });
    await fetch(`${server.apiUrl}/organizations`, { method: 'PATCH', headers, body });
    const text = await (await fetch(`${server.url}/metrics`)).text();
    expect(read(text, 'store')).toMatchObject({
      'store_duration_seconds_count{operation="updateOrganization"}': 1,
      store_errors_total: 0,
    });
  });

  it('tells nothing of another server in the same process', async () => {
    const [one, two] = [await start(), await start()];
    await fetch(`${one.url}/livez`);
    await readUntil(one.url, 'http_requests_total{method="GET",route="/livez",status="200"}');
    expect(await (await fetch(`${two.url}/metrics`)).text()).not.toContain('/livez');
  });
});

describe('a store that is timed', () => {
  it('does what it does, and tells what failed for want of its storage', async () => {
    const observed: [string, boolean][] = [];
    const store = openMemoryStore();
    onTestFinished(() => store.close());
    const isBroken = { canRead: () => Promise.reject(new StorageError('the disk is gone')) };
    const timed = timeStore(Object.assign(store, isBroken), (operation, ms, isUnavailable) => {
      expect(ms).toBeGreaterThanOrEqual(0);
      observed.push([operation, isUnavailable]);
    });
    expect(await timed.find('0'.repeat(64))).toBe(undefined);
    expect(await timed.findSandbox('nope')).toBe(undefined);
    expect(timed.shared).toBe(undefined);
    await expect(timed.updateSettings('nope', (settings) => settings)).rejects.toThrow('there is no sandbox nope');
    await expect(timed.canRead()).rejects.toThrow('the disk is gone');
    expect(observed).toEqual([
      ['findSandbox', false],
      ['updateSettings', false],
      ['canRead', true],
    ]);
  });
});
