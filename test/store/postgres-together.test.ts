import pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type ApiKey, hashApiKey } from '../../src/domain/api-key.ts';
import { freezeAt } from '../../src/domain/clock.ts';
import { buildSeed, toKnownKey } from '../../src/seed/build.ts';
import { DEFAULT_SEED } from '../../src/seed/default.ts';
import { Connections } from '../../src/store/postgres/connections.ts';
import { readTarget } from '../../src/store/postgres/open.ts';
import type { SharedRuns } from '../../src/store/runtime.ts';
import type { Store } from '../../src/store/store.ts';
import { openProxy } from '../support/engine-proxy.ts';
import { ask, MISSING, makeDatabase, openTestStore } from '../support/postgres-database.ts';

const NOW = Date.UTC(2026, 0, 1);
const { state } = buildSeed(DEFAULT_SEED, '2026-01-01T00:00:00Z');
const FROZEN = { ...state, settings: { ...state.settings, clock: freezeAt(NOW) } };
const [KEY] = state.api_keys as [ApiKey];
const OTHER_KEY = state.api_keys.find((one) => one.organization_id !== KEY.organization_id) as ApiKey;
const LARGE = 2 ** 50;

async function openClosedAtEnd(url: string): Promise<Store> {
  const store = await openTestStore(url);
  onTestFinished(() => store.close());
  return store;
}

/** Two processes that share a database, as far as a test can have them. */
async function openTwo() {
  const url = await makeDatabase();
  const [first, second] = await Promise.all([openClosedAtEnd(url), openClosedAtEnd(url)]);
  await first.put('default', FROZEN, { initial: FROZEN.settings });
  return { url, first, second };
}

function runsOf({ shared }: Store): SharedRuns {
  if (shared === undefined) throw new Error('they share their runs');
  return shared;
}
const bucketsOf = (store: Store, generation = 1) => runsOf(store).openBuckets('default', generation);
const makeNew = (sandbox_id: string, key: string) => ({
  sandbox_id,
  name: null,
  ttl_ms: null,
  state: { ...FROZEN, api_keys: [toKnownKey(key, KEY.organization_id, 'read', key).api_key] },
});
const generationOf = async (store: Store) => (await store.findSandbox('default'))?.generation ?? 0;
const nameOf = (store: Store) =>
  store.listOrganizations('default', { limit: 1 }).then(([one]) => one?.organization_name);
const rename = (store: Store, organization_name: string) =>
  store.updateOrganization('default', KEY.organization_id, (current) => current && { ...current, organization_name });

/** Somebody else who holds locks in a transaction. */
async function openHolder(url: string, statement: string) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('SET search_path = mixpeek_mock; BEGIN');
  await client.query(statement);
  return {
    query: (text: string) => client.query(text),
    /** Lets go of all, and keeps what it wrote. */
    release: async () => {
      await client.query('COMMIT');
      await client.end();
    },
  };
}

/** Whoever waits for a lock in the database. */
const WAITING = `FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
const waitFor = (url: string, waiting: number) =>
  expect
    .poll(async () => Number((await ask(`SELECT count(*) AS waiting ${WAITING}`, url))[0]?.waiting), { interval: 5 })
    .toBe(waiting);
/** Ends the connections of whoever waits for a lock. */
const endWaiting = (url: string) => ask(`SELECT pg_terminate_backend(pid) ${WAITING}`, url);

describe.skipIf(MISSING !== undefined)(MISSING ?? 'the connections to an engine', () => {
  it('wait for its disk, whatever the database says', async () => {
    const url = await makeDatabase();
    await ask(`ALTER DATABASE ${new URL(url).pathname.slice(1)} SET synchronous_commit = off`, url);
    const connections = new Connections(readTarget(url));
    onTestFinished(() => connections.close());
    const shown = [
      await connections.read('SHOW synchronous_commit'),
      await connections.write('SHOW synchronous_commit', []),
    ];
    expect(shown.flat()).toEqual([{ synchronous_commit: 'on' }, { synchronous_commit: 'on' }]);
  });

  it('read once more on another connection where one breaks', async () => {
    const { url, first } = await openTwo();
    const holder = await openHolder(url, 'LOCK TABLE organizations');
    const reading = first.findOrganization('default', KEY.organization_id);
    await waitFor(url, 1);
    await endWaiting(url);
    await holder.release();
    expect((await reading)?.organization_id).toBe(KEY.organization_id);
  });

  it('outlive that the way to the engine breaks while they are in use', async () => {
    const url = await makeDatabase();
    const proxy = await openProxy(url);
    const store = await openClosedAtEnd(proxy.url);
    const holder = await openHolder(url, 'LOCK TABLE organizations');
    const reading = store.findOrganization('default', KEY.organization_id);
    await waitFor(url, 1);
    proxy.cut();
    await expect(reading).rejects.toMatchObject({ name: 'StorageError' });
    proxy.free();
    await holder.release();
    await store.put('default', FROZEN, { initial: FROZEN.settings });
    expect((await store.findOrganization('default', KEY.organization_id))?.organization_id).toBe(KEY.organization_id);
  });

  it('write once where one breaks: it may have been kept', async () => {
    const { url, first } = await openTwo();
    await bucketsOf(first).charge(KEY, 'data', 60, NOW);
    const holder = await openHolder(url, 'LOCK TABLE buckets; LOCK TABLE states');
    let changes = 0;
    const writing = Promise.allSettled([
      bucketsOf(first).charge(KEY, 'data', 60, NOW),
      first.updateSettings('default', (settings) => {
        changes++;
        return { ...settings, limits: 'off' };
      }),
    ]);
    await waitFor(url, 2);
    await endWaiting(url);
    await holder.release();
    expect(await writing).toMatchObject([
      { status: 'rejected', reason: { name: 'StorageError' } },
      { status: 'rejected', reason: { name: 'StorageError' } },
    ]);
    expect([changes, (await bucketsOf(first).list())[0]?.byCategory.data?.debt]).toEqual([0, 60_000n]);
  });

  it('try a transaction once more that collided with another', async () => {
    const { url, first } = await openTwo();
    await ask(
      `CREATE SEQUENCE mixpeek_mock.tries;
       CREATE FUNCTION mixpeek_mock.collide() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         IF nextval('mixpeek_mock.tries') = 1 THEN RAISE EXCEPTION 'collided' USING ERRCODE = '40001'; END IF;
         RETURN NEW;
       END $$;
       CREATE TRIGGER collide BEFORE UPDATE ON mixpeek_mock.states FOR EACH ROW EXECUTE FUNCTION mixpeek_mock.collide()`,
      url,
    );
    await first.updateSettings('default', (settings) => ({ ...settings, limits: 'off' }));
    expect(await first.findSandbox('default')).toMatchObject({ settings: { limits: 'off' } });
    expect(await ask('SELECT last_value FROM mixpeek_mock.tries', url)).toEqual([{ last_value: '2' }]);
  });
});

describe.skipIf(MISSING !== undefined)(MISSING ?? 'stores that share a database', () => {
  it('lose no change of the same organization', async () => {
    const { first, second } = await openTwo();
    const count = async (store: Store) => {
      for (let time = 0; time < 30; time++) {
        await store.updateOrganization(
          'default',
          KEY.organization_id,
          (current) => current && { ...current, current_month_usage: current.current_month_usage + 1 },
        );
      }
    };
    const before = await first.findOrganization('default', KEY.organization_id);
    await Promise.all([count(first), count(second)]);
    const after = await first.findOrganization('default', KEY.organization_id);
    expect(Number(after?.current_month_usage) - Number(before?.current_month_usage)).toBe(60);
  });

  it('find nothing under an id that no table could have', async () => {
    const { first } = await openTwo();
    const [odd, none] = ['a\0b', async (found: Promise<unknown>) => expect(await found).toBe(undefined)];
    await none(first.findSandbox(odd));
    await none(first.listSandbox(odd));
    await none(first.findOrganization('default', odd));
    await none(first.updateOrganization('default', odd, (current) => current).then(({ before }) => before));
    await none(first.updateApiKey('default', odd, (current) => current).then(({ before }) => before));
    await none(bucketsOf(first).refill(odd));
    expect(await first.listApiKeys('default', { api_key_id: odd })).toEqual([]);
  });

  it('find at once what another one replaced, settings and organizations', async () => {
    const { first, second } = await openTwo();
    const find = async () => (await first.find(KEY.key_hash)) ?? { generation: Number.NaN };
    const made = await find();
    expect(made).toMatchObject({ settings: { limits: FROZEN.settings.limits } });
    const organizations = state.organizations.map((one) => ({ ...one, organization_name: 'Replaced' }));
    await second.put('default', {
      ...FROZEN,
      organizations,
      settings: { ...FROZEN.settings, clock: freezeAt(NOW + 1) },
    });
    const replaced = await find();
    expect(replaced).toMatchObject({ now: NOW + 1, organization: { organization_name: 'Replaced' } });
    expect(replaced.generation).toBeGreaterThan(made.generation);
    await second.restore('default', 'initial', (settings) => settings);
    const restored = await find();
    expect(restored).toMatchObject({
      now: NOW,
      organization: { organization_name: state.organizations[0]?.organization_name },
    });
    expect(restored.generation).toBeGreaterThan(replaced.generation);
  });

  it('read a state as of one moment', async () => {
    const { url, first, second } = await openTwo();
    await rename(second, 'Before');
    const holder = await openHolder(url, 'LOCK TABLE organizations');
    const reading = first.readState('default');
    await waitFor(url, 1);
    await holder.query(`UPDATE organizations SET organization_name = 'Meanwhile'`);
    await holder.release();
    expect((await reading)?.organizations[0]?.organization_name).toBe('Before');
    expect(await nameOf(first)).toBe('Meanwhile');
  });

  it('give a key to one sandbox only, whoever asks at the same time', async () => {
    const { url, first, second } = await openTwo();
    const { state: wanted } = makeNew('', 'sk_test_wanted');
    const holder = await openHolder(url, 'LOCK TABLE organizations IN SHARE MODE');
    const making = Promise.allSettled([
      first.put('a', wanted, { initial: wanted.settings }),
      second.put('b', wanted, { initial: wanted.settings }),
    ]);
    await waitFor(url, 2);
    await holder.release();
    const made = await making;
    const [refused] = made.filter((one) => one.status === 'rejected');
    const owner = made[0].status === 'fulfilled' ? 'a' : 'b';
    expect(refused?.reason).toMatchObject({ refusal: { code: 'conflict', details: { sandbox_id: owner } } });
    expect(await first.find(hashApiKey('sk_test_wanted'))).toMatchObject({ sandbox_id: owner });
  });

  it('have room again for a sandbox where one was removed', async () => {
    const { first, second } = await openTwo();
    const make = (store: Store, id: string) => store.create([makeNew(id, `sk_test_${id}`)], 2);
    await make(first, 'a');
    await make(second, 'b');
    const isFull = { refusal: { code: 'conflict', details: { max_sandboxes: 2 } } };
    await expect(make(first, 'c')).rejects.toMatchObject(isFull);
    await second.remove(['a', 'none']);
    await make(first, 'c');
    await expect(make(second, 'd')).rejects.toMatchObject(isFull);
    await first.put('default', FROZEN, { initial: FROZEN.settings, isOnly: true });
    await make(second, 'd');
    await make(first, 'e');
    await expect(make(second, 'f')).rejects.toMatchObject(isFull);
  });

  it('record the latest use of a sandbox, and none of one that had its id before', async () => {
    const { url, first, second } = await openTwo();
    await first.create([{ ...makeNew('a', 'sk_test_a'), ttl_ms: 1000 }], 10);
    const { created_at = 0 } = (await first.findSandbox('a')) ?? {};
    const record = (store: Store, expires_at: number, made = created_at) =>
      store.record([{ sandbox_id: 'a', created_at: made, expires_at, last_seq: 0 }]);
    await record(first, LARGE);
    await record(second, LARGE - 1);
    await record(second, LARGE + 1, created_at - 1);
    expect((await first.findSandbox('a'))?.expires_at).toBe(LARGE);
    const isOver = (ended: string) =>
      ask(`UPDATE mixpeek_mock.sandboxes SET expires_at = (extract(epoch FROM now()) * 1000)::bigint - ${ended}`, url);
    await isOver('50');
    // Another server may know of a use that is later by a tenth of the TTL.
    expect(await first.listExpired(LARGE)).toEqual([]);
    expect(await first.remove(['a'], true)).toEqual([]);
    await isOver('200');
    expect(await second.listExpired(0)).toEqual(['a']);
    expect(await first.remove(['a'], true)).toEqual(['a']);
  });

  it('keep nothing of the run of a sandbox that is removed', async () => {
    const { first, second } = await openTwo();
    const make = () => first.create([makeNew('a', 'sk_test_a')], 10);
    const runs = runsOf(second);
    const open = () => ({
      buckets: runs.openBuckets('a', 1),
      counters: runs.openFaultCounters('a', 1),
      journal: runs.openJournal('a', 10),
    });
    await make();
    const [key] = (await first.listApiKeys('a', {})) as [ApiKey];
    await open().buckets.charge(key, 'data', 60, NOW);
    await open().counters.count({ id: 'flt_a' }, () => 0);
    await open().journal.write(1, [{ uid: '1', text: '{}', isNew: true }]);
    await first.remove(['a']);
    await make();
    expect(await open().buckets.list()).toEqual([]);
    expect(await open().counters.read()).toEqual(new Map());
    expect(await open().journal.read(undefined)).toMatchObject({ entries: [], first: null, last: 0 });
  });
});

describe.skipIf(MISSING !== undefined)(MISSING ?? 'buckets and the clock that processes share', () => {
  it('keep their time where a charge of an earlier one comes later', async () => {
    const { first, second } = await openTwo();
    await bucketsOf(first).charge(KEY, 'data', 60, NOW + 5000, 10);
    await bucketsOf(second).charge(KEY, 'data', 60, NOW, 1);
    expect((await bucketsOf(first).list())[0]?.byCategory.data).toEqual({ limit: 60, debt: 660_000n, at: NOW + 5000 });
    const { state: left } = await bucketsOf(second).charge(KEY, 'data', 60, NOW + 5000, 1);
    expect(left.remaining).toBe(48);
  });

  it('change their limits with their organization, and with no other', async () => {
    const { first, second } = await openTwo();
    for (const key of [KEY, OTHER_KEY]) await bucketsOf(first).charge(key, 'search', 60, NOW, 10);
    await second.updateOrganization(
      'default',
      KEY.organization_id,
      (current) => current && { ...current, rate_limits_override: { search: 5 } },
    );
    const kept = await bucketsOf(first).list();
    expect(kept.map(({ apiKey, byCategory }) => [apiKey.organization_id, byCategory.search?.limit])).toEqual([
      [KEY.organization_id, undefined],
      [OTHER_KEY.organization_id, 60],
    ]);
  });

  it('go back with the clock or not at all', async () => {
    const { url, first, second } = await openTwo();
    await bucketsOf(first).charge(KEY, 'search', 60, NOW, 10);
    const holder = await openHolder(url, 'SELECT FROM buckets FOR UPDATE');
    const moving = first.updateSettings('default', (settings) => ({ ...settings, clock: freezeAt(NOW - 5000) }));
    const moved = Promise.allSettled([moving]);
    await waitFor(url, 1);
    await endWaiting(url);
    await holder.release();
    expect(await moved).toMatchObject([{ status: 'rejected', reason: { name: 'StorageError' } }]);
    expect((await second.findSandbox('default'))?.now).toBe(NOW);
  });

  it('are locked in one order by charges and by the clock, so that nobody waits for each other', async () => {
    const { url, first, second } = await openTwo();
    const categories = ['data', 'metadata', 'search'] as const;
    const charge = () =>
      Promise.all([...categories].reverse().map((category) => bucketsOf(first).charge(KEY, category, 60, NOW)));
    await charge();
    const holder = await openHolder(url, `SELECT FROM buckets WHERE category = 'data' FOR UPDATE`);
    const working = [
      charge(),
      second.updateSettings('default', (settings) => ({ ...settings, clock: freezeAt(NOW - 5000) })),
    ];
    await waitFor(url, 2);
    const { rows } = await holder.query('SELECT category FROM buckets ORDER BY category FOR UPDATE SKIP LOCKED');
    expect(rows.map(({ category }) => category)).toEqual(categories);
    await holder.release();
    await Promise.all(working);
  });
});

describe.skipIf(MISSING !== undefined)(MISSING ?? 'a journal that stores share', () => {
  const toEntries = (from: number, count: number) =>
    Array.from({ length: count }, (_, n) => ({ uid: `${from + n}`, text: `{"n":${from + n}}`, isNew: true }));

  it('takes nothing of a state that was replaced', async () => {
    const { first, second } = await openTwo();
    const journal = runsOf(first).openJournal('default', 10);
    const before = await generationOf(first);
    await second.put('default', FROZEN);
    await journal.write(before, toEntries(1, 2));
    await journal.write(await generationOf(first), toEntries(3, 1));
    expect(await journal.read(undefined)).toMatchObject({ entries: [{ seq: 1, text: '{"n":3}' }], last: 1 });
  });

  it('numbers what is written at the same time one after another, whoever writes', async () => {
    const { url, first, second } = await openTwo();
    const generation = await generationOf(first);
    const holder = await openHolder(url, 'SELECT FROM sandboxes FOR UPDATE');
    const [journal, other] = [first, second].map((store) => runsOf(store).openJournal('default', 10));
    const writing = [journal?.write(generation, toEntries(1, 2)), other?.write(generation, toEntries(3, 2))];
    await waitFor(url, 2);
    await holder.release();
    await Promise.all(writing);
    const part = await journal?.read(undefined);
    expect(part?.entries.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect(new Set(part?.entries.map(({ text }) => text)).size).toBe(4);
  });

  it('takes once what is written again because nobody heard that it was kept', async () => {
    const { first } = await openTwo();
    const [journal, generation] = [runsOf(first).openJournal('default', 10), await generationOf(first)];
    await journal.write(generation, toEntries(1, 2));
    await journal.write(generation, [{ uid: '2', text: '{"n":2,"ms":1}', isNew: true }, ...toEntries(3, 1)]);
    const { entries = [] } = (await journal.read(undefined)) ?? {};
    expect(entries.map(({ text }) => text).sort()).toEqual(['{"n":1}', '{"n":2,"ms":1}', '{"n":3}']);
  });

  it('is read to its end at once, however long it is', async () => {
    const { first, second } = await openTwo();
    const [journal, other] = [first, second].map((store) => runsOf(store).openJournal('default', 1000));
    await journal?.write(await generationOf(first), toEntries(1, 250));
    const part = await other?.read(undefined);
    expect(part?.entries.map(({ seq }) => seq)).toEqual(Array.from({ length: 250 }, (_, n) => n + 1));
    expect((await other?.read(part?.place))?.entries).toEqual([]);
  });

  it('says until when a server has written: what came while it was writing is not meant', async () => {
    const url = await makeDatabase();
    const runs = runsOf(await openClosedAtEnd(url));
    const held: (() => void)[] = [];
    const release = runs.onSettle(() => new Promise((resolve) => held.push(resolve)));
    await ask('NOTIFY mixpeek_mock_settle', url);
    await expect.poll(() => held.length, { interval: 5 }).toBe(1);
    const [row] = await ask('SELECT extract(epoch FROM clock_timestamp()) * 1000 AS began', url);
    await ask('NOTIFY mixpeek_mock_settle', url);
    held[0]?.();
    // It is asked again, so it writes again: what it said before that is there.
    await expect.poll(() => held.length, { interval: 5 }).toBe(2);
    const [written] = await ask('SELECT written_at FROM mixpeek_mock.servers', url);
    release();
    held[1]?.();
    expect(Number(written?.written_at)).toBeLessThanOrEqual(Number(row?.began));
  });

  it('is written at once when somebody asks', async () => {
    const { first } = await openTwo();
    const started = performance.now();
    for (let time = 0; time < 4; time++) expect(await runsOf(first).settle()).toBe(true);
    // Between two signs of life that nobody asks for is a second.
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('waits for no server that was stopped', async () => {
    const { url, first } = await openTwo();
    const third = await openTestStore(url);
    await third.close();
    expect(await runsOf(first).settle()).toBe(true);
  });
});
