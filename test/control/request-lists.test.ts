import { describe, expect, it } from 'vitest';
import type { Parsed } from '../support/conformance.ts';
import { type ControlApp, DEFAULT, startControl } from '../support/control.ts';
import { readJson, start } from '../support/handle.ts';

const REQUESTS = `${DEFAULT}/requests`;
const KEY = 'key_d9c9bd6b907feef44694e749';

const list = async ({ ask }: ControlApp, query: string): Promise<Parsed> => {
  const { status, json } = await ask('GET', `${REQUESTS}${query}`);
  expect([query, status]).toEqual([query, 200]);
  return json;
};
const seqsOf = async (app: ControlApp, query: string): Promise<(number | null)[]> =>
  (await list(app, query)).requests.map(({ seq }: Parsed) => seq);

async function startUsed(): Promise<ControlApp> {
  const app = await startControl();
  await app.get();
  await app.patch({ organization_name: 'Two', logo_url: 'x' });
  await app.patch({ organization_name: 'Two', metadata: { plan: 'pro' } });
  await app.get({ authorization: null });
  await app.get({ headers: { 'x-mixpeek-mock-fault': 'status=503' } });
  return app;
}

describe('the list of the requests', () => {
  it.each<[string, number[]]>([
    ['?bucket=metadata', [1, 2, 3, 5]],
    ['?bucket=search', []],
    [`?api_key_id=${KEY}`, [1, 2, 3, 5]],
    ['?api_key_id=key_other', []],
    ['?changed=true', [2, 3]],
    ['?changed=false', [1, 4, 5]],
    ['?changed=metadata', [3]],
    ['?changed=organization_name', [2]],
    ['?fault=true', [5]],
    ['?fault=header', [5]],
    ['?fault=flt_one', []],
    [`?body=${encodeURIComponent('{"metadata":{"plan":"pro"}}')}`, [3]],
    [`?body=${encodeURIComponent('{"organization_name":"Two"}')}&changed=metadata`, [3]],
    [`?body=${encodeURIComponent(' {} ')}`, [2, 3]],
    ['?status=503&view=summary', [5]],
    ['?order=newest', [5, 4, 3, 2, 1]],
    ['?order=newest&before=3', [2, 1]],
    ['?before=3', [1, 2]],
    ['?order=newest&cursor=3', [5, 4]],
    ['?order=oldest&view=entries&limit=2', [1, 2]],
  ])('%s has %j', async (query, seqs) => {
    expect(await seqsOf(await startUsed(), query)).toEqual(seqs);
  });

  it.each<[string, string]>([
    ['view=lines', 'view is wrong: expected one of entries, summary'],
    ['order=random', 'order is wrong: expected one of oldest, newest'],
    ['before=x', 'before is wrong: expected a whole number'],
    ['bucket=nope', 'bucket is wrong: expected one of metadata, data, search, upload, compute'],
    ['changed=yes', 'changed is wrong: expected one of true, false, organization_name, '],
    ['fault=false', 'fault is wrong: expected true, or the id of a rule: flt_…'],
    ['body=x', 'body is wrong: expected a JSON object, as text'],
    ['body=[]', 'body is wrong: expected a JSON object, as text'],
  ])('refuses %s', async (query, message) => {
    const { status, json } = await (await startControl()).ask('GET', `${REQUESTS}?${query}`);
    expect([status, json.error.message.slice(0, 11 + message.length)]).toEqual([400, `The filter ${message}`]);
  });

  it('is read in pages, the newest first', async () => {
    const app = await startUsed();
    const first = await list(app, '?order=newest&view=summary&limit=2');
    expect([first.requests.map(({ seq }: Parsed) => seq), first.next, first.dropped]).toEqual([[5, 4], 4, 0]);
    const second = await list(app, `?order=newest&limit=2&before=${first.next}`);
    expect([second.requests.map(({ seq }: Parsed) => seq), second.next]).toEqual([[3, 2], 2]);
    const last = await list(app, `?order=newest&limit=2&before=${second.next}`);
    expect([last.requests.map(({ seq }: Parsed) => seq), last.next]).toEqual([[1], null]);
  });

  it('has what is still open first where the newest are, and not as a summary', async () => {
    const app = await startUsed();
    app.app.inject({
      url: '/v1/organizations',
      headers: { authorization: 'Bearer sk_test_xyz789', 'x-mixpeek-mock-fault': 'delay_ms=3600000' },
    });
    while ((await app.findSandbox()).waits.isIdle) await new Promise((resolve) => setImmediate(resolve));
    expect(await seqsOf(app, '?order=newest&limit=3')).toEqual([null, 5, 4]);
    expect(await list(app, '?order=newest&limit=1')).toMatchObject({ requests: [{ outcome: 'open' }], next: 6 });
    expect(await seqsOf(app, '?order=newest&limit=1&before=6')).toEqual([5]);
    expect(await seqsOf(app, '?limit=100')).toEqual([1, 2, 3, 4, 5, null]);
    expect(await seqsOf(app, '?order=newest&view=summary')).toEqual([5, 4, 3, 2, 1]);
    app.sandboxes.endWaits();
  });

  it('has a line for each request as a summary', async () => {
    const app = await startUsed();
    const { requests } = await list(app, '?view=summary');
    const COMMON = { received_at: '2026-01-01T00:00:00Z', path: '/v1/organizations', outcome: 'answered' };
    const CALLER = { api_key_id: KEY, key_prefix: 'sk_test_xy', organization_id: 'org_demo123' };
    const common = { ...COMMON, request_id: expect.stringMatching(/^req_/), ms: expect.any(Number) };
    const bucket = (remaining: number) => ({
      category: 'metadata',
      limit: 100,
      remaining,
      full_at: expect.any(String),
    });
    expect([requests[1], requests[3], requests[4]]).toEqual([
      {
        ...common,
        ...CALLER,
        seq: 2,
        method: 'PATCH',
        status: 200,
        bucket: bucket(98),
        changed: ['organization_name', 'logo_url'],
        fault: null,
        error: null,
      },
      {
        ...common,
        api_key_id: null,
        key_prefix: null,
        organization_id: null,
        seq: 4,
        method: 'GET',
        status: 401,
        bucket: null,
        changed: [],
        fault: null,
        error: expect.any(String),
      },
      {
        ...common,
        ...CALLER,
        seq: 5,
        method: 'GET',
        status: 503,
        bucket: bucket(96),
        changed: [],
        fault: 'header',
        error: 'Service unavailable',
      },
    ]);
  });
});

describe('one request', () => {
  const RATE = (remaining: number, reset: string) => ({
    'x-ratelimit-limit': '2',
    'x-ratelimit-remaining': String(remaining),
    'x-ratelimit-reset': reset,
    'x-ratelimit-window': '60',
  });

  /** Each request that was sent, with what its client was told of limits. */
  async function startTold(): Promise<ControlApp & { told: Record<string, string | undefined>[] }> {
    const app = await startControl({ limits: 'enforce' });
    const told: Record<string, string | undefined>[] = [];
    const send = async (options: Parameters<typeof app.get>[0] = {}, body?: unknown) => {
      const { headers } = body === undefined ? await app.get(options) : await app.patch(body, options);
      told.push(
        Object.fromEntries(Object.entries(headers).filter(([name]) => /^x-ratelimit|^retry-after$/.test(name))),
      );
    };
    await send({}, { rate_limits: { metadata: 2 } });
    await app.ask('POST', `${DEFAULT}/limits/refill`);
    await send();
    await app.ask('POST', `${DEFAULT}/clock/advance`, { ms: 500 });
    await send({ headers: { 'x-mixpeek-mock-fault': 'status=503' } });
    await send();
    await send({ authorization: null });
    await app.ask('POST', `${DEFAULT}/limits/refill`);
    const headers = { 'Retry-After': 'Thu, 01 Jan 2026 00:01:00 GMT', 'X-RateLimit-Remaining': '0', 'X-Other': 'x' };
    await app.ask('POST', `${DEFAULT}/faults`, { status: 429, headers, times: 1 });
    await send();
    return { ...app, told };
  }
  const show = async ({ ask }: ControlApp, id: string | number): Promise<Parsed> =>
    (await ask('GET', `${REQUESTS}/${id}`)).json;

  it('has what a list leaves out: what its answer said of limits, and when its bucket was full again', async () => {
    const app = await startTold();
    const shown = await Promise.all([1, 2, 3, 4, 5, 6].map((seq) => show(app, seq)));
    expect(shown.map(({ status, bucket, response_headers }) => [status, bucket?.full_at, response_headers])).toEqual([
      [200, expect.any(String), { ...RATE(99, '1767225601'), 'x-ratelimit-limit': '100' }],
      [200, '2026-01-01T00:00:30Z', RATE(1, '1767225630')],
      [503, '2026-01-01T00:01:00Z', { ...RATE(0, '1767225660'), 'retry-after': '1' }],
      [429, '2026-01-01T00:01:00Z', { ...RATE(0, '1767225660'), 'retry-after': '30' }],
      [401, undefined, null],
      [
        429,
        '2026-01-01T00:00:30.500000Z',
        { ...RATE(0, '1767225631'), 'retry-after': 'Thu, 01 Jan 2026 00:01:00 GMT' },
      ],
    ]);
    expect(app.told).toEqual(shown.map(({ response_headers }) => response_headers ?? {}));
  });

  it('is else as in a list, by its number and by its id', async () => {
    const app = await startTold();
    const { requests } = await list(app, '');
    for (const listed of requests) {
      const { bucket, response_headers, ...rest } = await show(app, listed.seq);
      const { full_at, ...charged } = bucket ?? {};
      expect({ ...rest, bucket: bucket && charged }).toEqual(listed);
      expect(await show(app, listed.request_id)).toEqual({ ...rest, bucket, response_headers });
      expect([full_at === undefined, response_headers === null]).toEqual([bucket === null, bucket === null]);
    }
  });

  it('that is open, or was cut, has no headers of an answer', async () => {
    const server = await start();
    const send = (fault: string) =>
      fetch(`${server.apiUrl}/organizations`, {
        headers: { authorization: `Bearer ${server.apiKey}`, 'x-mixpeek-mock-fault': fault },
      });
    const read = (id: string) => readJson(fetch(`${server.baseUrl}/_mock${REQUESTS}/${id}`));
    await expect(send('connection=reset')).rejects.toThrow();
    const charged = { response_headers: null, bucket: { remaining: 99, full_at: expect.any(String) } };
    await expect.poll(() => read('1')).toMatchObject({ ...charged, outcome: 'cut' });
    const waiting = send('delay_ms=3600000');
    const readOpen = async () =>
      (await readJson(fetch(`${server.baseUrl}/_mock${REQUESTS}?order=newest&limit=1`))).requests[0];
    await expect.poll(readOpen).toMatchObject({ outcome: 'open' });
    expect(await read((await readOpen()).request_id)).toMatchObject({ response_headers: null });
    await server.close();
    expect((await waiting).status).toBe(503);
  });
});
