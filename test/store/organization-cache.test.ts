import { expect, it } from 'vitest';
import { DEFAULT_SEED } from '../../src/default-seed.ts';
import type { Organization } from '../../src/domain/organization.ts';
import { buildSeed } from '../../src/seed-build.ts';
import { OrganizationCache } from '../../src/store/organization-cache.ts';

const [ACME] = buildSeed(DEFAULT_SEED, 'a test', '2026-01-01T00:00:00Z').state.organizations;
const make = (id: number, characters: number): Organization => {
  if (ACME === undefined) throw new Error('the seed has organizations');
  return { ...ACME, organization_id: `org_${id}`, metadata: 'x'.repeat(characters) };
};
const countKept = (cache: OrganizationCache, ids: number) =>
  Array.from({ length: ids }, (_, id) => cache.get('default', `org_${id}`)).filter((kept) => kept !== undefined).length;

it('keeps 1000 organizations, the oldest goes first', () => {
  const cache = new OrganizationCache();
  for (let id = 0; id < 1001; id++) cache.set('default', make(id, 1));
  expect([countKept(cache, 1001), cache.get('default', 'org_0')]).toEqual([1000, undefined]);
});

it('keeps 8 Mi characters of all together, what is replaced or cleared takes none', () => {
  const cache = new OrganizationCache();
  const mebi = 1024 * 1024;
  for (let time = 0; time < 20; time++) cache.set('default', make(0, mebi));
  for (let id = 1; id < 9; id++) cache.set('default', make(id, mebi));
  expect([countKept(cache, 9), cache.get('default', 'org_0')]).toEqual([7, undefined]);
  cache.invalidate();
  cache.end(true);
  expect(countKept(cache, 9)).toBe(0);
  for (let id = 0; id < 9; id++) cache.set('default', make(id, mebi));
  expect(countKept(cache, 9)).toBe(7);
});
