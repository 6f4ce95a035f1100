import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { globalSetup: ['mixpeek-mock/vitest/setup'] },
});
