import { lstatSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** The mode of what we write: a database may hold what its users take from production. */
export const PRIVATE = 0o600;

/** Who owns a database file. It only serves a message: the lock of the database is the truth. */
interface Owner {
  pid: number;
  host: string;
  url: string | null;
  since: string;
}

const ownerFile = (database: string) => `${database}.owner`;

/**
 * Records beside the database that this process owns it. A folder in which nothing can be written does not matter.
 * @returns what was written, for {@link removeOwner}
 */
export function writeOwner(database: string, pid: number, since: string, url: string | null): string {
  const owner: Owner = { pid, host: hostname(), url, since };
  const text = `${JSON.stringify(owner)}\n`;
  try {
    // Made anew, so that what was there is neither followed, a link, nor waited for, a FIFO.
    rmSync(ownerFile(database), { force: true });
    writeFileSync(ownerFile(database), text, { flag: 'wx', mode: PRIVATE });
  } catch {}
  return text;
}

/** Removes the record, unless another process has written its own since: that has a new database at the same path. */
export function removeOwner(database: string, text: string): void {
  try {
    if (readOwner(database) === text) rmSync(ownerFile(database), { force: true });
  } catch {}
}

/** Who owns the database, in words. */
export function describeOwner(database: string): string {
  try {
    const { pid, host, url, since }: Owner = JSON.parse(readOwner(database));
    return `process ${pid} on ${host}${url ? `, which answers at ${url}` : ''}, since ${since}`;
  } catch {
    return 'another process';
  }
}

function readOwner(database: string): string {
  const file = ownerFile(database);
  if (!lstatSync(file).isFile()) throw new Error('a link or a FIFO is not of our making');
  return readFileSync(file, 'utf8');
}
