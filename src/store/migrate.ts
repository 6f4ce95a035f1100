import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from 'better-sqlite3';
import { StorageError } from './store.ts';

/** Marks a file as ours ("mxpk"), in the header of the database. */
export const APPLICATION_ID = 0x6d78706b;

export interface Migration {
  name: string;
  sql: string;
}

/** The migrations of a folder, in the order of their names. */
export function readMigrations(folder: string): Migration[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => ({ name, sql: readFileSync(join(folder, name), 'utf8') }));
}

/**
 * Brings the database to the newest version: `user_version` counts the migrations it has had, the table `migrations`
 * names them. Each runs in a transaction of its own, so that one that fails leaves the version before it.
 * @throws {StorageError} naming the migration that failed
 */
export function migrate(db: Database, migrations: Migration[]): void {
  const done = Number(db.pragma('user_version', { simple: true }));
  for (const [index, { name, sql }] of migrations.entries()) {
    if (index < done) continue;
    try {
      db.transaction(() => {
        db.exec('CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, applied_at TEXT NOT NULL) STRICT');
        db.exec(sql);
        db.prepare("INSERT INTO migrations VALUES (?, strftime('%Y-%m-%dT%H:%M:%SZ'))").run(name);
        db.pragma(`user_version = ${index + 1}`);
      }).immediate();
    } catch (error) {
      throw new StorageError(
        `${db.name}: migration ${name} failed, nothing of it was kept: ${(error as Error).message}`,
      );
    }
  }
}
