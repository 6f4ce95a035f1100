import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ApiKey } from '../../src/domain/api-key.ts';
import { freezeAt, runFrom } from '../../src/domain/clock.ts';
import { type Bucket, changeLimit, moveBack, type Spending, spend } from '../../src/domain/rate-limiter.ts';
import { buildSeed } from '../../src/seed/build.ts';
import { DEFAULT_SEED } from '../../src/seed/default.ts';
import type { Store } from '../../src/store/store.ts';
import { MISSING, makeDatabase, openTestStore } from '../support/postgres-database.ts';

const NOW = Date.UTC(2026, 0, 1);
const { state } = buildSeed(DEFAULT_SEED, '2026-01-01T00:00:00Z');
const [KEY] = state.api_keys as [ApiKey];
const SANDBOX = 'default';

/** Two processes that share a database, as far as a test can have them. */
async function openTwo(): Promise<[Store, Store]> {
  const url = await makeDatabase();
  const stores = await Promise.all([openTestStore(url), openTestStore(url)]);
  onTestFinished(async () => {
    await Promise.all(stores.map((store) => store.close()));
  });
  await stores[0].put(
    SANDBOX,
    { ...state, settings: { ...state.settings, clock: freezeAt(NOW) } },
    { initial: state.settings },
  );
  return stores;
}

const bucketsOf = (store: Store, generation = 1) => {
  const buckets = store.shared?.openBuckets(SANDBOX, generation);
  if (buckets === undefined) throw new Error('they share their runs');
  return buckets;
};
const withoutBucket = ({ bucket: _, ...rest }: Spending) => rest;

describe.skipIf(MISSING !== undefined)(MISSING ?? 'buckets that processes share', () => {
  it('are charged as the domain says, whatever comes in one turn: 2,000 charges', async () => {
    const [first, second] = await openTwo();
    const limit = fc.oneof(
      fc.integer({ min: 1, max: 100 }),
      fc.constant(Number.MAX_SAFE_INTEGER),
      fc.integer({ min: 1, max: 10 ** 9 }),
    );
    const turn = fc.record({
      limit,
      count: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 200 })),
      pause: fc.integer({ min: 0, max: 90_000 }),
      times: fc.integer({ min: 1, max: 6 }),
    });
    let run = 0;
    let charged = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(turn, { minLength: 10, maxLength: 20 }), async (turns) => {
        run++;
        const apiKey = { ...KEY, api_key_id: `key_${run}` };
        let bucket: Bucket | undefined;
        let now = NOW;
        for (const { limit, count, pause, times } of turns) {
          now += pause;
          const buckets = bucketsOf(pause % 2 === 0 ? first : second);
          const spent = Array.from({ length: times }, () => buckets.charge(apiKey, 'search', limit, now, count));
          for (const spending of await Promise.all(spent)) {
            const expected = spend(bucket, limit, now, count);
            bucket = expected.bucket;
            expect(withoutBucket(spending)).toEqual(withoutBucket(expected));
            charged++;
          }
        }
      }),
      { numRuns: 60 },
    );
    expect(charged).toBeGreaterThan(2000);
  });

  it('let exactly as many pass as the limit says, whoever asks', async () => {
    const [first, second] = await openTwo();
    const asked = Array.from({ length: 150 }, (_, n) =>
      bucketsOf(n % 2 === 0 ? first : second).charge(KEY, 'data', 100, NOW),
    );
    const spendings = await Promise.all(asked);
    const passed = spendings.filter(({ isAllowed }) => isAllowed);
    expect(passed).toHaveLength(100);
    expect(new Set(passed.map(({ state }) => state.remaining)).size).toBe(100);
    expect((await bucketsOf(first).charge(KEY, 'data', 100, NOW + 599)).isAllowed).toBe(false);
    const later = await Promise.all(
      [first, second].map((store) => bucketsOf(store).charge(KEY, 'data', 100, NOW + 600)),
    );
    expect(later.filter(({ isAllowed }) => isAllowed)).toHaveLength(1);
  });

  it('have the new limit with the change of it, for all', async () => {
    const [first, second] = await openTwo();
    await bucketsOf(first).charge(KEY, 'search', 60, NOW, 10);
    const change = (search: number) =>
      first.updateOrganization(
        SANDBOX,
        KEY.organization_id,
        (current) => current && { ...current, rate_limits_override: { search } },
      );
    await change(5);
    const bucket = changeLimit({ limit: 60, debt: 600_000n, at: NOW }, 5, NOW);
    const [kept] = await bucketsOf(second).list();
    expect(kept?.byCategory).toEqual(bucket === undefined ? {} : { search: bucket });
    await bucketsOf(second).charge(KEY, 'search', 5, NOW, 3);
    await change(500);
    const raised = spend(bucket, 5, NOW, 3).bucket;
    expect((await bucketsOf(second).list())[0]?.byCategory.search).toEqual(raised && changeLimit(raised, 500, NOW));
  });

  it('go back with the clock, and are full behind a state that is replaced', async () => {
    const [first, second] = await openTwo();
    await first.updateSettings(SANDBOX, (settings) => ({ ...settings, clock: freezeAt(NOW + 5000) }));
    const spent = await bucketsOf(second).charge(KEY, 'search', 60, NOW + 4000, 20);
    await first.updateSettings(SANDBOX, (settings) => ({ ...settings, clock: freezeAt(NOW) }));
    const expected = spent.bucket ?? { limit: 60, debt: 1_200_000n, at: NOW + 4000 };
    const [kept] = await bucketsOf(second).list();
    expect(kept?.byCategory.search).toEqual(moveBack(expected, NOW + 5000, NOW));
    await second.put(SANDBOX, state);
    expect(await bucketsOf(first, 2).list()).toEqual([]);
  });

  it('stay where there is no such snapshot to go back to', async () => {
    const [first, second] = await openTwo();
    await bucketsOf(first).charge(KEY, 'search', 60, NOW, 10);
    expect(await second.restore(SANDBOX, 'none', (settings) => settings)).toBe(false);
    expect(Object.keys((await bucketsOf(second).list())[0]?.byCategory ?? {})).toEqual(['search']);
  });

  it('are refilled, one, those of a key, or all, and gone with their key', async () => {
    const [first, second] = await openTwo();
    const buckets = bucketsOf(first);
    await Promise.all([buckets.charge(KEY, 'search', 60, NOW), buckets.charge(KEY, 'data', 60, NOW)]);
    await bucketsOf(second).refill(KEY.api_key_id, 'search');
    expect(Object.keys((await buckets.list())[0]?.byCategory ?? {})).toEqual(['data']);
    await bucketsOf(second).refill();
    expect((await buckets.list())[0]?.byCategory).toEqual({});
    await first.updateApiKey(SANDBOX, KEY.api_key_id, () => undefined);
    await buckets.forget({ api_key_id: KEY.api_key_id });
    expect(await bucketsOf(second).list()).toEqual([]);
  });

  it('are those of the time of the engine, for all', async () => {
    const [first, second] = await openTwo();
    await first.updateSettings(SANDBOX, (settings, _now, real) => ({ ...settings, clock: runFrom(NOW, real) }));
    const times = await Promise.all([first, second].map((store) => store.findSandbox(SANDBOX)));
    for (const found of times) expect(found?.now).toBeGreaterThanOrEqual(NOW);
    expect(Math.max(...times.map((found) => Number(found?.now)))).toBeLessThan(NOW + 60_000);
  });
});

describe.skipIf(MISSING !== undefined)(MISSING ?? 'fault rules that processes share', () => {
  const countersOf = (store: Store, generation = 1) => {
    const counters = store.shared?.openFaultCounters(SANDBOX, generation);
    if (counters === undefined) throw new Error('they share their runs');
    return counters;
  };
  const draw = () => 0.5;

  it('fire exactly so many times, whoever is asked', async () => {
    const [first, second] = await openTwo();
    const rule = { id: 'flt_a', status: 503, after: 2, every: 2, times: 3 };
    const asked = Array.from({ length: 20 }, (_, n) => countersOf(n % 2 === 0 ? first : second).count(rule, draw));
    const places = (await Promise.all(asked)).filter((place) => place !== undefined);
    expect(places).toHaveLength(3);
    expect(places.every((place) => place > 2 && place % 2 === 0)).toBe(true);
    expect(await countersOf(second).read()).toEqual(new Map([['flt_a', { matched: 20, fired: 3 }]]));
    await first.updateSettings(SANDBOX, (settings) => ({ ...settings, faults: [] }));
    expect(await countersOf(second).read()).toEqual(new Map());
  });

  it('draw with a seed the same, whoever is asked', async () => {
    const rule = { id: 'flt_a', status: 503, probability: 0.5, random_seed: 7 };
    const listFired = async () => {
      const [first, second] = await openTwo();
      const fired: boolean[] = [];
      for (let n = 0; n < 20; n++) {
        fired.push((await countersOf(n % 3 === 0 ? first : second).count(rule, draw)) !== undefined);
      }
      return fired;
    };
    const fired = await listFired();
    expect(await listFired()).toEqual(fired);
    expect(new Set(fired).size).toBe(2);
  });

  it('begin anew with a state that is replaced', async () => {
    const [first, second] = await openTwo();
    await countersOf(first).count({ id: 'flt_a', times: 1 }, draw);
    await second.put(SANDBOX, state);
    expect(await countersOf(first, 2).count({ id: 'flt_a', times: 1 }, draw)).toBe(1);
  });
});
