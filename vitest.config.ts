import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Tests that start the real process ten times take some seconds, on a busy machine more.
    testTimeout: 30_000,
    globalSetup: ['test/support/build.ts'],
  },
});
