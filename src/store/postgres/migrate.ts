import { RealDate } from '../../domain/real-time.ts';
import { StorageError } from '../errors.ts';
import { readMigrations } from '../migrate.ts';
import type { Connections } from './connections.ts';

/** Whoever brings a database to the newest version does so alone. */
const MIGRATION_LOCK = 0x6d7871;
/** Real milliseconds that the others wait for it. */
const WAIT_MS = 60_000;

/**
 * Brings a database to the newest version. Of several programs that start at once one does it, the others wait. A newer database
 * is taken where its last migration says that this program can still run on it: so a rolling update goes on when an old replica
 * starts again in its middle.
 * @param folder of the migrations: one that begins with `-- needs 0001_states.sql` can be run by programs that know that one
 * @throws {StorageError}
 */
export async function migrate(connections: Connections, folder: string): Promise<void> {
  const migrations = readMigrations(folder);
  const known = new Set(migrations.map(({ name }) => name));
  await connections.transactLarge(async (session) => {
    await session.query(`SET LOCAL lock_timeout = ${WAIT_MS}`);
    await session.query(`SET LOCAL idle_in_transaction_session_timeout = ${WAIT_MS}`);
    await session.query(`SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`);
    // IF NOT EXISTS would ask for the right to make what is there.
    const [there] = await session.query(
      "SELECT to_regnamespace('mixpeek_mock') IS NULL AS no_schema, to_regclass('mixpeek_mock.migrations') IS NULL AS no_table",
    );
    if (there?.no_schema === true) await session.query('CREATE SCHEMA mixpeek_mock');
    if (there?.no_table === true) {
      await session.query(
        'CREATE TABLE migrations (name text PRIMARY KEY, needs text NOT NULL, applied_at text NOT NULL)',
      );
    }
    const rows = await session.query('SELECT name, needs FROM migrations ORDER BY name');
    const newest = rows.at(-1);
    if (newest !== undefined && !known.has(String(newest.name)) && !known.has(String(newest.needs))) {
      throw new StorageError(
        `${connections.where}: has the migration ${newest.name}, which this program does not know: use a newer mixpeek-mock, or another database with --db`,
      );
    }
    const done = new Set(rows.map(({ name }) => name));
    for (const { name, sql } of migrations) {
      if (done.has(name)) continue;
      const [, needs = name] = /^-- needs (\S+)$/m.exec(sql) ?? [];
      await session.query(sql).catch((error) => {
        throw new StorageError(
          `${connections.where}: migration ${name} failed, nothing of it was kept: ${error.message}`,
        );
      });
      await session.query('INSERT INTO migrations VALUES ($1, $2, $3)', [name, needs, new RealDate().toISOString()]);
    }
  });
}
