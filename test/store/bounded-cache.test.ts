import { expect, it } from 'vitest';
import { BoundedCache } from '../../src/store/bounded-cache.ts';

const countKept = (cache: BoundedCache<string>, keys: number) =>
  Array.from({ length: keys }, (_, key) => cache.get(`${key}`)).filter((kept) => kept !== undefined).length;

it('a cache keeps as many entries as it may, the newest ones', () => {
  const cache = new BoundedCache<string>(3);
  for (let key = 0; key < 4; key++) cache.set(`${key}`, 'x');
  expect([countKept(cache, 4), cache.get('0')]).toEqual([3, undefined]);
  cache.set('2', 'y');
  cache.set('4', 'x');
  expect(['1', '2', '3', '4'].map((key) => cache.get(key))).toEqual([undefined, 'y', 'x', 'x']);
});

it('a cache bounds the size of all entries together; what is replaced or cleared takes none', () => {
  const cache = new BoundedCache<string>(100, 8, (text) => text.length);
  for (let time = 0; time < 20; time++) cache.set('0', 'xx');
  for (let key = 1; key < 4; key++) cache.set(`${key}`, 'xx');
  expect(countKept(cache, 4)).toBe(4);
  cache.set('4', 'x');
  expect([countKept(cache, 5), cache.get('0')]).toEqual([4, undefined]);
  cache.clear();
  expect(countKept(cache, 5)).toBe(0);
  for (let key = 0; key < 4; key++) cache.set(`${key}`, 'xx');
  expect(countKept(cache, 4)).toBe(4);
});
