import { describe, expect, it, onTestFinished } from 'vitest';
import { hashApiKey } from '../../src/domain/api-key.ts';
import { freezeAt, REAL_TIME, toTimestamp } from '../../src/domain/clock.ts';
import type { Organization } from '../../src/domain/organization.ts';
import { DEFAULT_TIERS } from '../../src/domain/rate-limits.ts';
import { BEFORE_RESET, INITIAL_SNAPSHOT, type Settings, type State } from '../../src/domain/state.ts';
import { buildSeed, toKnownKey } from '../../src/seed/build.ts';
import { DEFAULT_SEED } from '../../src/seed/default.ts';
import type { Page, Store } from '../../src/store/store.ts';
import { FULL_FAULT } from './full.ts';

const NOW = Date.UTC(2026, 0, 1);
const SETTINGS: Settings = {
  tiers: { ...DEFAULT_TIERS, team: { ...DEFAULT_TIERS.team, monthly_credits: 2_000_000, search: 105 } },
  clock: freezeAt(NOW),
  limits: 'enforce',
  api_version: '0.82',
  unknown_fields: 'reject',
  faults: [FULL_FAULT],
};

/** An organization and a key in which no member is at its default. */
const FULL: Organization = {
  organization_id: 'org_full',
  organization_name: 'Full & Filled',
  logo_url: 'https://example.com/full.png',
  account_type: 'team',
  credit_count: 123_456,
  metadata: '{"id":12345678901234567890,"10":1.10,"2":[null,{"__proto__":"x"}]}',
  billing_email: 'Billing.Desk@example.com',
  rate_limits_override: { search: 77, compute: 9 },
  auto_billing_enabled: true,
  billing_cycle_start: 17,
  current_month_usage: 4321,
  created_at: '2024-02-29T12:34:56.789012Z',
  updated_at: '2025-03-01T01:02:03Z',
  users: '[{"user_id":"usr_1","seats":98765432109876543210},{}]',
  notifications_email: 'alerts@example.com',
  default_llm_credentials: '{"openai":"secret 1","10":"b","2":"a"}',
  nsfw_check_enabled: true,
  nsfw_fail_closed: true,
  auth_provider_org_id: 'auth_1',
  api_url: 'https://api.example.com',
};
const { api_key: PLAIN_KEY } = toKnownKey('sk_test_full', 'org_full', 'write', 'ci');
const FULL_KEY = { ...PLAIN_KEY, status: 'revoked' as const, expires_at: '2040-01-01T00:00:00Z' };
const OTHER = { ...buildState().organizations[0], organization_id: 'org_other' } as Organization;
const STATE: State = { settings: SETTINGS, organizations: [FULL, OTHER], api_keys: [FULL_KEY] };
const EMPTY: State = { settings: { ...SETTINGS, clock: REAL_TIME }, organizations: [OTHER], api_keys: [] };

function buildState(): State {
  return buildSeed(DEFAULT_SEED, toTimestamp(NOW)).state;
}

const rename = (name: string) => (current: Organization | undefined) =>
  current && { ...current, organization_name: current.organization_name + name };
/** What is said of a key that another sandbox has. */
const TAKEN = { refusal: { code: 'conflict', details: { sandbox_id: 'default' } } };
const fail = () => {
  throw new Error('no');
};

/** The promises of a store, whatever engine keeps them. `open` gives an empty one. */
export function testStore(name: string, open: () => Store | Promise<Store>): void {
  const openFilled = async () => {
    const store = await open();
    onTestFinished(() => store.close());
    await store.put('default', STATE, { initial: SETTINGS });
    return store;
  };
  /** All of the current state, read in every way that there is. */
  const readState = async (store: Store): Promise<State | undefined> => {
    const found = await store.findSandbox('default');
    const organizations = await store.listOrganizations('default', {});
    const each = organizations.map(({ organization_id }) => store.findOrganization('default', organization_id));
    expect(await Promise.all(each)).toEqual(organizations);
    return found && { settings: found.settings, organizations, api_keys: await store.listApiKeys('default', {}) };
  };

  describe(`the store on ${name}`, () => {
    it('knows nothing of a sandbox that was never made', async () => {
      const store = await openFilled();
      expect(await store.findSandbox('other')).toBeUndefined();
      expect(await store.findOrganization('other', 'org_full')).toBeUndefined();
      expect(await store.listOrganizations('other', {})).toEqual([]);
      expect(await store.listApiKeys('other', { api_key_id: FULL_KEY.api_key_id })).toEqual([]);
      expect(await store.readState('other', INITIAL_SNAPSHOT)).toBeUndefined();
      expect(await store.readState('default', 'other')).toBeUndefined();
      expect(await store.find(hashApiKey('sk_test_unknown'))).toBeUndefined();
      await expect(store.updateOrganization('other', 'org_full', (current) => current)).rejects.toThrow('other');
      await expect(store.updateSettings('other', (current) => current)).rejects.toThrow('other');
      await expect(store.put('other', EMPTY)).rejects.toThrow('other');
    });

    it('gives back what was put in, member by member, and its snapshot', async () => {
      const store = await openFilled();
      expect(await readState(store)).toEqual(STATE);
      expect(await store.readState('default', INITIAL_SNAPSHOT)).toEqual(STATE);
      const { generation = 0, real } = (await store.findSandbox('default')) ?? {};
      expect(generation).toBeGreaterThan(0);
      expect(await store.find(FULL_KEY.key_hash)).toEqual({
        sandbox_id: 'default',
        settings: SETTINGS,
        generation,
        now: NOW,
        ...(real !== undefined && { real: expect.any(Number) }),
        created_at: expect.any(Number),
        expires_at: null,
        api_key: FULL_KEY,
        organization: FULL,
      });
    });

    it('gives each sandbox what is its own', async () => {
      const store = await openFilled();
      const { api_key } = toKnownKey('sk_test_b', 'org_other', 'read', 'b');
      await store.put('b', { ...EMPTY, api_keys: [api_key] }, { initial: SETTINGS });
      await store.updateOrganization('b', 'org_other', rename(' of b'));
      expect(await store.find(api_key.key_hash)).toMatchObject({
        sandbox_id: 'b',
        organization: { organization_name: `${OTHER.organization_name} of b` },
      });
      expect(await readState(store)).toEqual(STATE);
      expect(await store.listApiKeys('default', { api_key_id: api_key.api_key_id })).toEqual([]);
    });

    it('lists keys by their hashes in that order, by their id, and the first of them', async () => {
      const store = await openFilled();
      const keys = ['a', 'b', 'c'].map((key) => toKnownKey(`sk_test_${key}`, 'org_full', 'read', key).api_key);
      await store.put('default', { ...STATE, api_keys: keys });
      const [a, b, c] = keys;
      expect(await store.listApiKeys('default', {})).toEqual([a, b, c]);
      expect(await store.listApiKeys('default', { limit: 1 })).toEqual([a]);
      expect(await store.listApiKeys('default', { api_key_id: b?.api_key_id ?? '' })).toEqual([b]);
      const key_hashes = [c?.key_hash ?? '', 'unknown', a?.key_hash ?? ''];
      expect(await store.listApiKeys('default', { key_hashes })).toEqual([c, a]);
      expect(await store.listOrganizations('default', { limit: 1 })).toEqual([FULL]);
      expect(await store.listOrganizations('default', { organization_ids: ['org_other', 'x'] })).toEqual([OTHER]);
    });

    it.each<[string, (store: Store) => Promise<unknown>]>([
      ['an update of an organization', (store) => store.updateOrganization('default', 'org_full', rename('!'))],
      ['an update of settings', (store) => store.updateSettings('default', (now) => ({ ...now, limits: 'off' }))],
    ])('keeps %s, tells what was before and after, and leaves the snapshot alone', async (_name, update) => {
      const store = await openFilled();
      const before = await readState(store);
      const updated = await update(store);
      const after = await readState(store);
      expect(after).not.toEqual(before);
      expect(updated).toMatchObject({ settings: after?.settings, now: NOW });
      expect([before, after]).toMatchObject(
        'organization_name' in Object((updated as { after: unknown }).after)
          ? [
              { organizations: [(updated as { before: unknown }).before, OTHER] },
              { organizations: [(updated as { after: unknown }).after, OTHER] },
            ]
          : [
              { settings: (updated as { before: unknown }).before },
              { settings: (updated as { after: unknown }).after },
            ],
      );
      expect(await store.readState('default', INITIAL_SNAPSHOT)).toEqual(STATE);
    });

    it.each(Object.keys(FULL).filter((member) => member !== 'organization_id'))('updates %s alone', async (member) => {
      const store = await openFilled();
      const { [member]: value } = OTHER as unknown as Record<string, unknown>;
      const next = { ...FULL, [member]: value };
      await store.updateOrganization('default', 'org_full', () => next);
      expect(await store.findOrganization('default', 'org_full')).toEqual(next);
      // What another key of the same organization makes the store read anew.
      await store.grant('default', []);
      expect(await store.findOrganization('default', 'org_full')).toEqual(next);
    });

    it('makes and removes organizations, and their keys with them', async () => {
      const store = await openFilled();
      const NEW = { ...FULL, organization_id: 'org_new' };
      const made = await store.updateOrganization('default', 'org_new', (current) => current ?? NEW);
      expect(made).toMatchObject({ before: undefined, after: NEW });
      expect(await store.listOrganizations('default', {})).toEqual([FULL, OTHER, NEW]);
      await store.find(FULL_KEY.key_hash);
      const removed = await store.updateOrganization('default', 'org_full', () => undefined);
      expect(removed).toMatchObject({ before: FULL, after: undefined });
      expect(await readState(store)).toEqual({ settings: SETTINGS, organizations: [OTHER, NEW], api_keys: [] });
      expect(await store.find(FULL_KEY.key_hash)).toBeUndefined();
      const none = await store.updateOrganization('default', 'org_full', () => undefined);
      expect(none).toMatchObject({ before: undefined, after: undefined });
      // One of the same name that is made later is another one.
      await store.updateOrganization('default', 'org_full', () => FULL);
      expect(await store.find(FULL_KEY.key_hash)).toBeUndefined();
    });

    it('applies updates of one turn one after another', async () => {
      const store = await openFilled();
      const updates = ['a', 'b', 'c'].map((text) => store.updateOrganization('default', 'org_other', rename(text)));
      const names = (await Promise.all(updates)).map(({ after }) => after?.organization_name);
      const { organization_name } = OTHER;
      expect(names).toEqual(['a', 'ab', 'abc'].map((text) => organization_name + text));
      const clocks = [1, 2, 3].map(() =>
        store.updateSettings('default', (current, now) => ({ ...current, clock: freezeAt(now + 1000) })),
      );
      expect((await Promise.all(clocks)).map(({ now }) => now)).toEqual([NOW, NOW + 1000, NOW + 2000]);
    });

    const breakOff: [string, (store: Store) => Promise<unknown>][] = [
      ['an update that throws', (store) => store.updateOrganization('default', 'org_full', fail)],
      // What the table itself refuses comes out as well.
      [
        'an update that the table refuses',
        (store) => store.updateOrganization('default', 'org_full', (now) => now && { ...now, billing_cycle_start: 32 }),
      ],
      ['settings that throw', (store) => store.updateSettings('default', fail)],
      ['a state with a key twice', (store) => store.put('default', { ...EMPTY, api_keys: [FULL_KEY, FULL_KEY] })],
      [
        'a state with a key under two ids',
        (store) => store.put('default', { ...STATE, api_keys: [FULL_KEY, { ...FULL_KEY, api_key_id: 'key_other' }] }),
      ],
      [
        'a state whose last organization the table refuses',
        (store) => store.put('default', { ...STATE, organizations: [OTHER, { ...FULL, billing_cycle_start: 32 }] }),
      ],
      [
        'a state with a key of no organization',
        (store) => store.put('default', { ...EMPTY, api_keys: [FULL_KEY] }, { initial: SETTINGS }),
      ],
      [
        'grants of which the last is of no organization',
        (store) =>
          store.grant('default', [{ ...FULL_KEY, status: 'active' }, toKnownKey('sk_x', 'org_x', 'read', 'x').api_key]),
      ],
    ];

    it.each(breakOff)('takes back %s, and nothing else of the same turn', async (_name, write) => {
      const store = await openFilled();
      const generation = (await store.findSandbox('default'))?.generation;
      const results = await Promise.allSettled([
        store.updateOrganization('default', 'org_full', rename(', first')),
        write(store),
        store.updateOrganization('default', 'org_full', rename(', last')),
        store.updateSettings('default', (current) => ({ ...current, limits: 'off' })),
      ]);
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
      const renamed = { ...FULL, organization_name: `${FULL.organization_name}, first, last` };
      const expected = { ...STATE, settings: { ...SETTINGS, limits: 'off' }, organizations: [renamed, OTHER] };
      expect(await readState(store)).toEqual(expected);
      expect(await store.find(FULL_KEY.key_hash)).toMatchObject({
        api_key: FULL_KEY,
        organization: renamed,
        generation,
        settings: expected.settings,
      });
      expect(await store.readState('default', INITIAL_SNAPSHOT)).toEqual(STATE);
    });

    it('replaces a state as a whole, what was read before included', async () => {
      const store = await openFilled();
      await store.find(FULL_KEY.key_hash);
      const before = (await store.findSandbox('default'))?.generation ?? 0;
      await store.put('default', EMPTY);
      expect(await readState(store)).toEqual(EMPTY);
      expect(await store.find(FULL_KEY.key_hash)).toBeUndefined();
      expect((await store.findSandbox('default'))?.generation).toBeGreaterThan(before);
      expect(await store.readState('default', INITIAL_SNAPSHOT)).toEqual(STATE);
    });

    it('makes a new snapshot of the start, the only one, where that is wanted, with settings of its own, and keeps the seed until another is named', async () => {
      const store = await openFilled();
      const seed = { name: 'seed.yaml', sha256: 'ab' };
      await store.saveSnapshot('default', 'mine');
      await store.put('default', EMPTY, { initial: { ...SETTINGS, limits: 'off' }, seed });
      expect(await readState(store)).toEqual(EMPTY);
      expect((await store.listSnapshots('default')).map(({ name }) => name)).toEqual([INITIAL_SNAPSHOT]);
      const initial = await store.readState('default', INITIAL_SNAPSHOT);
      expect(initial).toEqual({ ...EMPTY, settings: { ...SETTINGS, limits: 'off' } });
      await store.put('default', STATE);
      expect(await store.findSandbox('default')).toMatchObject({ seed });
      await store.put('default', STATE, { seed: { ...seed, sha256: 'cd' } });
      expect(await store.findSandbox('default')).toMatchObject({ seed: { ...seed, sha256: 'cd' } });
    });

    it('goes back to a snapshot, and from there to what was before, and again', async () => {
      const store = await openFilled();
      const restore = (name: string) => store.restore('default', name, (settings) => ({ ...settings, limits: 'off' }));
      const toRestored = (state: State) => ({ ...state, settings: { ...state.settings, limits: 'off' } });
      await store.saveSnapshot('default', 'mine');
      await store.put('default', EMPTY);
      await store.find(FULL_KEY.key_hash);
      expect([await restore('mine'), await readState(store)]).toEqual([true, toRestored(STATE)]);
      expect(await store.find(FULL_KEY.key_hash)).toMatchObject({ settings: { limits: 'off' } });
      const before = (await store.findSandbox('default'))?.generation ?? 0;
      expect([await restore(BEFORE_RESET), await readState(store)]).toEqual([true, toRestored(EMPTY)]);
      expect(await store.find(FULL_KEY.key_hash)).toBeUndefined();
      expect([await restore(BEFORE_RESET), await readState(store)]).toEqual([true, toRestored(STATE)]);
      expect([await restore('none'), await readState(store)]).toEqual([false, toRestored(STATE)]);
      expect((await store.findSandbox('default'))?.generation).toBeGreaterThan(before + 1);
      expect((await store.listSnapshots('default')).map(({ name }) => name).sort()).toEqual(
        [BEFORE_RESET, INITIAL_SNAPSHOT, 'mine'].sort(),
      );
      expect(await store.readState('default', 'mine')).toEqual(STATE);
    });

    it('pages through organizations, keys and sandboxes in the order in which they were made', async () => {
      const store = await openFilled();
      const organizations = ['e', 'd', 'c', 'b', 'a'].map((id) => ({ ...FULL, organization_id: `org_${id}` }));
      const keys = ['d', 'c', 'b', 'a'].map((key) => toKnownKey(`sk_test_${key}`, 'org_a', 'read', key).api_key);
      await store.put('default', { ...STATE, organizations, api_keys: keys });
      const made = ['b', 'a'].map((id) => ({ sandbox_id: id, name: id, ttl_ms: null, state: EMPTY }));
      await store.create(made, 2);
      const listPages = async <Item>(page: (after: number, limit: number) => Promise<Page<Item>>) => {
        const pages: Item[][] = [];
        for (let after: number | null = 0; after !== null; ) {
          const { items, next }: Page<Item> = await page(after, 2);
          pages.push(items);
          after = next;
        }
        return pages;
      };
      expect(await listPages((after, limit) => store.pageOrganizations('default', after, limit))).toEqual([
        organizations.slice(0, 2),
        organizations.slice(2, 4),
        organizations.slice(4),
      ]);
      expect(await listPages((after, limit) => store.pageApiKeys('default', after, limit))).toEqual([
        keys.slice(0, 2),
        keys.slice(2),
      ]);
      const sandboxes = await listPages((after, limit) => store.pageSandboxes(after, limit));
      expect(sandboxes.map((page) => page.map(({ sandbox_id }) => sandbox_id))).toEqual([['default', 'b'], ['a']]);
      expect(sandboxes[0]?.[0]).toMatchObject({ organizations: 5, api_keys: 4, now: NOW });
    });

    it.each([
      ['before', [`${FULL.organization_name}, old, updated`, FULL.organization_name]],
      ['behind', [`${FULL.organization_name}, updated`, `${FULL.organization_name}, updated`]],
    ])(
      'applies an update %s a state that is put in the same turn to the state of that moment',
      async (place, names) => {
        const store = await openFilled();
        await store.updateOrganization('default', 'org_full', rename(', old'));
        const update = () => store.updateOrganization('default', 'org_full', rename(', updated'));
        const replace = () => store.put('default', STATE);
        const [first] = place === 'before' ? [update(), replace()] : [undefined, replace()];
        const { after } = await (first ?? update());
        await store.updateOrganization('default', 'org_other', (current) => current);
        const kept = await store.findOrganization('default', 'org_full');
        const again = await store.updateOrganization('default', 'org_full', (current) => current);
        expect([after?.organization_name, kept?.organization_name]).toEqual(names);
        expect(again.after).toEqual(kept);
      },
    );

    it('keeps granted keys through every state, those of the first organization for the new first one; one that it has keeps its id and its name', async () => {
      const store = await openFilled();
      await store.find(FULL_KEY.key_hash);
      const granted = { ...FULL_KEY, api_key_id: 'key_x', name: 'x', status: 'active', permissions: ['read'] } as const;
      const { api_key: lone } = toKnownKey('sk_test_lone', 'org_other', 'admin', 'lone');
      await store.grant('default', [{ ...granted, permissions: ['read'] }, lone]);
      const allowed = { ...FULL_KEY, status: 'active', permissions: ['read'] };
      expect(await store.listApiKeys('default', {})).toEqual([allowed, lone]);
      await store.put('default', STATE);
      expect(await store.listApiKeys('default', {})).toEqual([allowed, lone]);
      expect((await store.readState('default', INITIAL_SNAPSHOT))?.api_keys).toEqual([FULL_KEY]);
      await store.put('default', EMPTY);
      const moved = { ...allowed, organization_id: 'org_other' };
      expect(await store.listApiKeys('default', {})).toEqual([moved, lone]);
      await expect(store.put('second', EMPTY, { initial: SETTINGS, granted: [lone] })).rejects.toMatchObject(TAKEN);
      await expect(store.grant('second', [lone])).rejects.toMatchObject(TAKEN);
      await store.put('default', STATE, { initial: SETTINGS });
      expect(await store.find(lone.key_hash)).toBeUndefined();
    });

    it('finds a lent key by its hash and its id in its sandbox, also after another state was put', async () => {
      const store = await openFilled();
      const { api_key } = toKnownKey('sk_test_lent', 'org_full', 'write', 'lent');
      const { api_key_id, key_hash } = api_key;
      store.lend('default', api_key);
      for (let time = 1; time <= 2; time++) {
        expect((await store.find(key_hash))?.api_key).toEqual(api_key);
        expect(await store.listApiKeys('default', { api_key_id })).toEqual([api_key]);
        expect(await store.listApiKeys('other', { api_key_id })).toEqual([]);
        expect(await store.listApiKeys('default', { key_hashes: [key_hash] })).toEqual([]);
        expect((await readState(store))?.api_keys).toEqual([FULL_KEY]);
        await store.put('default', STATE);
      }
    });

    it('finishes what was begun when it is closed, then refuses', async () => {
      const store = await open();
      await store.put('default', STATE, { initial: SETTINGS });
      const update = store.updateOrganization('default', 'org_full', rename('!'));
      await store.close();
      expect((await update).after?.organization_name).toBe(`${FULL.organization_name}!`);
      await expect(store.updateOrganization('default', 'org_full', rename('!'))).rejects.toThrow('closed');
    });
  });
}
