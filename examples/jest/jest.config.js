module.exports = {
  globalSetup: 'mixpeek-mock/jest/setup',
  globalTeardown: 'mixpeek-mock/jest/teardown',
};
