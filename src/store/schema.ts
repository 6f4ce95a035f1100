/** What the migrations make of an empty database. */
export interface Schema {
  /** Their names. */
  migrations: string[];
  sql: string;
}

/**
 * Written by `scripts/bundle.js`; without it a new database goes through one migration after another. Saves 2.5 ms of the 16
 * in which `createMockServer()` starts one more server.
 */
export const SCHEMA: Schema | undefined = undefined;
