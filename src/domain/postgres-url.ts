/** Whether a database is an engine that several servers may share, and not a file. */
export const isPostgresUrl = (db: string): boolean => /^postgres(?:ql)?:\/\//i.test(db);

/**
 * The URL of an engine for people and logs: made of its parts, so that nothing which may be a password is among them, whatever
 * else is wrong with it.
 */
export function toShownUrl(db: string): string {
  if (!URL.canParse(db)) return 'postgres://…';
  const { protocol, username, password, host, pathname, searchParams } = new URL(db);
  const login = `${username}${password && ':…'}`;
  const sslMode = searchParams.get('sslmode');
  // What stands there may be the rest of a password with a slash in it.
  const database = /^(?:\/[^/:@]*)?$/.test(pathname) ? pathname : '/…';
  return `${protocol}//${login && `${login}@`}${host}${database}${sslMode === null ? '' : `?sslmode=${sslMode}`}`;
}
