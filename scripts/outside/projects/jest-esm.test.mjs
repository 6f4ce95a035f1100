import { expect, it, jest } from '@jest/globals';
import { createMockServer } from 'mixpeek-mock';
import patchTwice from './patch-twice.cjs';

it('PATCH answers under fake timers', async () => {
  expect(await patchTwice(createMockServer, () => jest.useFakeTimers())).toBe('One,Two,One,Two');
});
