import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** Who owns a database file. It only serves a message: the lock of the database is the truth. */
interface Owner {
  pid: number;
  host: string;
  url: string | null;
  since: string;
}

const ownerFile = (database: string) => `${database}.owner`;

/** Notes beside the database that this process owns it. A folder that takes no file is no reason to fail. */
export function writeOwner(database: string, pid: number, since: string, url: string | null): void {
  const owner: Owner = { pid, host: hostname(), url, since };
  try {
    writeFileSync(ownerFile(database), `${JSON.stringify(owner)}\n`);
  } catch {}
}

export function removeOwner(database: string): void {
  try {
    rmSync(ownerFile(database), { force: true });
  } catch {}
}

/** Who owns the database, in words. */
export function describeOwner(database: string): string {
  try {
    const { pid, host, url, since } = JSON.parse(readFileSync(ownerFile(database), 'utf8')) as Owner;
    return `process ${pid} on ${host}${url ? `, which answers at ${url}` : ''}, since ${since}`;
  } catch {
    return 'another process';
  }
}
