import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DEFAULT_SEED } from '../../src/default-seed.ts';
import { buildSeed } from '../../src/seed.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import type { Store } from '../../src/store/store.ts';
import { makeFolder } from '../support/folder.ts';
import { MIGRATIONS } from '../support/harness.ts';

const SINCE = '2026-01-01T00:00:00Z';
const { state } = buildSeed(DEFAULT_SEED, 'a test', SINCE);

function open(file: string, migrations = MIGRATIONS): Store {
  const store = openSqliteStore({ file, migrations, pid: 4711, since: SINCE, report: () => {} });
  onTestFinished(() => store.close().catch(() => {}));
  return store;
}

async function makeDatabase(file: string): Promise<void> {
  const store = open(file);
  await store.replaceState('default', state);
  await store.close();
}

describe('opening a database', () => {
  it('makes the folder, which source control then leaves alone', async () => {
    const file = join(makeFolder(), 'a', 'b', 'mock.db');
    await makeDatabase(file);
    expect(readdirSync(join(file, '..')).sort()).toEqual(['.gitignore', 'mock.db']);
  });

  it('finds again what was written', async () => {
    const file = join(makeFolder(), 'mock.db');
    await makeDatabase(file);
    expect(await open(file).findSandbox('default')).toMatchObject({ tiers: state.tiers });
  });

  it('takes an empty file', () => {
    const file = join(makeFolder(), 'mock.db');
    writeFileSync(file, '');
    open(file);
  });

  it.each<[string, (file: string) => void, RegExp]>([
    ['is no database', (file) => writeFileSync(file, 'Dear diary,\n'.repeat(100)), /is no database of mixpeek-mock/],
    ['is short', (file) => writeFileSync(file, 'x'), /is no database of mixpeek-mock/],
    [
      'is the database of another program',
      (file) => new Sqlite(file).exec('CREATE TABLE diary (day TEXT)').close(),
      /is no database of mixpeek-mock/,
    ],
    [
      'is the database of another program with a version',
      (file) => new Sqlite(file).exec('CREATE TABLE diary (day TEXT); PRAGMA user_version = 1').close(),
      /is no database of mixpeek-mock/,
    ],
    [
      'is of a newer version',
      (file) => new Sqlite(file).exec('PRAGMA user_version = 99').close(),
      /is of version 99, this program knows \d+ at most: use a newer mixpeek-mock/,
    ],
    [
      'is cut short',
      (file) => writeFileSync(file, readFileSync(file).subarray(0, 8192)),
      /the database is damaged: put a copy in its place/,
    ],
    [
      'is overwritten in the middle',
      (file) => writeFileSync(file, readFileSync(file).fill(0xa5, 5000, 30_000)),
      /the database is damaged/,
    ],
  ])('leaves a file alone that %s', async (what, spoil, message) => {
    const file = join(makeFolder(), 'mock.db');
    if (!what.includes('another program') && what !== 'is no database') await makeDatabase(file);
    spoil(file);
    const before = readFileSync(file);
    expect(() => open(file)).toThrow(message);
    expect(() => open(file)).toThrow(/^[^\n]*$/);
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it('says so when the file cannot be made or written', () => {
    const folder = makeFolder();
    writeFileSync(join(folder, 'file'), '');
    mkdirSync(join(folder, 'folder'));
    expect(() => open(join(folder, 'file', 'mock.db'))).toThrow(/the folder cannot be made \(E/);
    expect(() => open(join(folder, 'folder'))).toThrow(/cannot be read \(EISDIR\)/);
  });

  it('says who owns the file, and the owner goes on', async () => {
    const file = join(makeFolder(), 'mock.db');
    const owner = open(file);
    await owner.replaceState('default', state);
    owner.announce('http://localhost:4030');
    expect(() => open(file)).toThrow(
      /mock\.db: is in use by process 4711 on .*, which answers at http:\/\/localhost:4030, since 2026-01-01T00:00:00Z: stop it/,
    );
    expect(await owner.findSandbox('default')).toMatchObject({ tiers: state.tiers });
    await owner.close();
    expect(existsSync(`${file}.owner`)).toBe(false);
    open(file);
  });
});

describe('migrations', () => {
  const released = readdirSync(MIGRATIONS).sort();
  const newest = released.length;

  /** The released migrations, and more behind them. */
  function makeMigrations(...more: string[]): string {
    const folder = makeFolder();
    for (const name of released) copyFileSync(join(MIGRATIONS, name), join(folder, name));
    for (const [index, sql] of more.entries()) writeFileSync(join(folder, `9${index}_more.sql`), sql);
    return folder;
  }

  it('bring an older database to the newest version, with a copy of the old one kept beside it', async () => {
    const file = join(makeFolder(), 'mock.db');
    await makeDatabase(file);
    const store = open(file, makeMigrations('ALTER TABLE sandboxes ADD COLUMN added TEXT', 'CREATE TABLE more (a)'));
    expect(await store.findSandbox('default')).toMatchObject({ tiers: state.tiers });
    await store.close();
    const [now, old] = [file, `${file}.version-${newest}`].map((path) => {
      const db = new Sqlite(path, { readonly: true });
      const names = db.prepare('SELECT name FROM migrations').pluck().all();
      const organizations = db.prepare('SELECT count(*) FROM organizations').pluck().get();
      const version = db.pragma('user_version', { simple: true });
      db.close();
      return { names, organizations, version };
    });
    expect(now).toEqual({
      names: [...released, '90_more.sql', '91_more.sql'],
      organizations: 4,
      version: newest + 2,
    });
    expect(old).toEqual({ names: released, organizations: 4, version: newest });
  });

  it('leave the version before one that fails', async () => {
    const file = join(makeFolder(), 'mock.db');
    await makeDatabase(file);
    const migrations = makeMigrations('CREATE TABLE more (a)', 'CREATE TABLE even_more (a); nonsense');
    expect(() => open(file, migrations)).toThrow(/migration 91_more\.sql failed, nothing of it was kept/);
    const db = new Sqlite(file, { readonly: true });
    expect(db.pragma('user_version', { simple: true })).toBe(newest + 1);
    expect(db.prepare("SELECT name FROM sqlite_schema WHERE name LIKE '%more'").pluck().all()).toEqual(['more']);
    db.close();
  });
});
