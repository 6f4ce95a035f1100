import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { buildSeed } from '../../src/seed/build.ts';
import { DEFAULT_SEED } from '../../src/seed/default.ts';
import { migrate, readMigrations } from '../../src/store/migrate.ts';
import { openDatabase } from '../../src/store/open-database.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import type { Store } from '../../src/store/store.ts';
import { makeFolder } from '../support/folder.ts';
import { MIGRATIONS } from '../support/harness.ts';

const SINCE = '2026-01-01T00:00:00Z';
const { state } = buildSeed(DEFAULT_SEED, SINCE);

const OPTIONS = { migrations: MIGRATIONS, pid: 4711, since: SINCE, report: () => {} };

function open(file: string, migrations = MIGRATIONS): Store {
  const store = openSqliteStore({ ...OPTIONS, file, migrations });
  onTestFinished(() => store.close().catch(() => {}));
  return store;
}

const released = readdirSync(MIGRATIONS)
  .filter((name) => name.endsWith('.sql'))
  .sort();
const newest = released.length;

/** The released migrations, and more behind them. */
function makeMigrations(...more: string[]): string {
  const folder = makeFolder();
  for (const name of released) copyFileSync(join(MIGRATIONS, name), join(folder, name));
  for (const [index, sql] of more.entries()) writeFileSync(join(folder, `9${index}_more.sql`), sql);
  return folder;
}

async function makeDatabase(file: string): Promise<void> {
  const store = open(file);
  await store.put('default', state, { initial: state.settings });
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
    expect(await open(file).findSandbox('default')).toMatchObject({ settings: state.settings });
  });

  it('keeps what SQLite sets aside in memory: a read-only container has no place for temporary files', () => {
    const db = openDatabase(join(makeFolder(), 'mock.db'), readMigrations(MIGRATIONS), () => {});
    onTestFinished(() => void db.close());
    const inMemory = 2;
    expect(db.pragma('temp_store', { simple: true })).toBe(inMemory);
  });

  it('takes an empty file', () => {
    const file = join(makeFolder(), 'mock.db');
    writeFileSync(file, '');
    open(file);
  });

  it.each<[string, (file: string) => void, RegExp]>([
    ['is no database', (file) => writeFileSync(file, 'Dear diary,\n'.repeat(100)), /is not a database of mixpeek-mock/],
    ['is short', (file) => writeFileSync(file, 'x'), /is not a database of mixpeek-mock/],
    [
      'is the database of another program',
      (file) => new Sqlite(file).exec('CREATE TABLE diary (day TEXT)').close(),
      /is not a database of mixpeek-mock/,
    ],
    [
      'is the database of another program with a version',
      (file) => new Sqlite(file).exec('CREATE TABLE diary (day TEXT); PRAGMA user_version = 1').close(),
      /is not a database of mixpeek-mock/,
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
    expect(() => open(join(folder, 'folder'))).toThrow(/folder: is a folder: name a file in it/);
  });

  it('says who owns the file, and the owner goes on', async () => {
    const file = join(makeFolder(), 'mock.db');
    const owner = open(file);
    await owner.put('default', state, { initial: state.settings });
    owner.announce('http://localhost:4030');
    expect(() => open(file)).toThrow(
      /mock\.db: is in use by process 4711 on .*, which answers at http:\/\/localhost:4030, since 2026-01-01T00:00:00Z: stop it/,
    );
    expect(await owner.findSandbox('default')).toMatchObject({ settings: state.settings });
    await owner.close();
    expect(existsSync(`${file}.owner`)).toBe(false);
    open(file);
  });
});

describe('a file that is not ours', () => {
  const makeForeign = (file: string) =>
    new Sqlite(file).exec("CREATE TABLE diary (day TEXT); INSERT INTO diary VALUES ('Monday')").close();

  /** A transaction of another program that was killed: a file and its journal as they then lie there. */
  function makeHotJournal(file: string): void {
    const db = new Sqlite(`${file}.live`);
    db.exec("PRAGMA cache_size = 1; CREATE TABLE diary (day TEXT); INSERT INTO diary VALUES ('Monday'); BEGIN");
    const insert = db.prepare('INSERT INTO diary VALUES (?)');
    for (let row = 0; row < 100; row++) insert.run('x'.repeat(1000));
    copyFileSync(`${file}.live`, file);
    copyFileSync(`${file}.live-journal`, `${file}-journal`);
    db.exec('ROLLBACK').close();
  }

  it.each<[string, (file: string) => void, RegExp, string?]>([
    [
      'has a journal beside it',
      (file) => {
        makeForeign(file);
        writeFileSync(`${file}-journal`, '');
      },
      /is not a database of mixpeek-mock/,
    ],
    ['has a journal to be rolled back beside it', makeHotJournal, /is not a database of mixpeek-mock/],
    [
      'is empty and has a journal to be rolled back beside it',
      (file) => {
        makeHotJournal(file);
        truncateSync(file, 0);
      },
      /mock\.db-journal: is the journal of another database: remove it/,
    ],
    [
      'is gone but for a journal to be rolled back',
      (file) => {
        makeHotJournal(file);
        rmSync(file);
      },
      /mock\.db-journal: is the journal of another database: remove it/,
    ],
    ['is named with whitespace behind it', makeForeign, /^--db ".*mock\.db ": whitespace at either end/, ' '],
    ['is named with a line break behind it', makeForeign, /^--db ".*mock\.db\\n": whitespace at either end/, '\n'],
    [
      'is meant by a link whose target ends in whitespace',
      (file) => {
        makeForeign(`${file}.foreign`);
        writeFileSync(`${file}.foreign `, '');
        symlinkSync(`${file}.foreign `, file);
      },
      /whitespace at either end/,
    ],
  ])('is left alone to the byte when it %s', (_, make, message, suffix = '') => {
    const folder = makeFolder();
    const file = join(folder, 'mock.db');
    make(file);
    const before = readAll(folder);
    expect(() => open(file + suffix)).toThrow(message);
    expect(readAll(folder)).toEqual(before);
  });

  it.each<[string, RegExp]>([
    ['', /^--db "": a path is expected, or :memory:$/],
    [' ', /^--db " ": a path is expected, or :memory:$/],
    [' mock.db', /whitespace at either end/],
    [' :memory: ', /whitespace at either end/],
    [':memory', /^--db ":memory": is not a path; :memory: keeps nothing$/],
    ['file:mock.db?mode=memory', /^--db "file:mock.db\?mode=memory": is a URI, and a path is expected$/],
    ['FILE:///tmp/x/mock.db', /is a URI/],
    ['a\0b', /^--db "a\\u0000b": a path has no NUL characters$/],
    ['~/mock.db', /^--db "~\/mock\.db": ~ is your home only in a shell, and not behind =: write the whole path$/],
    ['~', /write the whole path$/],
    ['folder/', /^--db "folder\/": is a folder: name a file in it$/],
  ])('is not what --db %j means', (name, message) => {
    expect(() => open(name)).toThrow(message);
  });

  it('is not waited for when it is a FIFO, and not read when it is a device or a socket', async () => {
    const folder = makeFolder();
    execFileSync('mkfifo', [join(folder, 'fifo')]);
    const server = createServer().listen(join(folder, 'socket'));
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    for (const file of [join(folder, 'fifo'), join(folder, 'socket'), '/dev/null', '/dev/zero']) {
      expect(() => open(file)).toThrow(`${file}: is not a regular file: choose another with --db`);
    }
  });
});

/** Every file of a folder, with its bytes. */
const readAll = (folder: string) =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'latin1')]));

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

describe('who may read a database', () => {
  it('is its owner alone, where it is made: folder, file, write-ahead log, owner file, copy', async () => {
    const folder = join(makeFolder(), 'a', 'b');
    const file = join(folder, 'mock.db');
    const store = open(file);
    await store.put('default', state, { initial: state.settings });
    expect([join(folder, '..'), folder, file, `${file}-wal`, `${file}.owner`].map(modeOf)).toEqual([
      '700',
      '700',
      '600',
      '600',
      '600',
    ]);
    await store.close();
    await open(file, makeMigrations('CREATE TABLE more (a)')).close();
    expect(modeOf(`${file}.version-${newest}`)).toBe('600');
  });

  it('is left as it is in a file that is there, with a line when others can read it', async () => {
    const folder = makeFolder();
    const file = join(folder, 'mock.db');
    const reports: string[] = [];
    for (const [mode, lines] of [
      [0o640, 0],
      [0o644, 1],
      [0o666, 2],
    ] as const) {
      await open(file).close();
      chmodSync(file, mode);
      await openSqliteStore({ ...OPTIONS, file, report: (level, text) => reports.push(`${level} ${text}`) }).close();
      expect([modeOf(file), reports.length]).toEqual([mode.toString(8), lines]);
    }
    expect(reports[0]).toBe(`warn ${file}: other users of this machine can read it; chmod 600 ends that`);
  });
});

describe('links', () => {
  it('to a database are followed: what belongs to it lies beside the file itself', async () => {
    const folder = makeFolder();
    const [file, link] = [join(folder, 'data', 'mock.db'), join(folder, 'link.db')];
    await makeDatabase(file);
    symlinkSync(file, link);
    const store = open(link);
    expect(await store.findSandbox('default')).toMatchObject({ settings: state.settings });
    expect(readdirSync(folder).sort()).toEqual(['data', 'link.db']);
    expect(() => open(file)).toThrow(/is in use by process 4711/);
    expect(() => open(link)).toThrow(/is in use by process 4711/);
  });

  it('that lead nowhere yet lead to a new database', async () => {
    const folder = makeFolder();
    symlinkSync(join(folder, 'mock.db'), join(folder, 'link.db'));
    await makeDatabase(join(folder, 'link.db'));
    expect(await open(join(folder, 'mock.db')).findSandbox('default')).toMatchObject({ settings: state.settings });
  });

  it.each<[string, (owner: string, folder: string) => void]>([
    ['link', (owner, folder) => symlinkSync(join(folder, 'precious'), owner)],
    ['link that leads nowhere', (owner, folder) => symlinkSync(join(folder, 'nowhere'), owner)],
    ['FIFO', (owner) => void execFileSync('mkfifo', [owner])],
  ])('are not followed by the owner file: a %s there becomes a file', async (_, make) => {
    const folder = makeFolder();
    const file = join(folder, 'mock.db');
    writeFileSync(join(folder, 'precious'), 'precious');
    make(`${file}.owner`, folder);
    const store = open(file);
    store.announce('http://localhost:4030');
    expect(lstatSync(`${file}.owner`).isFile()).toBe(true);
    expect([readFileSync(join(folder, 'precious'), 'utf8'), existsSync(join(folder, 'nowhere'))]).toEqual([
      'precious',
      false,
    ]);
    await store.close();
    expect(existsSync(`${file}.owner`)).toBe(false);
  });

  it('and FIFOs in the place of the owner file are not read either', () => {
    const file = join(makeFolder(), 'mock.db');
    open(file);
    rmSync(`${file}.owner`);
    execFileSync('mkfifo', [`${file}.owner`]);
    expect(() => open(file)).toThrow(/is in use by another process/);
  });
});

describe('the owner file', () => {
  it('of a server that made a new database at the same path is not removed by the one before', async () => {
    const file = join(makeFolder(), 'mock.db');
    const first = open(file);
    await first.put('default', state, { initial: state.settings });
    for (const name of [file, `${file}-wal`]) rmSync(name);
    const second = openSqliteStore({ ...OPTIONS, file, pid: 4712 });
    onTestFinished(() => second.close());
    await second.put('default', state, { initial: state.settings });
    await first.close();
    expect(readdirSync(join(file, '..')).sort()).toEqual(['mock.db', 'mock.db-wal', 'mock.db.owner']);
    expect(readFileSync(`${file}.owner`, 'utf8')).toContain('4712');
  });
});

describe('a first start that was killed', () => {
  it('leaves no journal behind, for it writes none', () => {
    const file = join(makeFolder(), 'mock.db');
    writeFileSync(file, '', { mode: 0o644 });
    // Where SQLite would write it stands a folder, from the moment at which the file has been looked at.
    const db = openDatabase(file, readMigrations(MIGRATIONS), () => mkdirSync(`${file}-journal`));
    onTestFinished(() => void db.close());
    expect(statSync(`${file}-journal`).isDirectory()).toBe(true);
  });

  it('is taken up at whatever byte it ended', async () => {
    const folder = makeFolder();
    const live = join(folder, 'live.db');
    const db = openDatabase(live, [], () => {});
    onTestFinished(() => void db.close());
    const marked = readFileSync(live);
    migrate(db, readMigrations(MIGRATIONS));
    const log = readFileSync(`${live}-wal`);
    const file = join(folder, 'mock.db');
    const starts = [Buffer.alloc(0), marked].map((bytes) => [bytes, Buffer.alloc(0)] as const);
    for (let length = 1; length < log.length; length += 1999) starts.push([marked, log.subarray(0, length)]);
    expect(starts.length).toBeGreaterThan(10);
    for (const [bytes, wal] of starts) {
      writeFileSync(file, bytes);
      writeFileSync(`${file}-wal`, wal);
      const store = open(file);
      await store.put('default', state, { initial: state.settings });
      expect(await store.listOrganizations('default', { limit: 1 })).toMatchObject([
        { organization_id: 'org_demo123' },
      ]);
      await store.close();
    }
  });
});

describe('a large database that is damaged', () => {
  it.each<[string, (bytes: Buffer, rootPage: number) => Buffer]>([
    ['everywhere but in its first page', (bytes) => bytes.fill(0xa5, 4096)],
    ['in its first page', (bytes) => bytes.fill(0xa5, 100, 4096)],
    ['in the table of its states', (bytes, page) => bytes.fill(0xa5, (page - 1) * 4096, page * 4096)],
    ['by its end', (bytes) => bytes.subarray(0, 4096)],
  ])('%s is told in one line at the start', async (_, damage) => {
    const file = join(makeFolder(), 'mock.db');
    const store = open(file);
    const [first] = state.organizations;
    if (first === undefined) throw new Error('the seed has an organization');
    // More than is looked through at a start.
    const metadata = JSON.stringify({ text: 'x'.repeat(10 * 1024 * 1024) });
    await store.put(
      'default',
      { ...state, organizations: [{ ...first, metadata }], api_keys: [] },
      { initial: state.settings },
    );
    await store.close();
    const db = new Sqlite(file);
    const rootPage = db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'states'").pluck().get();
    db.close();
    writeFileSync(file, damage(readFileSync(file), Number(rootPage)));
    const starting = (async () => open(file).findSandbox('default'))();
    await expect(starting).rejects.toThrow(/^[^\n]*mock\.db: the database is damaged: put a copy in its place[^\n]*$/);
  });
});

describe('migrations', () => {
  it('bring an older database to the newest version, with a copy of the old one kept beside it', async () => {
    const file = join(makeFolder(), 'mock.db');
    await makeDatabase(file);
    const store = open(file, makeMigrations('ALTER TABLE sandboxes ADD COLUMN added TEXT', 'CREATE TABLE more (a)'));
    expect(await store.findSandbox('default')).toMatchObject({ settings: state.settings });
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

  it('tell their version in the header of the file while it is open, and begin a copy anew that was not finished', async () => {
    const file = join(makeFolder(), 'mock.db');
    await makeDatabase(file);
    const copy = `${file}.version-${newest}`;
    writeFileSync(`${copy}.unfinished`, 'the first bytes');
    open(file, makeMigrations('CREATE TABLE more (a)'));
    expect(readFileSync(file).readUInt32BE(60)).toBe(newest + 1);
    expect([existsSync(copy), existsSync(`${copy}.unfinished`)]).toEqual([true, false]);
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
