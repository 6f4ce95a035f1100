import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { inject, onTestFinished } from 'vitest';
import type { Report } from '../../src/store/errors.ts';
import { openPostgresStore, readTarget } from '../../src/store/postgres/open.ts';
import type { Store } from '../../src/store/store.ts';
import { MIGRATIONS } from './harness.ts';

const server = inject('postgres');

/** Why tests of the engine are left out; undefined where they are not. */
export const MISSING = 'missing' in server ? server.missing : undefined;

const SERVER_URL = 'url' in server ? server.url : '';

/** Asks the server itself, in the database of a URL. */
export async function ask(text: string, url = `${SERVER_URL}/postgres`): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

/** An empty database for one test. @returns its URL */
export async function makeDatabase(): Promise<string> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await ask(`CREATE DATABASE ${name}`);
  onTestFinished(async () => {
    await ask(`DROP DATABASE ${name} WITH (FORCE)`);
  });
  return `${SERVER_URL}/${name}`;
}

/** Locks a row as somebody else would who looks at the database by hand. @returns what lets go of it */
export async function lockOrganization(url: string, id: string): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('BEGIN');
  await client.query('SELECT FROM mixpeek_mock.organizations WHERE organization_id = $1 FOR UPDATE', [id]);
  return async () => {
    await client.query('ROLLBACK');
    await client.end();
  };
}

/** A store, closed by whoever opens it. */
export async function openTestStore(url?: string, report: Report = () => {}): Promise<Store> {
  return openPostgresStore({
    target: readTarget(url ?? (await makeDatabase())),
    migrations: `${MIGRATIONS}/postgres`,
    report,
  });
}
