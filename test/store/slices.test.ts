import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { expect, it, onTestFinished } from 'vitest';
import { Slices } from '../../src/store/slices.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import type { FoundSandbox, Store } from '../../src/store/store.ts';
import { makeFolder } from '../support/folder.ts';
import { MIGRATIONS } from '../support/harness.ts';
import { buildState, toKey } from '../support/states.ts';

/** More than one slice holds. */
const MANY = 5000;
const SMALL = buildState(['org_small']);
const LARGE = buildState(Array.from({ length: MANY }, (_, index) => `org_${index}`));
const SMALL_KEY = toKey('sk_test_org_small', 'org_small').key_hash;
const LARGE_KEY = toKey('sk_test_org_7', 'org_7').key_hash;
/** The last of its keys is of no organization. */
const REFUSED = { ...LARGE, api_keys: [...LARGE.api_keys, toKey('sk_test_lost', 'org_lost')] };

function open(file: string): Store {
  const store = openSqliteStore({
    file,
    migrations: MIGRATIONS,
    pid: 1,
    since: '2026-01-01T00:00:00Z',
    report: () => {},
  });
  onTestFinished(() => store.close().catch(() => {}));
  return store;
}

async function openSmall() {
  const file = join(makeFolder(), 'mock.db');
  const store = open(file);
  await store.put('default', SMALL, { initial: SMALL.settings });
  return { file, store };
}

/** Does something in each turn of the event loop until the work has ended; how many turns that took. */
async function during(work: Promise<unknown>, each: () => unknown): Promise<number> {
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  work.then(over, over);
  for (let turns = 0; ; turns++) {
    await nextTurn();
    if (isOver) return turns;
    await each();
  }
}

/** Organizations in the file; each start goes on with removing what nothing needs. */
async function countAfterStart(file: string): Promise<unknown> {
  const store = open(file);
  for (let turn = 0; turn < 10; turn++) await nextTurn();
  await store.close();
  const db = new Sqlite(file, { readonly: true });
  const count = db.prepare('SELECT count(*) FROM organizations').pluck().get();
  db.close();
  return count;
}

it('a large state lets others through, who see what was there until it is there as a whole', async () => {
  const { store } = await openSmall();
  const put = store.put('default', LARGE);
  const turns = await during(put, async () => {
    expect((await store.find(SMALL_KEY))?.organization.organization_id).toBe('org_small');
    expect(await store.find(LARGE_KEY)).toBeUndefined();
    expect(await store.listOrganizations('default', {})).toEqual(SMALL.organizations);
    expect((await store.listSnapshots('default')).map(({ name }) => name)).toEqual(['initial']);
  });
  expect(turns).toBeGreaterThan(3);
  expect((await store.find(LARGE_KEY))?.organization.organization_id).toBe('org_7');
  expect(await store.readState('default')).toEqual(LARGE);
});

it('who changes the sandbox meanwhile waits, and changes the new state; who changes another one does not', async () => {
  const { store } = await openSmall();
  await store.create([{ sandbox_id: 'other', name: null, ttl_ms: null, state: buildState(['org_other']) }], 10);
  const done: string[] = [];
  const rename = (sandboxId: string, organizationId: string) =>
    store
      .updateOrganization(sandboxId, organizationId, (one) => one && { ...one, organization_name: 'renamed' })
      .then(({ after }) => done.push(`${sandboxId} ${after?.organization_name}`));
  const put = store.put('default', LARGE).then(() => done.push('put'));
  await nextTurn();
  await Promise.all([put, rename('default', 'org_7'), rename('other', 'org_other')]);
  expect(done).toEqual(['other renamed', 'put', 'default renamed']);
  expect(await store.findOrganization('default', 'org_7')).toMatchObject({ organization_name: 'renamed' });
});

it('writes of one sandbox happen one after another', async () => {
  const { store } = await openSmall();
  const puts = [LARGE, SMALL, LARGE].map((state) => store.put('default', state));
  const restored = store.restore('default', 'initial', (settings) => settings);
  await Promise.all(puts);
  expect(await restored).toBe(true);
  expect(await store.readState('default')).toEqual(SMALL);
  expect(await store.readState('default', 'before-reset')).toEqual(LARGE);
});

it.each([
  ['put', (store: Store) => store.put('default', REFUSED)],
  ['start', (store: Store) => store.put('default', REFUSED, { initial: REFUSED.settings })],
  [
    'new sandbox',
    (store: Store) => store.create([{ sandbox_id: 'new', name: null, ttl_ms: null, state: REFUSED }], 10),
  ],
])('a %s that fails late leaves nothing, and its keys to others', async (_name, write) => {
  const { file, store } = await openSmall();
  await expect(write(store)).rejects.toMatchObject({ refusal: { message: 'There is no organization org_lost' } });
  expect(await store.readState('default')).toEqual(SMALL);
  expect((await store.listSnapshots('default')).map(({ name }) => name)).toEqual(['initial']);
  expect((await store.pageSandboxes(0, 10)).items).toHaveLength(1);
  await store.create([{ sandbox_id: 'new', name: null, ttl_ms: null, state: buildState(['org_7']) }], 10);
  await store.close();
  await expect.poll(() => countAfterStart(file)).toBe(2);
});

it.each([
  ['put', (store: Store) => store.put('default', LARGE)],
  ['new sandbox', (store: Store) => store.create([{ sandbox_id: 'new', name: null, ttl_ms: null, state: LARGE }], 10)],
])('of a %s that was killed nothing is left at the next start', async (_name, write) => {
  const { file, store } = await openSmall();
  const writing = write(store);
  const copy = join(makeFolder(), 'mock.db');
  let turn = 0;
  await during(writing, () => {
    turn++;
    if (turn === 4) for (const end of ['', '-wal']) cpSync(file + end, copy + end);
  });
  expect(turn).toBeGreaterThan(4);
  const next = open(copy);
  expect(await next.readState('default')).toEqual(SMALL);
  expect((await next.pageSandboxes(0, 10)).items).toHaveLength(1);
  expect((await next.listSnapshots('default')).map(({ name }) => name)).toEqual(['initial']);
  await next.create([{ sandbox_id: 'new', name: null, ttl_ms: null, state: buildState(['org_7']) }], 10);
  await next.close();
  await expect.poll(() => countAfterStart(copy)).toBe(2);
});

it('a sandbox that is made meanwhile cannot have a key that a slice is yet to write, nor can both', async () => {
  const { store } = await openSmall();
  const put = store.put('default', LARGE);
  await nextTurn();
  const last = `org_${MANY - 1}`;
  const create = store.create([{ sandbox_id: 'other', name: null, ttl_ms: null, state: buildState([last]) }], 10);
  const outcomes = await Promise.allSettled([put, create]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  expect(await store.readState('default')).toEqual(SMALL);
  expect((await store.find(toKey(`sk_test_${last}`, last).key_hash))?.sandbox_id).toBe('other');
});

it('what is done when the store is closed was done', async () => {
  const { file, store } = await openSmall();
  const saved = store.saveSnapshot('default', 'mine');
  await store.close();
  await saved;
  expect((await open(file).listSnapshots('default')).map(({ name }) => name)).toEqual(['initial', 'mine']);
});

it('what cannot be taken back at once is when it can, before the next work', async () => {
  const written: string[] = [];
  let isBroken = false;
  const slices = new Slices({
    write: async (work) => {
      if (isBroken) throw new Error('broken');
      return work();
    },
    abandon: (sandboxIds) => written.push(`abandon ${sandboxIds}`),
    removeUnused: function* () {},
    hasUnused: () => {
      throw new Error('unreadable');
    },
  });
  const fail = function* (): Generator<void, void> {
    isBroken = true;
    yield;
    throw new Error('no');
  };
  await expect(slices.run(['one'], fail)).rejects.toThrow('no');
  const succeed = function* (): Generator<void, string> {
    yield;
    written.push('work');
    return 'done';
  };
  await expect(slices.run(['two'], succeed)).rejects.toThrow('broken');
  isBroken = false;
  expect(await slices.run(['two'], succeed)).toBe('done');
  expect(await slices.run(['two'], succeed)).toBe('done');
  expect(written).toEqual(['abandon one,two', 'work', 'work']);
});

it('a large sandbox is gone at once, and what was of it later, also after a restart', async () => {
  const { file, store } = await openSmall();
  const large = { sandbox_id: 'large', name: 'first', ttl_ms: 60_000, state: LARGE };
  await store.create([large, { ...large, sandbox_id: 'other', state: buildState(['org_other']) }], 10);
  await store.record([{ ...((await store.findSandbox('large')) as FoundSandbox), last_seq: 7 }]);
  expect(await store.remove(['large', 'unknown'])).toEqual(['large']);
  const removedAgain = store.remove(['large']);
  await store.close();
  expect(await removedAgain).toEqual([]);
  const db = new Sqlite(file, { readonly: true });
  const left = db.prepare('SELECT count(*) FROM organizations').pluck().get();
  db.close();
  expect(left, 'all was removed in one piece').toBeGreaterThan(2);

  const next = open(file);
  expect(await next.findSandbox('large')).toBeUndefined();
  expect(await next.find(LARGE_KEY)).toBeUndefined();
  // Its id and its keys are free: of what it was nothing is left in the next one, which is the last in the list.
  await next.create([{ ...large, name: null, ttl_ms: null, state: buildState(['org_7']) }], 2);
  expect((await next.find(LARGE_KEY))?.organization.organization_id).toBe('org_7');
  const { items } = await next.pageSandboxes(0, 10);
  expect(items.map(({ sandbox_id }) => sandbox_id)).toEqual(['default', 'other', 'large']);
  expect(items[2]).toMatchObject({
    name: null,
    ttl_ms: null,
    expires_at: null,
    last_seq: 0,
    seed: null,
    generation: 1,
  });
  expect(await next.listSnapshots('large')).toMatchObject([{ name: 'initial' }]);
  await next.close();
  await expect.poll(() => countAfterStart(file)).toBe(3);
});

it('of a sandbox that is removed as another is collected nothing is left', async () => {
  const { file, store } = await openSmall();
  for (const sandbox_id of ['first', 'second']) {
    await store.create([{ sandbox_id, name: null, ttl_ms: null, state: buildState([`org_${sandbox_id}`]) }], 10);
  }
  await store.remove(['first']);
  await store.remove(['second']);
  for (let turn = 0; turn < 10; turn++) await nextTurn();
  await store.close();
  const db = new Sqlite(file, { readonly: true });
  expect(db.prepare('SELECT sandbox_id FROM sandboxes').pluck().all()).toEqual(['default']);
  expect(db.prepare('SELECT count(*) FROM states WHERE snapshot IS NULL').pluck().get()).toBe(0);
  db.close();
});
