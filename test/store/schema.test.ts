import Sqlite from 'better-sqlite3';
import { expect, it } from 'vitest';
import { readSchema } from '../../scripts/bundle.js';
import { migrate, readMigrations } from '../../src/store/migrate.ts';
import { projectFile } from '../../src/version.ts';

const MIGRATIONS = readMigrations(projectFile('migrations'));

/** All there is in a database. */
function readAll(db: Sqlite.Database) {
  const schema = db.prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name').all();
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").pluck().all();
  const rows = tables.map((name) => db.prepare(`SELECT * FROM "${name}"`).all());
  return { schema, tables, rows, version: db.pragma('user_version', { simple: true }) };
}

const withoutTimes = ({ rows, ...rest }: ReturnType<typeof readAll>) => ({
  ...rest,
  rows: JSON.stringify(rows).replace(/"applied_at":"[^"]*"/g, ''),
});

it('the bundled schema is what the migrations make of an empty database', () => {
  const [migrated, made] = [new Sqlite(':memory:'), new Sqlite(':memory:')];
  migrate(migrated, MIGRATIONS);
  migrate(made, MIGRATIONS, readSchema());
  expect(withoutTimes(readAll(made))).toEqual(withoutTimes(readAll(migrated)));
  expect(made.pragma('foreign_key_check')).toEqual([]);
});

it('a schema of other migrations is not taken', () => {
  const db = new Sqlite(':memory:');
  const schema = { migrations: readSchema().migrations.slice(1), sql: 'CREATE TABLE wrong (a)' };
  migrate(db, MIGRATIONS, schema);
  expect(readAll(db).tables).not.toContain('wrong');
  expect(db.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length);
});

it('a database that has something goes on from there', () => {
  const db = new Sqlite(':memory:');
  migrate(db, MIGRATIONS.slice(0, 2), undefined);
  migrate(db, MIGRATIONS, { ...readSchema(), sql: 'CREATE TABLE wrong (a)' });
  expect(readAll(db).tables).not.toContain('wrong');
  expect(db.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length);
});

it('a schema that fails leaves nothing', () => {
  const db = new Sqlite(':memory:');
  const schema = { ...readSchema(), sql: 'CREATE TABLE one (a); CREATE TABLE one (a)' };
  expect(() => migrate(db, MIGRATIONS, schema)).toThrow('the schema failed, nothing of it was kept: table one already');
  expect(readAll(db)).toMatchObject({ tables: [], version: 0 });
});
