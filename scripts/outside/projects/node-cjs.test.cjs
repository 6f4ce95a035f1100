const assert = require('node:assert/strict');
const { mock, test } = require('node:test');
const { createMockServer } = require('mixpeek-mock');
const patchTwice = require('./patch-twice.cjs');

test('PATCH answers under fake timers', async () => {
  assert.equal(await patchTwice(createMockServer, () => mock.timers.enable()), 'One,Two,One,Two');
});
