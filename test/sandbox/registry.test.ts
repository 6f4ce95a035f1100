import { describe, expect, it, onTestFinished } from 'vitest';
import { freezeAt } from '../../src/domain/clock.ts';
import type { State } from '../../src/domain/state.ts';
import { Journal } from '../../src/sandbox/journal.ts';
import { JournalEntry } from '../../src/sandbox/journal-entry.ts';
import { Journals } from '../../src/sandbox/journals.ts';
import { Sandboxes } from '../../src/sandbox/sandboxes.ts';
import { buildSeed } from '../../src/seed/build.ts';
import { DEFAULT_SEED } from '../../src/seed/default.ts';
import { openMemoryStore, START } from '../support/harness.ts';

const TTL_MS = 100_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** One organization, with a key that has the name of the sandbox. */
function buildState(sandboxId: string): State {
  const api_keys = [{ key: `sk_test_${sandboxId}` }];
  const { state } = buildSeed(
    { version: 1, clock: freezeAt(START), organizations: [{ organization_id: 'org_same', api_keys }] },
    '2026-01-01T00:00:00Z',
  );
  return state;
}

/** A registry whose real time is moved. */
async function start(maxSandboxes = 100) {
  const store = openMemoryStore();
  onTestFinished(() => store.close());
  let now = Date.now();
  const open = () => new Sandboxes(store, { journalSize: 10, flags: {}, maxSandboxes, realNow: () => now });
  const sandboxes = open();
  await sandboxes.begin(buildSeed(DEFAULT_SEED, '2026-01-01T00:00:00Z').state, {});
  const create = (sandbox_id: string, ttl_ms: number | null = null) =>
    sandboxes.create([{ sandbox_id, name: null, ttl_ms, state: buildState(sandbox_id) }]);
  const find = async (sandboxId: string) => {
    const found = await sandboxes.find(sandboxId);
    if (found === undefined) throw new Error(`there is no sandbox ${sandboxId}`);
    return found.sandbox;
  };
  const isLive = (sandboxId: string) => sandboxes.findJournal(sandboxId) !== undefined;
  const pass = (ms: number) => {
    now += ms;
  };
  return { store, sandboxes, open, create, find, isLive, pass };
}

const file = (journal: Journal, answer = '') =>
  journal.file(Object.assign(new JournalEntry('r', 'GET', '/'), { answer }));

describe('a TTL', () => {
  it.each<[string, (sandboxes: Sandboxes) => Promise<unknown>]>([
    ['a look at it', (sandboxes) => sandboxes.find('a')],
    ['a request with its key', (sandboxes) => sandboxes.findCaller('sk_test_a')],
  ])('runs from the last use: %s', async (_name, use) => {
    const { store, sandboxes, create, pass } = await start();
    await create('a', TTL_MS);
    for (let time = 0; time < 3; time++) {
      expect(await use(sandboxes)).toBeDefined();
      pass(TTL_MS - 1);
      await sandboxes.sweep();
    }
    expect(await use(sandboxes)).toBeDefined();
    pass(TTL_MS);
    expect([await sandboxes.find('a'), await sandboxes.findCaller('sk_test_a')]).toEqual([undefined, undefined]);
    expect(await store.findSandbox('a')).toBeDefined();
    await sandboxes.sweep();
    expect([await store.findSandbox('a'), await store.findSandbox('default')]).toEqual([undefined, expect.anything()]);
  });

  it('runs on through a restart, from what was recorded', async () => {
    const { sandboxes, open, create, pass } = await start();
    await create('a', TTL_MS);
    await sandboxes.find('a');
    pass(TTL_MS - 1);
    await sandboxes.find('a');
    await sandboxes.sweep();
    pass(TTL_MS - 1);
    const second = open();
    await second.sweep();
    expect(await second.find('a')).toBeDefined();
    pass(TTL_MS);
    expect(await open().find('a')).toBeUndefined();
  });
});

describe('the cap', () => {
  const TOO_MANY = {
    refusal: {
      code: 'conflict',
      message: 'There would be 3 sandboxes, and 2 are allowed',
      hint: 'DELETE some, give them a ttl_seconds, or start with a higher --max-sandboxes',
      details: { max_sandboxes: 2 },
    },
  };

  it('counts all but default, and names the flag beyond', async () => {
    const { store, sandboxes, create } = await start(2);
    await create('a');
    await create('b');
    await expect(create('c')).rejects.toMatchObject(TOO_MANY);
    await expect(sandboxes.put('c', buildState('c'))).rejects.toMatchObject(TOO_MANY);
    expect([await store.findSandbox('c'), await sandboxes.findCaller('sk_test_c')]).toEqual([undefined, undefined]);
    await sandboxes.put('b', buildState('b'));
    await sandboxes.remove(['a']);
    await create('c');
  });

  it('lets those go first that have expired, and no other', async () => {
    const { store, sandboxes, create, find, pass } = await start(2);
    await create('used', TTL_MS);
    await create('unused', TTL_MS);
    await find('unused');
    pass(TTL_MS - 1);
    await find('used');
    await expect(create('c')).rejects.toMatchObject(TOO_MANY);
    pass(1);
    await create('c');
    const { items } = await store.pageSandboxes(0, 10);
    expect(items.map(({ sandbox_id }) => sandbox_id)).toEqual(['default', 'used', 'c']);
    expect(await sandboxes.findCaller('sk_test_used')).toBeDefined();
  });
});

describe('a sandbox that nobody uses', () => {
  it('is let go after a minute, and comes back with its state; no number of its journal comes twice', async () => {
    const { sandboxes, create, find, isLive, pass } = await start();
    await create('a');
    const first = await find('a');
    await first.updateSettings((settings) => ({ ...settings, limits: 'off' }));
    file(first.journal);
    first.journal.clear();
    pass(MINUTE - 1);
    await sandboxes.sweep();
    expect(isLive('a')).toBe(true);
    pass(1);
    await sandboxes.sweep();
    expect(isLive('a')).toBe(false);
    const again = await sandboxes.find('a');
    expect([again?.settings.limits, again?.sandbox === first]).toEqual(['off', false]);
    expect(again?.sandbox.journal.lastSeq).toBeGreaterThanOrEqual(1);
  });

  it('stays as long as somebody waits for its requests', async () => {
    const { sandboxes, create, find, isLive, pass } = await start();
    await create('a');
    const release = (await find('a')).waits.hold(() => {});
    pass(HOUR);
    await sandboxes.sweep();
    expect(isLive('a')).toBe(true);
    release();
    await sandboxes.sweep();
    expect(isLive('a')).toBe(false);
  });

  it('stays for an hour where its journal has something', async () => {
    const { sandboxes, create, find, isLive, pass } = await start();
    await create('a');
    file((await find('a')).journal);
    pass(HOUR - 1);
    await sandboxes.sweep();
    expect(isLive('a')).toBe(true);
    pass(1);
    await sandboxes.sweep();
    expect(isLive('a')).toBe(false);
  });

  it('stays as long as a bucket is not full, and as long as a request is under way', async () => {
    const { sandboxes, create, find, isLive, pass } = await start();
    await create('a');
    await create('b');
    const [a, b] = [await find('a'), await find('b')];
    const [apiKey] = await a.listApiKeys({});
    if (apiKey === undefined) throw new Error('the sandbox has a key');
    await a.buckets.charge(apiKey, 'data', 10, START);
    const entry = new JournalEntry('r', 'GET', '/');
    b.journal.begin(entry);
    pass(2 * HOUR);
    await sandboxes.sweep();
    expect([isLive('a'), isLive('b')]).toEqual([true, true]);
    await a.updateSettings((settings) => ({ ...settings, clock: freezeAt(START + 6000) }));
    b.journal.leave(entry);
    await sandboxes.sweep();
    expect([isLive('a'), isLive('b')]).toEqual([false, false]);
  });

  it('stays where it is default', async () => {
    const { sandboxes, find, isLive, pass } = await start();
    await find('default');
    pass(2 * HOUR);
    await sandboxes.sweep();
    expect(isLive('default')).toBe(true);
  });

  it('stays where somebody comes while its buckets are looked at', async () => {
    const { store, sandboxes, create, find, pass } = await start();
    await create('a');
    const sandbox = await find('a');
    pass(MINUTE);
    const read = store.findSandbox;
    store.findSandbox = async (sandboxId) => {
      store.findSandbox = read;
      await find('a');
      return read(sandboxId);
    };
    await sandboxes.sweep();
    expect(await find('a')).toBe(sandbox);
  });
});

describe('the journals of all sandboxes together', () => {
  it('keep within their bound: the largest loses its oldest', () => {
    const budget = new Journals(1_000_000);
    const [large, small] = [new Journal(1000, budget), new Journal(1000, budget)];
    for (let count = 0; count < 3; count++) file(small, 'x'.repeat(50_000));
    for (let count = 0; count < 50; count++) {
      file(large, 'x'.repeat(50_000));
      expect(large.bytes + small.bytes).toBeLessThanOrEqual(1_000_000);
    }
    expect([small.dropped, small.list().map(({ seq }) => seq)]).toEqual([0, [1, 2, 3]]);
    expect(large.dropped).toBeGreaterThan(0);
    expect(large.list().map(({ seq }) => seq)).toEqual(
      Array.from({ length: 50 - large.dropped }, (_, index) => large.dropped + 1 + index),
    );
  });

  it('have one bound of 64 MiB, to which what was removed counts no more', async () => {
    const { sandboxes, create, find } = await start();
    for (const id of ['a', 'b', 'c']) await create(id);
    const [a, b, c] = [(await find('a')).journal, (await find('b')).journal, (await find('c')).journal];
    // A character of an answer counts for two bytes.
    const answer = 'x'.repeat(12 * 1024 * 1024);
    for (const journal of [a, a, b]) file(journal, answer);
    expect([a.dropped, b.dropped]).toEqual([1, 0]);
    await sandboxes.remove(['a']);
    file(c, answer);
    expect([b.dropped, c.dropped]).toEqual([0, 0]);
  });
});
