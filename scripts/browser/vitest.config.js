import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** The tests of the inspector in a browser: apart from `npm test`, which needs none. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/browser/*.browser.ts'],
    // A browser takes what it takes on a busy machine.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 10_000 } },
    // Frames that a second browser delays are failures of no page.
    maxWorkers: 1,
  },
});
