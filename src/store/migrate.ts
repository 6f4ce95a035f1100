import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from 'better-sqlite3';
import { StorageError } from './errors.ts';
import { SCHEMA, type Schema } from './schema.ts';

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
 * @param schema what all of them together make of an empty database, if that is known
 * @throws {StorageError} naming the migration that failed
 */
export function migrate(db: Database, migrations: Migration[], schema = SCHEMA): void {
  const done = Number(db.pragma('user_version', { simple: true }));
  if (done === 0 && isOf(migrations, schema)) {
    const names = schema.migrations;
    run(db, 'the schema', schema.sql, names, names.length);
    return;
  }
  for (const [index, { name, sql }] of migrations.entries()) {
    if (index >= done) run(db, `migration ${name}`, sql, [name], index + 1);
  }
}

const isOf = (migrations: Migration[], schema: Schema | undefined): schema is Schema =>
  schema !== undefined && schema.migrations.join() === migrations.map(({ name }) => name).join();

/** @param names of the migrations that it is, or stands for */
function run(db: Database, what: string, sql: string, names: string[], version: number): void {
  try {
    db.transaction(() => {
      db.exec('CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, applied_at TEXT NOT NULL) STRICT');
      db.exec(sql);
      const record = db.prepare("INSERT INTO migrations VALUES (?, strftime('%Y-%m-%dT%H:%M:%SZ'))");
      for (const name of names) record.run(name);
      db.pragma(`user_version = ${version}`);
    }).immediate();
  } catch (error) {
    throw new StorageError(`${db.name}: ${what} failed, nothing of it was kept: ${(error as Error).message}`);
  }
}
