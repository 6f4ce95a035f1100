import { expect, it } from 'vitest';
import type { ApiKey } from '../../src/domain/api-key.ts';
import { MemoryBuckets } from '../../src/sandbox/buckets.ts';

const NOW = Date.UTC(2026, 0, 1);

const keyOf = (number: number): ApiKey => ({
  api_key_id: `key_${number}`,
  organization_id: 'org_a',
  key_hash: '',
  key_prefix: '',
  name: null,
  permissions: ['read'],
  status: 'active',
  expires_at: null,
});

it('beyond a thousand keys those that are full again are forgotten, and no debt is', async () => {
  const buckets = new MemoryBuckets();
  await buckets.charge(keyOf(0), 'data', 1, NOW, 1);
  for (let number = 1; number < 1000; number++) await buckets.charge(keyOf(number), 'data', 1, NOW - 60_000);
  expect(await buckets.list()).toHaveLength(1000);
  await buckets.charge(keyOf(1000), 'data', 1, NOW + 59_999);
  expect((await buckets.list()).map(({ apiKey }) => apiKey.api_key_id)).toEqual(['key_0', 'key_1000']);
  expect((await buckets.charge(keyOf(0), 'data', 1, NOW + 59_999)).isAllowed).toBe(false);
  expect((await buckets.charge(keyOf(0), 'data', 1, NOW + 60_000)).isAllowed).toBe(true);
});
