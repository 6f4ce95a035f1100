import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Tests that start the real process ten times take some seconds, on a busy machine more.
    testTimeout: 30_000,
    globalSetup: ['test/support/build.ts', 'test/support/postgres.ts'],
    // No module of ours has state, so test files can share what is loaded: a third less time.
    isolate: false,
    // On two cores vitest would take one; many tests wait for processes that they start.
    maxWorkers: 2,
  },
});
