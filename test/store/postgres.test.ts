import { describe } from 'vitest';
import { MISSING, openTestStore } from '../support/postgres-database.ts';
import { testStore } from '../support/store-suite.ts';

describe.skipIf(MISSING !== undefined)(MISSING ?? 'with an engine', () =>
  testStore('PostgreSQL', () => openTestStore()),
);
