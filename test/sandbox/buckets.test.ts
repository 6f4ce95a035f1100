import { expect, it } from 'vitest';
import type { ApiKey } from '../../src/domain/api-key.ts';
import { Buckets } from '../../src/sandbox/buckets.ts';

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

it('beyond a thousand keys those that are full again are forgotten, and no debt is', () => {
  const buckets = new Buckets();
  buckets.charge(keyOf(0), 'data', 1, NOW, 1);
  for (let number = 1; number < 1000; number++) buckets.charge(keyOf(number), 'data', 1, NOW - 60_000);
  expect(buckets.list()).toHaveLength(1000);
  buckets.charge(keyOf(1000), 'data', 1, NOW + 59_999);
  expect(buckets.list().map(({ apiKey }) => apiKey.api_key_id)).toEqual(['key_0', 'key_1000']);
  expect(buckets.charge(keyOf(0), 'data', 1, NOW + 59_999).isAllowed).toBe(false);
  expect(buckets.charge(keyOf(0), 'data', 1, NOW + 60_000).isAllowed).toBe(true);
});
