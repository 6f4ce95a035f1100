import { createRequire } from 'node:module';

// One module for both kinds of projects: two copies in one process would be two worlds.
export const { ControlError, createMockServer } = createRequire(import.meta.url)('./index.cjs');
