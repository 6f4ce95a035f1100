import { createHash } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ApiKey } from '../../src/domain/api-key.ts';
import type { Organization } from '../../src/domain/organization.ts';
import { RealDate } from '../../src/domain/real-time.ts';
import type { State } from '../../src/domain/state.ts';
import type { Journal } from '../../src/sandbox/journal.ts';
import { JournalEntry } from '../../src/sandbox/journal-entry.ts';
import { Sandboxes } from '../../src/sandbox/sandboxes.ts';
import { buildSeed } from '../../src/seed/build.ts';
import { DEFAULT_SEED } from '../../src/seed/default.ts';
import { StorageError } from '../../src/store/errors.ts';
import type { Store } from '../../src/store/store.ts';
import { openProxy } from '../support/engine-proxy.ts';
import { ask, lockOrganization, MISSING, makeDatabase, openTestStore } from '../support/postgres-database.ts';

const { state } = buildSeed(DEFAULT_SEED, '2026-01-01T00:00:00Z');
const [FIRST, SECOND] = state.organizations as [Organization, Organization];
const [KEY] = state.api_keys as [ApiKey];

/** The state of the seed, with keys that no other sandbox has. */
const stateOf = (sandboxId: string): State => ({
  ...state,
  api_keys: state.api_keys.map((one) => ({
    ...one,
    key_hash: createHash('sha256').update(`${sandboxId} ${one.key_hash}`).digest('hex'),
  })),
});
const toNew = (sandbox_id: string, ttl_ms: number | null = null) => ({
  sandbox_id,
  name: null,
  ttl_ms,
  state: stateOf(sandbox_id),
});

async function openTwo() {
  const url = await makeDatabase();
  const [first, second] = await Promise.all([openTestStore(url), openTestStore(url)]);
  onTestFinished(async () => {
    await Promise.all([first.close(), second.close()]);
  });
  await first.put('default', state, { initial: state.settings });
  return { url, first, second };
}
const rename = (store: Store, id: string, organization_name: string, sandboxId = 'default') =>
  store.updateOrganization(sandboxId, id, (current) => current && { ...current, organization_name });
const count = (length: number) => Array.from({ length }, (_, n) => n);
/** What went wrong; nothing where all went well. */
const failuresOf = async (work: Promise<unknown>[]) =>
  (await Promise.allSettled(work)).flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []));

describe.skipIf(MISSING !== undefined)(MISSING ?? 'stores that share a database, at once', () => {
  it('make one organization, whoever asks for it', async () => {
    const { first, second } = await openTwo();
    const make = (store: Store, id: string) =>
      store.updateOrganization('default', id, (current) => current ?? { ...FIRST, organization_id: id });
    const made = count(10).flatMap((n) => [first, second, first].map((store) => make(store, `org_${n}`)));
    expect(await failuresOf(made)).toEqual([]);
  });

  it('remove organizations, and neither all nor with a wait', async () => {
    const { first, second } = await openTwo();
    const ids = count(12).map((n) => `org_${n}`);
    for (const id of ids) await first.updateOrganization('default', id, () => ({ ...FIRST, organization_id: id }));
    const remove = (id: string, n: number) =>
      [first, second][n % 2]?.updateOrganization('default', id, () => undefined) as Promise<unknown>;
    expect(await failuresOf(ids.map(remove))).toEqual([]);
    const all = state.organizations.map(({ organization_id }) => organization_id);
    const refused = await Promise.allSettled(all.map(remove));
    expect(refused.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    expect(await first.listOrganizations('default', {})).toHaveLength(1);
  });

  it('change limits, keys and settings, charge, and go back, without a collision that anybody sees', async () => {
    const { first, second } = await openTwo();
    const ids = ['sbx_a', 'sbx_b'];
    await first.create(
      ids.map((id) => toNew(id)),
      10,
    );
    const limit = (store: Store, id: string, place: number, data: number) =>
      store.updateOrganization(
        id,
        state.organizations[place]?.organization_id ?? '',
        (current) => current && { ...current, rate_limits_override: { data } },
      );
    const charge = async (store: Store, id: string) => {
      const { generation = 0, now = 0 } = (await store.findSandbox(id)) ?? {};
      const buckets = store.shared?.openBuckets(id, generation);
      return Promise.all(stateOf(id).api_keys.map((apiKey) => buckets?.charge(apiKey, 'data', 1000, now)));
    };
    const work = count(12).flatMap((n) => [
      ...ids.flatMap((id) => [limit(first, id, 0, n + 1), charge(first, id), charge(second, id)]),
      ...ids.toReversed().flatMap((id) => [limit(second, id, 1, n + 1)]),
      first.updateApiKey('sbx_a', KEY.api_key_id, (key) => key && { ...key, name: `key ${n}` }),
      second.updateSettings('sbx_a', (settings) => ({ ...settings, clock: { frozen_at: null, offset_ms: -n } })),
      second.record(ids.map((sandbox_id) => ({ sandbox_id, created_at: 0, expires_at: null, last_seq: n }))),
      first.record(
        ids.toReversed().map((sandbox_id) => ({ sandbox_id, created_at: 0, expires_at: null, last_seq: n })),
      ),
      ...(n % 4 === 0 ? [second.restore('sbx_b', 'initial', (settings) => settings)] : []),
      ...(n % 4 === 2 ? [first.restore('sbx_a', 'initial', (settings) => settings)] : []),
    ]);
    expect(await failuresOf(work)).toEqual([]);
  });

  it('take back many sandboxes at a time', async () => {
    const { first } = await openTwo();
    // A slow machine takes back 60 within the deadline, while it does other work.
    const ids = count(30).map((n) => `sbx_${n}`);
    await first.create(
      ids.map((id) => toNew(id)),
      1000,
    );
    expect(await failuresOf(ids.map((id) => first.restore(id, 'initial', (settings) => settings)))).toEqual([]);
  });

  it('hold up nobody but those who want what somebody else has locked', async () => {
    const { url, first } = await openTwo();
    const free = await lockOrganization(url, FIRST.organization_id);
    const locked = failuresOf(count(6).map((n) => rename(first, FIRST.organization_id, `Locked ${n}`)));
    const { generation = 0, now = 0 } = (await first.findSandbox('default')) ?? {};
    const others = [
      rename(first, SECOND.organization_id, 'Other'),
      first.shared?.openBuckets('default', generation).charge(KEY, 'data', 10, now),
      first.updateSettings('default', (settings) => ({ ...settings, limits: 'off' })),
      first.create([toNew('sbx_other')], 10),
    ];
    expect(await failuresOf(others as Promise<unknown>[])).toEqual([]);
    await free();
    expect(await locked).toEqual([]);
    expect((await first.findOrganization('default', FIRST.organization_id))?.organization_name).toBe('Locked 5');
  });

  it('know a sandbox that was made again: nothing of the former one is in it', async () => {
    const { url, first, second } = await openTwo();
    await first.create([toNew('sbx_a')], 10);
    const former = (await second.findSandbox('sbx_a'))?.generation ?? 0;
    const [key] = stateOf('sbx_a').api_keys as [ApiKey];
    const rule = { id: 'flt_a', status: 503, times: 1 };
    // They are under way at one server while another one removes it, and come behind that.
    await first.remove(['sbx_a']);
    await second.shared?.openBuckets('sbx_a', former).charge(key, 'data', 100, 0, 100);
    await second.shared?.openFaultCounters('sbx_a', former).count(rule, () => 0);
    await first.create([toNew('sbx_a')], 10);
    await second.shared?.openJournal('sbx_a', 10).write(former, [{ uid: '1', text: '{}', isNew: true }]);
    const { generation = 0 } = (await first.findSandbox('sbx_a')) ?? {};
    expect(generation).toBeGreaterThan(former);
    const spent = await first.shared?.openBuckets('sbx_a', generation).charge(key, 'data', 100, 0);
    expect(spent?.state.remaining).toBe(99);
    expect(await first.shared?.openFaultCounters('sbx_a', generation).count(rule, () => 0)).toBe(1);
    expect((await first.shared?.openJournal('sbx_a', 10).read(undefined))?.entries).toEqual([]);
    const left = () => ask('SELECT generation FROM mixpeek_mock.buckets ORDER BY generation', url);
    expect(await left()).toHaveLength(2);
    // The next start sweeps what nobody can reach.
    await (await openTestStore(url)).close();
    expect((await left()).map((row) => Number(row.generation))).toEqual([generation]);
  });

  it('remove very many that are over, part by part', async () => {
    const { url, first } = await openTwo();
    await ask(
      `INSERT INTO mixpeek_mock.sandboxes (sandbox_id, generation, created_at, ttl_ms, expires_at)
       SELECT 'old_' || n, n, 0, 1, 1 FROM generate_series(1, 1200) AS n; UPDATE mixpeek_mock.totals SET sandboxes = 1200`,
      url,
    );
    const sizes: number[] = [];
    for (let listed = await first.listExpired(0); listed.length > 0; listed = await first.listExpired(0)) {
      sizes.push((await first.remove(listed, true)).length);
    }
    expect(sizes).toEqual([500, 500, 200]);
    expect(await ask('SELECT sandboxes::integer FROM mixpeek_mock.totals', url)).toEqual([{ sandboxes: 0 }]);
  });

  it('need no right to make what is there', async () => {
    const { url } = await openTwo();
    const [database = '', role = ''] = [new URL(url).pathname.slice(1), `role_${new URL(url).pathname.slice(1)}`];
    await ask(
      `CREATE ROLE ${role} LOGIN PASSWORD 'of-the-role'; GRANT USAGE ON SCHEMA mixpeek_mock TO ${role};
      GRANT ALL ON ALL TABLES IN SCHEMA mixpeek_mock TO ${role}; GRANT ALL ON ALL SEQUENCES IN SCHEMA mixpeek_mock TO ${role};
      REVOKE CREATE ON DATABASE ${database} FROM ${role}`,
      url,
    );
    onTestFinished(async () => {
      await ask(`DROP OWNED BY ${role}; DROP ROLE ${role}`, url);
    });
    const theirs = Object.assign(new URL(url), { username: role, password: 'of-the-role' });
    const store = await openTestStore(theirs.href);
    expect((await rename(store, FIRST.organization_id, 'Renamed')).after?.organization_name).toBe('Renamed');
    await store.close();
  });
});

describe.skipIf(MISSING !== undefined)(MISSING ?? 'a store whose engine falls silent', () => {
  it('gives up a reset, and what waits behind it, and goes on once it answers', async () => {
    const proxy = await openProxy(await makeDatabase());
    const store = await openTestStore(proxy.url);
    onTestFinished(() => store.close());
    await store.put('default', state, { initial: state.settings });
    proxy.hold();
    const started = performance.now();
    const both = [
      store.restore('default', 'initial', (settings) => settings),
      rename(store, FIRST.organization_id, 'Behind'),
    ];
    for (const one of await Promise.allSettled(both)) expect(one).toMatchObject({ reason: expect.any(StorageError) });
    expect(performance.now() - started).toBeLessThan(3500);
    proxy.free();
    await expect.poll(() => store.canRead()).toBe(true);
    expect((await rename(store, FIRST.organization_id, 'Later')).after?.organization_name).toBe('Later');
  });

  it('uses no connection that was lost before its first statement', async () => {
    const proxy = await openProxy(await makeDatabase());
    const store = await openTestStore(proxy.url);
    onTestFinished(() => store.close());
    await store.put('default', state, { initial: state.settings });
    proxy.cut();
    await expect(store.find(KEY.key_hash)).rejects.toThrow(StorageError);
    // Connections come about, and then nothing does.
    proxy.hold();
    await expect(store.find(KEY.key_hash)).rejects.toThrow(StorageError);
    proxy.free();
    await expect.poll(() => store.find(KEY.key_hash).catch(() => undefined)).toMatchObject({ sandbox_id: 'default' });
  });
});

describe.skipIf(MISSING !== undefined)(MISSING ?? 'a server that shares a database', () => {
  it('lets a sandbox go that nobody uses, with a journal that it finds again', async () => {
    const { first } = await openTwo();
    let later = 0;
    const sandboxes = new Sandboxes(first, {
      journalSize: 10,
      maxSandboxes: 10,
      flags: {},
      realNow: () => RealDate.now() + later,
    });
    await first.create([toNew('sbx_a')], 10);
    const find = async () => (await sandboxes.find('sbx_a'))?.sandbox.journal as Journal;
    const journal = await find();
    const entry = new JournalEntry('req_1', 'GET', '/v1/organizations');
    journal.begin(entry);
    journal.number(entry);
    Object.assign(entry, { ms: 1, status: 200 });
    journal.leave(entry);
    journal.file(entry);
    await journal.sync();
    later = 60_000;
    await sandboxes.sweep();
    expect(sandboxes.findJournal('sbx_a')).toBe(undefined);
    const again = await find();
    await again.sync();
    expect(again.list().map(({ request_id }) => request_id)).toEqual(['req_1']);
  });
});
