import { expect, it } from 'vitest';
import { toKnownKey } from '../../src/seed-build.ts';
import { KeyCache } from '../../src/store/key-cache.ts';

const MAX_KEYS = 10_000;

it('the cache of keys keeps the newest ten thousand that were read, and all that were lent', () => {
  const { api_key } = toKnownKey('sk_test_a', 'org_a', 'read', 'a test');
  const found = { sandbox_id: 'default', api_key };
  const keys = new KeyCache();
  keys.lend(found);
  for (let index = 0; index < MAX_KEYS; index++) keys.set(`hash ${index}`, found);
  expect(keys.get('hash 0')).toBe(found);
  keys.set('hash new', found);
  expect(['hash 0', 'hash 1', 'hash new', api_key.key_hash].map((hash) => keys.get(hash))).toEqual([
    undefined,
    found,
    found,
    found,
  ]);
  keys.invalidate();
  expect([keys.get('hash new'), keys.get(api_key.key_hash)]).toEqual([undefined, found]);
});
