import { describe, expect, it } from 'vitest';
import type { FaultRule, MockServerOptions, SandboxControl } from '../../src/index.ts';
import { CLOCK, type Client, failure, SEED, start, statusOf } from '../support/handle.ts';

/** What default and any other sandbox can do. */
describe.each(['default', 'another'])('the fault rules of the sandbox %s', (kind) => {
  async function open(options: MockServerOptions & { apiKey?: undefined } = {}): Promise<SandboxControl & Client> {
    const server = await start({ clock: CLOCK, ...options });
    return kind === 'default' ? server : server.createSandbox();
  }

  it('are added, listed with what became of them, removed, and cleared', async () => {
    const sandbox = await open();
    const { faults } = sandbox;
    expect(await faults.list()).toEqual([]);
    const first = await faults.add({ preset: 'flaky', every: 2 });
    expect(first).toEqual({
      id: expect.stringMatching(/^flt_\w+$/),
      name: 'flaky',
      every: 2,
      status: 503,
      matched: 0,
      fired: 0,
    });
    const second = await faults.add({ id: 'flt_two', match: { method: 'GET' }, status: 418 });
    expect([await statusOf(sandbox), await statusOf(sandbox)]).toEqual([418, 503]);
    expect(await faults.list()).toEqual([
      { ...first, matched: 2, fired: 1 },
      { ...second, matched: 1, fired: 1 },
    ]);
    await faults.remove(first.id);
    expect(await statusOf(sandbox)).toBe(418);
    expect((await faults.list()).map(({ id }) => id)).toEqual(['flt_two']);
    await faults.clear();
    await faults.clear();
    expect([await faults.list(), await statusOf(sandbox)]).toEqual([[], 200]);
  });

  it('keep every member', async () => {
    const { faults } = await open();
    const rule: FaultRule = {
      id: 'flt_full',
      name: 'all of it',
      match: {
        method: 'PATCH',
        path: '/v1/**',
        api_key_id: 'key_a',
        permission: 'admin',
        organization_id: 'org_other',
        body: { metadata: { plan: 'pro' } },
      },
      after_handler: true,
      delay_ms: { lognormal: { median: 80, sigma: 0.5 } },
      delay_clock: 'sandbox',
      status: 418,
      headers: { 'X-Reason': 'tea' },
      body: { items: [1] },
      connection: { drip_bytes_per_second: 7 },
      times: 2,
      after: 3,
      every: 4,
      probability: 0.5,
      random_seed: 6,
      ttl_ms: 60_000,
      enabled: false,
    };
    const { ttl_ms: _, ...kept } = rule;
    const added = { ...kept, expires_at: '2030-01-01T00:01:00Z', matched: 0, fired: 0 };
    expect(await faults.add(rule)).toEqual(added);
    expect(await faults.list()).toEqual([added]);
  });

  it('are refused with what is wrong', async () => {
    const { faults, sandboxId } = await open();
    const base = `/sandboxes/${sandboxId}/faults`;
    const wrong = await failure(faults.add({ status: 503, evry: 2 } as FaultRule));
    expect([wrong.status, wrong.message]).toEqual([422, `POST ${base}: 422 evry: unknown member: did you mean every?`]);
    await faults.add({ id: 'flt_a', status: 503 });
    expect((await failure(faults.add({ id: 'flt_a', status: 503 }))).status).toBe(409);
    const gone = await failure(faults.remove('../flt_a'));
    expect([gone.status, gone.message]).toEqual([404, expect.stringContaining(`DELETE ${base}/..%2Fflt_a: 404`)]);
    expect(await faults.list()).toHaveLength(1);
  });
});

it('a server begins with those of its seed, and goes back to them', async () => {
  const server = await start({ seed: { ...SEED, faults: [{ id: 'flt_seed', status: 503, times: 1 }] } });
  expect([await statusOf(server), await statusOf(server)]).toEqual([503, 200]);
  await server.faults.clear();
  await server.reset();
  expect(await server.faults.list()).toEqual([{ id: 'flt_seed', status: 503, times: 1, matched: 0, fired: 0 }]);
  expect(await statusOf(server)).toBe(503);
});
