import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ApiKey } from '../../src/domain/api-key.ts';
import type { Organization } from '../../src/domain/organization.ts';
import { BEFORE_RESET, INITIAL_SNAPSHOT, type State } from '../../src/domain/state.ts';
import type { Store } from '../../src/store/store.ts';
import { openMemoryStore } from '../support/harness.ts';
import { buildState, toKey, toOrganization } from '../support/states.ts';

/** A sandbox as it should be: whole states, copied each time. */
class Model {
  current: State;
  readonly snapshots = new Map<string, State>();

  constructor(first: State) {
    this.current = structuredClone(first);
    this.snapshots.set(INITIAL_SNAPSHOT, structuredClone(first));
  }

  replace(next: State): void {
    this.snapshots.set(BEFORE_RESET, this.current);
    this.current = structuredClone(next);
  }
}

const IDS = ['org_a', 'org_b', 'org_c', 'org_d'];
const NAMES = ['one', 'two'];
const id = fc.constantFrom(...IDS);
const name = fc.constantFrom(...NAMES);

/** What is done to a sandbox: to the store, and to what it should be then. */
type Step = (store: Store, model: Model) => Promise<void>;

const putOrganization = fc.tuple(id, fc.string({ maxLength: 3 })).map(([organization_id, text]): Step => {
  const make = (current: Organization | undefined) => ({
    ...(current ?? toOrganization(organization_id)),
    organization_name: `n${text.length}`,
    metadata: JSON.stringify({ text }),
  });
  return async (store, { current }) => {
    await store.updateOrganization('default', organization_id, make);
    const at = current.organizations.findIndex((one) => one.organization_id === organization_id);
    if (at === -1) current.organizations.push(make(undefined));
    else current.organizations[at] = make(current.organizations[at]);
  };
});

const removeOrganization = id.map(
  (organization_id): Step =>
    async (store, { current }) => {
      if (current.organizations.length === 1) return;
      await store.updateOrganization('default', organization_id, () => undefined);
      current.organizations = current.organizations.filter((one) => one.organization_id !== organization_id);
      current.api_keys = current.api_keys.filter((key) => key.organization_id !== organization_id);
    },
);

const putApiKey = fc.tuple(id, id, fc.boolean()).map(([of, organization_id, isActive]): Step => {
  const key = toKey(`sk_test_${of}`, organization_id);
  const make = (current: ApiKey | undefined): ApiKey => ({
    ...(current ?? key),
    organization_id,
    status: isActive ? 'active' : 'revoked',
  });
  return async (store, { current }) => {
    if (!current.organizations.some((one) => one.organization_id === organization_id)) return;
    await store.updateApiKey('default', key.api_key_id, make);
    const at = current.api_keys.findIndex((one) => one.api_key_id === key.api_key_id);
    if (at === -1) current.api_keys.push(make(undefined));
    else current.api_keys[at] = make(current.api_keys[at]);
  };
});

const removeApiKey = id.map(
  (of): Step =>
    async (store, { current }) => {
      const { api_key_id } = toKey(`sk_test_${of}`, of);
      await store.updateApiKey('default', api_key_id, () => undefined);
      current.api_keys = current.api_keys.filter((key) => key.api_key_id !== api_key_id);
    },
);

const saveSnapshot = name.map(
  (one): Step =>
    async (store, model) => {
      await store.saveSnapshot('default', one);
      model.snapshots.set(one, structuredClone(model.current));
    },
);

const removeSnapshot = name.map(
  (one): Step =>
    async (store, model) => {
      expect(await store.removeSnapshot('default', one)).toBe(model.snapshots.delete(one));
    },
);

const restore = fc.constantFrom(...NAMES, INITIAL_SNAPSHOT, BEFORE_RESET).map(
  (one): Step =>
    async (store, model) => {
      const state = model.snapshots.get(one);
      expect(await store.restore('default', one, (settings) => settings)).toBe(state !== undefined);
      if (state !== undefined) model.replace(state);
    },
);

const put = fc.subarray(IDS, { minLength: 1 }).map(
  (ids): Step =>
    async (store, model) => {
      const state = buildState(ids);
      await store.put('default', state);
      model.replace(state);
    },
);

const STEPS = [
  putOrganization,
  removeOrganization,
  putApiKey,
  removeApiKey,
  saveSnapshot,
  removeSnapshot,
  restore,
  put,
];

async function expectSame(store: Store, model: Model): Promise<void> {
  const { current, snapshots } = model;
  expect(await store.readState('default')).toEqual(current);
  for (const [snapshot, state] of snapshots) expect(await store.readState('default', snapshot)).toEqual(state);
  const counts = ({ organizations, api_keys }: State) => ({
    organizations: organizations.length,
    api_keys: api_keys.length,
  });
  expect(await store.listSandbox('default')).toMatchObject(counts(current));
  const listed = await store.listSnapshots('default');
  expect(new Map(listed.map(({ name, organizations, api_keys }) => [name, { organizations, api_keys }]))).toEqual(
    new Map([...snapshots].map(([snapshot, state]) => [snapshot, counts(state)])),
  );
  const paged: Organization[] = [];
  for (let after: number | null = 0; after !== null; ) {
    const { items, next }: { items: Organization[]; next: number | null } = await store.pageOrganizations(
      'default',
      after,
      1,
    );
    paged.push(...items);
    after = next;
  }
  expect(paged).toEqual(current.organizations);
  for (const of of IDS) {
    const { key_hash, api_key_id } = toKey(`sk_test_${of}`, of);
    const key = current.api_keys.find((one) => one.api_key_id === api_key_id);
    expect((await store.find(key_hash))?.api_key).toEqual(key);
    expect(await store.findOrganization('default', of)).toEqual(
      current.organizations.find((one) => one.organization_id === of),
    );
  }
}

it('whatever is done to a sandbox, each state is what it would be if every one were a copy of its own', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(...STEPS), { minLength: 5, maxLength: 40 }), async (steps) => {
      const first = buildState(['org_a', 'org_b']);
      const store = openMemoryStore();
      await store.put('default', first, { initial: first.settings });
      const model = new Model(first);
      for (const step of steps) {
        await step(store, model);
        await expectSame(store, model);
      }
      await store.close();
    }),
    { numRuns: 60 },
  );
});

it('a snapshot that current state began as can be taken back to, and is what it was after changes', async () => {
  const store = openMemoryStore();
  const first = buildState(['org_a']);
  await store.put('default', first, { initial: first.settings });
  const imported = buildState(['org_b', 'org_c']);
  await store.put('default', imported);
  // What was imported is what the next state begins as.
  await store.saveSnapshot('default', BEFORE_RESET);
  await store.updateOrganization('default', 'org_b', (one) => one && { ...one, organization_name: 'changed' });
  const changed = await store.readState('default');
  await store.restore('default', BEFORE_RESET, (settings) => settings);
  await store.updateOrganization('default', 'org_c', (one) => one && { ...one, organization_name: 'other' });
  expect(await store.readState('default', BEFORE_RESET)).toEqual(changed);
});

it('a key that no state of a sandbox has any more is free, though a state that others began as has it', async () => {
  const store = openMemoryStore();
  const first = buildState(['org_a']);
  await store.put('default', first, { initial: first.settings });
  await store.put('default', buildState(['org_b']));
  await store.saveSnapshot('default', 'one');
  const { api_key_id } = toKey('sk_test_org_b', 'org_b');
  await store.updateApiKey('default', api_key_id, () => undefined);
  const other = { sandbox_id: 'other', name: null, ttl_ms: null, state: buildState(['org_b']) };
  await expect(store.create([other], 10)).rejects.toMatchObject({ refusal: { code: 'conflict' } });
  await store.removeSnapshot('default', 'one');
  await store.create([other], 10);
});

it('a key that is granted takes the place of no other one', async () => {
  const store = openMemoryStore();
  const state = buildState(['org_a']);
  const { api_key_id, key_hash } = toKey('sk_test_org_a', 'org_a');
  await store.put('default', state, { initial: state.settings });
  const other = { ...toKey('sk_test_other', 'org_a'), api_key_id };
  await expect(store.grant('default', [other])).rejects.toMatchObject({ refusal: { code: 'conflict' } });
  expect((await store.find(key_hash))?.api_key.api_key_id).toBe(api_key_id);
});
