import { describe, expect, it } from 'vitest';
import { toKnownKey } from '../../src/seed/build.ts';
import { type ControlApp, DEFAULT, REPLACED, startControl } from '../support/control.ts';
import { ACME, ADMIN } from '../support/harness.ts';

const SEED = { version: 1, organizations: [{ organization_id: 'org_demo123', api_keys: [{ key: ADMIN }] }] };
const RESTORED = { restored: 'before-reset', replaced: REPLACED, before: 'before-reset' };

const readState = async ({ ask }: ControlApp) => (await ask('GET', `${DEFAULT}/state`)).text;
const undo = ({ ask }: ControlApp) => ask('POST', `${DEFAULT}/snapshots/before-reset/restore`);
const listNames = async ({ ask }: ControlApp) =>
  (await ask('GET', `${DEFAULT}/snapshots`)).json.snapshots.map(({ name }: { name: string }) => name);

/** What replaces the state. */
const REPLACING: [string, (app: ControlApp) => Promise<unknown>][] = [
  ['a reset', ({ ask }) => ask('POST', `${DEFAULT}/reset`)],
  ['an import', ({ ask }) => ask('PUT', `${DEFAULT}/state`, SEED)],
  ['a restore', ({ ask }) => ask('POST', `${DEFAULT}/snapshots/kept/restore`)],
  ['a restore of initial', ({ ask }) => ask('POST', `${DEFAULT}/snapshots/initial/restore`)],
];

/** An app in which nothing is as it was at the start, nor as in the snapshot `kept`. */
async function startChanged() {
  const app = await startControl();
  await app.patch({ organization_name: 'Kept' });
  await app.ask('PUT', `${DEFAULT}/snapshots/kept`);
  await app.patch({ organization_name: 'Changed', metadata: '{"id":12345678901234567890}' });
  await app.ask('PUT', `${DEFAULT}/clock`, { frozen_at: '2030-01-01T00:00:00Z' });
  await app.ask('PUT', `${DEFAULT}/limits`, { mode: 'enforce' });
  await app.ask('POST', `${DEFAULT}/organizations`, { organization_id: 'org_more' });
  await app.ask('POST', `${DEFAULT}/api-keys`, { key: 'sk_test_more', organization_id: 'org_more' });
  return app;
}

describe.each(REPLACING)('%s', (_name, replace) => {
  it('keeps what was there before, which undo brings back, and undo of that', async () => {
    const app = await startChanged();
    const before = await readState(app);
    await replace(app);
    const after = await readState(app);
    expect(after).not.toBe(before);
    expect((await undo(app)).json).toEqual(RESTORED);
    expect(await readState(app)).toBe(before);
    expect((await app.show('sk_test_more')).json.organization_id).toBe('org_more');
    expect((await undo(app)).json).toEqual(RESTORED);
    expect(await readState(app)).toBe(after);
    expect((await app.show('sk_test_more')).status).toBe(401);
    expect(await listNames(app)).toEqual(['initial', 'kept', 'before-reset']);
  });

  it('forgets requests and buckets, and so does undo', async () => {
    const app = await startChanged();
    await app.get();
    await replace(app);
    const read = async () => [
      (await app.ask('GET', `${DEFAULT}/requests`)).json,
      (await app.ask('GET', `${DEFAULT}/limits`)).json.buckets,
    ];
    expect(await read()).toEqual([{ requests: [], next: null, dropped: 0 }, []]);
    await app.get();
    await undo(app);
    expect(await read()).toEqual([{ requests: [], next: null, dropped: 0 }, []]);
    await app.get();
    const [entry] = (await app.ask('GET', `${DEFAULT}/requests`)).json.requests;
    expect(entry.seq).toBe(5);
  });

  it('keeps a granted key as it was, in no export and no snapshot', async () => {
    const app = await startChanged();
    const { api_key } = toKnownKey('sk_test_granted', 'org_demo123', 'read', '--api-key');
    const { text } = await app.ask('GET', `${DEFAULT}/state`);
    await app.store.grant('default', [api_key]);
    expect(await readState(app)).toBe(text);
    const listed = { ...api_key, key_hash: undefined };
    for (const step of [replace, undo, undo]) {
      await step(app);
      expect((await app.show('sk_test_granted')).status).toBe(200);
      const { api_keys } = (await app.ask('GET', `${DEFAULT}/api-keys?limit=1000`)).json;
      expect(api_keys.filter((one: typeof api_key) => one.api_key_id === api_key.api_key_id)).toEqual([listed]);
      expect(await readState(app)).not.toContain(api_key.api_key_id);
      for (const name of await listNames(app)) {
        const { changes } = (await app.ask('GET', `${DEFAULT}/snapshots/${name}/changes`)).json;
        expect(JSON.stringify(changes)).not.toContain(api_key.api_key_id);
      }
    }
  });
});

it('a granted key that the state has too stays granted where the state loses it', async () => {
  const app = await startControl();
  const { api_key } = toKnownKey(ADMIN, 'org_demo123', 'read', '--api-key');
  await app.store.grant('default', [api_key]);
  await app.ask('PUT', `${DEFAULT}/state`, { version: 1, organizations: [{ organization_id: 'org_demo123' }] });
  expect((await app.get()).status).toBe(200);
  await undo(app);
  expect((await app.get()).json).toEqual(ACME);
});

it('a granted key of the first organization is of the new first one, and comes back with it', async () => {
  const app = await startControl();
  const { api_key } = toKnownKey('sk_test_granted', 'org_demo123', 'read', '--api-key');
  await app.store.grant('default', [api_key]);
  const idOf = async () => (await app.show('sk_test_granted')).json.organization_id;
  await app.ask('PUT', `${DEFAULT}/state`, { version: 1, organizations: [{ organization_id: 'org_new' }] });
  expect(await idOf()).toBe('org_new');
  await undo(app);
  expect(await idOf()).toBe('org_demo123');
});

it('a granted key of another organization goes with that', async () => {
  const app = await startControl();
  const { api_key } = toKnownKey('sk_test_granted', 'org_team', 'read', '--api-key');
  await app.store.grant('default', [api_key]);
  await app.ask('PUT', `${DEFAULT}/state`, SEED);
  expect((await app.show('sk_test_granted')).status).toBe(401);
});

it('what could not be replaced leaves no before-reset', async () => {
  const app = await startControl();
  await app.ask('PUT', `${DEFAULT}/state`, { version: 1, organizations: [] });
  await app.ask('POST', `${DEFAULT}/snapshots/nope/restore`);
  expect(await listNames(app)).toEqual(['initial']);
});
