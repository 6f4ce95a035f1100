import { openMemoryStore } from '../support/harness.ts';
import { testStore } from '../support/store-suite.ts';

testStore('SQLite', openMemoryStore);
