import { createMockServer } from 'mixpeek-mock';
import { expect, it, vi } from 'vitest';
import patchTwice from './patch-twice.cjs';

it('PATCH answers under fake timers', async () => {
  expect(await patchTwice(createMockServer, () => vi.useFakeTimers())).toBe('One,Two,One,Two');
});
