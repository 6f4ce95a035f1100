import { toShownUrl } from '../../domain/postgres-url.ts';

/** Where an engine is, as its URL says it. */
export interface Target {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
  ssl: false | { rejectUnauthorized: boolean };
  /** The URL without its password, for people and logs. */
  shown: string;
}

const SSL_MODES = ['disable', 'require', 'verify-full'] as const;

/**
 * Reads `postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=require`.
 * @throws {Error} whose message says what is wrong, without the URL
 */
export function readTarget(db: string): Target {
  if (!URL.canParse(db)) throw new Error('is no URL: expected postgres://USER:PASSWORD@HOST:PORT/DATABASE');
  const url = new URL(db);
  const sslMode = url.searchParams.get('sslmode') ?? 'disable';
  const unknown = [...url.searchParams.keys()].find((name) => name !== 'sslmode');
  if (unknown !== undefined) throw new Error(`has the parameter ${unknown}: expected sslmode only`);
  if (!SSL_MODES.includes(sslMode as (typeof SSL_MODES)[number])) {
    throw new Error(`has sslmode=${sslMode}: expected ${SSL_MODES.join(', ')}`);
  }
  const user = decodeURIComponent(url.username) || 'postgres';
  const database = decodeURIComponent(url.pathname.slice(1)) || user;
  return {
    host: url.hostname.replace(/^\[|\]$/g, '') || 'localhost',
    port: Number(url.port) || 5432,
    user,
    password: decodeURIComponent(url.password),
    database,
    ssl: sslMode === 'disable' ? false : { rejectUnauthorized: sslMode === 'verify-full' },
    shown: toShownUrl(db),
  };
}
