import { test as base } from '@playwright/test';
import { withSandbox } from 'mixpeek-mock/client';

/** Each test has a sandbox of its own, in any number of workers. */
export const test = base.extend({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads from it what a fixture needs
  mixpeek: async ({}, use) => {
    await withSandbox(use);
  },
});
export { expect } from '@playwright/test';
