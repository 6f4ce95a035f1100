import { describe, expect, it, onTestFinished } from 'vitest';
import { DEFAULT_SEED } from '../../src/default-seed.ts';
import { hashApiKey } from '../../src/domain/api-key.ts';
import { buildSeed, toKnownKey } from '../../src/seed-build.ts';
import { openMemoryStore } from '../support/harness.ts';

const NOW = '2026-01-01T00:00:00Z';
const { state } = buildSeed(DEFAULT_SEED, 'a test', NOW);
const ORGANIZATION = 'org_demo123';

async function openFilledStore() {
  const store = openMemoryStore();
  onTestFinished(() => store.close());
  await store.replaceState('default', state);
  return store;
}

describe('a store', () => {
  it('knows nothing of a sandbox that was never made', async () => {
    const store = await openFilledStore();
    expect(await store.findSandbox('other')).toBeUndefined();
    expect(await store.findOrganization('other', ORGANIZATION)).toBeUndefined();
    expect(await store.updateOrganization('other', ORGANIZATION, (current) => current)).toBeUndefined();
    expect(await store.findCaller(hashApiKey('sk_test_unknown'))).toBeUndefined();
  });

  it('gives back what was put in', async () => {
    const store = await openFilledStore();
    expect(await store.findSandbox('default')).toMatchObject({ tiers: state.tiers });
    for (const organization of state.organizations) {
      expect(await store.findOrganization('default', organization.organization_id)).toEqual(organization);
    }
    for (const api_key of state.api_keys) {
      const organization = state.organizations.find(
        ({ organization_id }) => organization_id === api_key.organization_id,
      );
      expect(await store.findCaller(api_key.key_hash)).toEqual({ sandbox_id: 'default', api_key, organization });
    }
    expect(await store.listOrganizationIds('default', 4)).toEqual([
      'org_demo123',
      'org_free',
      'org_team',
      'org_enterprise',
    ]);
  });

  it('applies updates of one turn one after another', async () => {
    const store = await openFilledStore();
    const append = (text: string) =>
      store.updateOrganization('default', ORGANIZATION, (current) => ({
        ...current,
        organization_name: current.organization_name + text,
      }));
    const results = await Promise.all(['a', 'b', 'c'].map(append));
    expect(results.map((organization) => organization?.organization_name)).toEqual([
      'Acme Corporationa',
      'Acme Corporationab',
      'Acme Corporationabc',
    ]);
  });

  it('takes back an update that throws, and no other of the same turn', async () => {
    const store = await openFilledStore();
    const update = (change: (name: string) => string) =>
      store.updateOrganization('default', ORGANIZATION, (current) => ({
        ...current,
        organization_name: change(current.organization_name),
      }));
    const results = await Promise.allSettled([
      update(() => 'first'),
      update(() => {
        throw new Error('no');
      }),
      // What the table itself refuses comes out as well.
      update(() => null as unknown as string),
      update((name) => `${name}, last`),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    expect((await store.findOrganization('default', ORGANIZATION))?.organization_name).toBe('first, last');
  });

  it('lets a granted key be used; one that it has keeps its id and its name', async () => {
    const store = await openFilledStore();
    const [apiKey] = state.api_keys;
    if (apiKey === undefined) throw new Error('the seed has a key');
    await store.findCaller(apiKey.key_hash);
    const granted = { ...apiKey, api_key_id: 'key_other', name: 'other', permissions: ['read' as const] };
    await store.grantApiKeys('default', [granted]);
    expect((await store.findCaller(apiKey.key_hash))?.api_key).toEqual({ ...apiKey, permissions: ['read'] });
    await store.replaceState('second', { ...state, api_keys: [] });
    await store.grantApiKeys('second', [granted]);
    expect((await store.findCaller(apiKey.key_hash))?.sandbox_id).toBe('default');
  });

  it('forgets everything of a sandbox whose state is replaced', async () => {
    const store = await openFilledStore();
    const [apiKey] = state.api_keys;
    await store.findCaller(apiKey?.key_hash ?? '');
    await store.replaceState('default', { ...state, organizations: [], api_keys: [] });
    expect(await store.listOrganizationIds('default', 4)).toEqual([]);
    expect(await store.findCaller(apiKey?.key_hash ?? '')).toBeUndefined();
  });

  it('forgets a key that a replaced state no longer has, although it was used', async () => {
    const store = await openFilledStore();
    const [apiKey] = state.api_keys;
    expect(await store.findCaller(apiKey?.key_hash ?? '')).toMatchObject({ api_key: apiKey });
    await store.replaceState('default', { ...state, api_keys: [] });
    expect(await store.findCaller(apiKey?.key_hash ?? '')).toBeUndefined();
  });

  it('finds a lent key by its hash and its id in its sandbox, also after the state was replaced', async () => {
    const store = await openFilledStore();
    const { api_key } = toKnownKey('sk_test_lent', ORGANIZATION, 'write', 'lent');
    store.lendApiKey('default', api_key);
    for (let time = 1; time <= 2; time++) {
      expect((await store.findCaller(api_key.key_hash))?.api_key).toEqual(api_key);
      expect(await store.findApiKeyById('default', api_key.api_key_id)).toEqual(api_key);
      expect(await store.findApiKeyById('other', api_key.api_key_id)).toBeUndefined();
      expect(await store.findApiKeys([api_key.key_hash])).toEqual([]);
      await store.replaceState('default', state);
    }
  });

  it.each([
    ['before', ['old, updated', 'Acme Corporation']],
    ['behind', ['Acme Corporation, updated', 'Acme Corporation, updated']],
  ])(
    'applies an update %s a replacement in the same turn to the state of that moment',
    async (place, [updated, kept]) => {
      const store = await openFilledStore();
      await store.updateOrganization('default', ORGANIZATION, (current) => ({ ...current, organization_name: 'old' }));
      const update = () =>
        store.updateOrganization('default', ORGANIZATION, (current) => ({
          ...current,
          organization_name: `${current.organization_name}, updated`,
        }));
      const replace = () => store.replaceState('default', state);
      const [first] = place === 'before' ? [update(), replace()] : [undefined, replace()];
      const result = await (first ?? update());
      expect(result?.organization_name).toBe(updated);
      await store.updateOrganization('default', 'org_free', (current) => current);
      expect((await store.findOrganization('default', ORGANIZATION))?.organization_name).toBe(kept);
      const again = await store.updateOrganization('default', ORGANIZATION, (current) => current);
      expect(again?.organization_name).toBe(kept);
    },
  );

  it('finishes what was begun when it is closed, then refuses', async () => {
    const store = openMemoryStore();
    await store.replaceState('default', state);
    const update = store.updateOrganization('default', ORGANIZATION, (current) => ({ ...current, logo_url: 'x' }));
    await store.close();
    expect((await update)?.logo_url).toBe('x');
    await expect(store.updateOrganization('default', ORGANIZATION, (current) => current)).rejects.toThrow('closed');
  });
});
