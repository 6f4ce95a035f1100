import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { createMockServer } from 'mixpeek-mock';
import patchTwice from './patch-twice.cjs';

test('PATCH answers under fake timers', async () => {
  assert.equal(await patchTwice(createMockServer, () => mock.timers.enable()), 'One,Two,One,Two');
});
