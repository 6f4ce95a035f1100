import { describe, expect, it } from 'vitest';
import { hashApiKey } from '../../src/domain/api-key.ts';
import { toTimestamp } from '../../src/domain/clock.ts';
import { toKeyPrefix } from '../../src/domain/redact.ts';
import { toKnownKey } from '../../src/seed/build.ts';
import { type Ask, buildAsk } from '../support/ask.ts';
import { ADMIN, buildTestApp, errorBody, START } from '../support/harness.ts';

const KEY = 'sk_test_taken_by_owner';
const seedOf = (...keys: string[]) => ({
  version: 1,
  organizations: [{ organization_id: 'org_same', api_keys: keys.map((key) => ({ key })) }],
});

/** A sandbox `owner` that has the key, or had it: then its snapshot `initial` has it still. */
async function start(isOnlyInSnapshot: boolean) {
  const app = await buildTestApp();
  const ask = buildAsk(app);
  await ask('PUT', '/owner/state', seedOf(KEY, 'sk_test_owner'));
  await ask('PUT', '/other/state', seedOf('sk_test_other'));
  if (isOnlyInSnapshot) {
    const { json } = await ask('GET', '/owner/api-keys');
    await ask('DELETE', `/owner/api-keys/${json.api_keys[0].api_key_id}`);
  }
  // The first use reserves numbers for the journal.
  for (const sandbox of ['owner', 'other']) await ask('GET', `/${sandbox}`);
  /** All that could be changed. */
  const look = async () => ({
    sandboxes: (await app.store.pageSandboxes(0, 100)).items,
    owner: await app.store.readState('owner'),
    other: await app.store.readState('other'),
    snapshots: [await app.store.listSnapshots('owner'), await app.store.listSnapshots('other')],
  });
  return { app, ask, look };
}

const TAKERS: [string, (ask: Ask) => Promise<{ status: number; json: unknown }>][] = [
  ['creation with keys as given', (ask) => ask('POST', '', { seed: seedOf('sk_test_new', KEY), keys: 'as_given' })],
  ['import into a new sandbox', (ask) => ask('PUT', '/new/state', seedOf('sk_test_new', KEY))],
  ['import into one that there is', (ask) => ask('PUT', '/other/state', seedOf('sk_test_new', KEY))],
  [
    'import of its hash',
    (ask) => {
      const api_keys = [{ key_hash: hashApiKey(KEY), key_prefix: 'sk_test_ta' }];
      return ask('PUT', '/other/state', { version: 1, organizations: [{ organization_id: 'org_b', api_keys }] });
    },
  ],
  ['a key that is made known', (ask) => ask('POST', '/other/api-keys', { key: KEY })],
];

describe.each([
  ['has', false],
  ['has in a snapshot only', true],
])('a key that another sandbox %s', (_name, isOnlyInSnapshot) => {
  it.each(TAKERS)('is not given away by %s: a 409 names both, and nothing is applied', async (_taker, take) => {
    const { app, ask, look } = await start(isOnlyInSnapshot);
    const before = await look();
    const { status, json } = await take(ask);
    const message = 'The key sk_test_ta… belongs to the sandbox owner';
    expect([status, json]).toEqual([
      409,
      errorBody(409, 'ConflictError', message, { sandbox_id: 'owner', key_prefix: 'sk_test_ta' }),
    ]);
    expect(await look()).toEqual(before);
    for (const [key, expected] of [
      [KEY, isOnlyInSnapshot ? 401 : 200],
      ['sk_test_new', 401],
      ['sk_test_other', 200],
    ] as const) {
      expect([key, (await app.get({ authorization: `Bearer ${key}` })).status]).toEqual([key, expected]);
    }
  });

  it('is free once that is deleted', async () => {
    const { ask } = await start(isOnlyInSnapshot);
    await ask('DELETE', '/owner');
    expect((await ask('POST', '/other/api-keys', { key: KEY })).status).toBe(201);
  });
});

describe('a key of default', () => {
  it('is given to nobody, a lent one neither', async () => {
    const { app, ask } = await start(false);
    app.store.lend('default', toKnownKey('sk_test_lent', 'org_demo123', 'read', 'lent').api_key);
    for (const key of [ADMIN, 'sk_test_lent']) {
      const { status, json } = await ask('PUT', '/new/state', seedOf(key));
      expect([status, json.error.details]).toEqual([409, { sandbox_id: 'default', key_prefix: toKeyPrefix(key) }]);
    }
  });
});

describe('keys of a seed', () => {
  it('are issued anew for each sandbox, unless they are wanted as given', async () => {
    const { app, ask } = await start(false);
    const { json } = await ask('POST', '', { count: 2, seed: seedOf(KEY), clock: toTimestamp(START) });
    const keys = json.sandboxes.flatMap(({ organizations }: { organizations: { api_keys: { key: string }[] }[] }) =>
      organizations.flatMap(({ api_keys }) => api_keys.map(({ key }) => key)),
    );
    expect(new Set([KEY, ...keys]).size).toBe(3);
    for (const key of keys) expect((await app.get({ authorization: `Bearer ${key}` })).status).toBe(200);
    const given = await ask('POST', '', { seed: seedOf('sk_test_mine'), keys: 'as_given' });
    expect(given.json.sandboxes[0].organizations[0].api_keys).toMatchObject([{ key: null, key_prefix: 'sk_test_mi' }]);
    expect((await app.get({ authorization: 'Bearer sk_test_mine' })).json.organization_id).toBe('org_same');
  });
});
