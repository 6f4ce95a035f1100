import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openPostgresStore, readTarget } from '../../src/store/postgres/open.ts';
import { makeFolder } from '../support/folder.ts';
import { MIGRATIONS } from '../support/harness.ts';
import { ask, MISSING, makeDatabase, openTestStore } from '../support/postgres-database.ts';

/** A newer program opens the database: it has one migration more. */
async function openNewer(url: string, sql: string): Promise<void> {
  const folder = join(makeFolder(), 'migrations');
  cpSync(`${MIGRATIONS}/postgres`, folder, { recursive: true });
  writeFileSync(join(folder, '9999_newer.sql'), sql);
  const store = await openPostgresStore({ target: readTarget(url), migrations: folder, report: () => {} });
  await store.close();
}
const listMigrations = (url: string) => ask('SELECT name, needs FROM mixpeek_mock.migrations ORDER BY name', url);

describe.skipIf(MISSING !== undefined)(MISSING ?? 'a database of a newer program', () => {
  it('is taken where its last migration says that this one can run on it', async () => {
    const url = await makeDatabase();
    await openNewer(url, '-- needs 0001_states.sql\nCREATE TABLE newer ()');
    const migrations = await listMigrations(url);
    expect(migrations.at(-1)).toEqual({ name: '9999_newer.sql', needs: '0001_states.sql' });
    await (await openTestStore(url)).close();
    expect(await listMigrations(url)).toEqual(migrations);
  });

  it('is refused where it says nothing of that', async () => {
    const url = await makeDatabase();
    await openNewer(url, 'CREATE TABLE newer ()');
    await expect(openTestStore(url)).rejects.toMatchObject({
      name: 'StorageError',
      message: expect.stringMatching(
        /: has the migration 9999_newer\.sql, which this program does not know: use a newer/,
      ),
    });
  });

  it('is as it was where its migration failed', async () => {
    const url = await makeDatabase();
    await (await openTestStore(url)).close();
    const failing = openNewer(url, 'CREATE TABLE newer (); SELECT 1 / 0');
    await expect(failing).rejects.toThrow('migration 9999_newer.sql failed, nothing of it was kept: division by zero');
    expect(await ask(`SELECT to_regclass('mixpeek_mock.newer') AS newer`, url)).toEqual([{ newer: null }]);
    await (await openTestStore(url)).close();
  });
});
