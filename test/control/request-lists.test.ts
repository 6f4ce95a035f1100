import { describe, expect, it } from 'vitest';
import type { Parsed } from '../support/conformance.ts';
import { type ControlApp, DEFAULT, startControl } from '../support/control.ts';

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
