const { createMockServer } = require('mixpeek-mock');
const patchTwice = require('./patch-twice.cjs');

it('PATCH answers under fake timers', async () => {
  expect(await patchTwice(createMockServer, () => jest.useFakeTimers())).toBe('One,Two,One,Two');
});
