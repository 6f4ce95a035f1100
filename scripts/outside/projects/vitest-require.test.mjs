import { createRequire } from 'node:module';
import { expect, it, vi } from 'vitest';
import patchTwice from './patch-twice.cjs';

it('PATCH answers under fake timers', async () => {
  const { createMockServer } = createRequire(import.meta.url)('mixpeek-mock');
  expect(await patchTwice(createMockServer, () => vi.useFakeTimers())).toBe('One,Two,One,Two');
});
