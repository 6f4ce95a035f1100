import { isLoopback } from '../control/guard.ts';
import { isPostgresUrl, toShownUrl } from '../domain/postgres-url.ts';
import { now, setTimeout } from '../domain/real-time.ts';
import { ConfigError } from '../setting.ts';
import type { ServeConfig } from '../settings.ts';
import { type Report, StorageError } from '../store/errors.ts';
import { openSqliteStore } from '../store/sqlite.ts';
import type { Store } from '../store/store.ts';

/** Real milliseconds between two tries to reach an engine that comes later. */
const TRY_EVERY_MS = 250;

/**
 * What cannot be meant where several servers share a database.
 * @throws {ConfigError} naming the flag, and the way out
 */
export function checkShared({ db, reset, host, control, controlToken, waitForDb, randomSeed }: ServeConfig): void {
  if (!isPostgresUrl(db)) {
    if (waitForDb === undefined) return;
    throw new ConfigError('--wait-for-db: goes with --db postgres://… only: a file is there or is made');
  }
  if (reset) {
    throw new ConfigError(
      '--reset: every server that starts would take the others back: use POST /_mock/sandboxes/default/reset once',
    );
  }
  if (randomSeed !== undefined) {
    throw new ConfigError('--random-seed: servers that share a database would all generate the same: leave it out');
  }
  if (control === 'on' && controlToken === undefined && !isLoopback(host)) {
    throw new ConfigError(
      `--control-token: --host ${host} can be reached by others, and servers that share a database need the same token: give one, or --control off`,
    );
  }
}

interface StoreOptions {
  /** The folder of the migrations. */
  migrations: string;
  /** When this process started. */
  since: string;
  report: Report;
}

/** @throws {StorageError} {@link ConfigError} */
export async function openStore(config: ServeConfig, options: StoreOptions): Promise<Store> {
  const { db, pid, waitForDb = 0 } = config;
  if (!isPostgresUrl(db)) return openSqliteStore({ file: db, pid, ...options });
  // Read at the first time that somebody wants it.
  const { openPostgresStore, readTarget } = await import('../store/postgres/open.ts');
  let target: ReturnType<typeof readTarget>;
  try {
    target = readTarget(db);
  } catch (error) {
    throw new ConfigError(`--db: ${toShownUrl(db)} ${(error as Error).message}`);
  }
  const { migrations, report } = options;
  const until = now() + waitForDb;
  for (;;) {
    try {
      return await openPostgresStore({ target, migrations: `${migrations}/postgres`, report });
    } catch (error) {
      if (!(error instanceof StorageError) || now() >= until) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, TRY_EVERY_MS));
  }
}

/** Where the data is, for people and logs. */
export const toShownDb = (db: string): string => (isPostgresUrl(db) ? toShownUrl(db) : db);
