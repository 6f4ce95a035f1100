import { codeOf, RefusalError } from '../../domain/errors.ts';
import { StorageError } from '../store.ts';

/** Work took longer than a request may wait. */
export class DeadlineError extends Error {
  override name = 'DeadlineError';
}

/** What a table refuses: bad data (22), a constraint (23). */
export const isRefusedByTable = (error: unknown): boolean => /^2[23]\w{3}$/.test(codeOf(error));

/** Two transactions were in each other's way, and this one was taken back: it may be tried again. */
export const isCollision = (error: unknown): boolean => /^40(?:001|P01)$/.test(codeOf(error));

/** The error as it comes out: what the engine cannot do is a {@link StorageError}, and whatever else is as it was. */
export function explain(where: string, error: unknown): unknown {
  if (error instanceof RefusalError || isRefusedByTable(error)) return error;
  if (!isOfEngine(error)) return error;
  return new StorageError(`${where}: ${toReason(error)}`, 'the database does not answer');
}

/** The connection, the login, the database, a transaction, resources, locks, the engine that stops, its disk; and who may what. */
const OF_ENGINE = /^(?:(?:08|25|28|3D|40|53|55|57|58|F0|XX)\w{3}|42501)$/;

/** Whether it is of the engine, and of the way there: a statement that is wrong is of this program. */
function isOfEngine(error: unknown): boolean {
  if (error instanceof DeadlineError) return true;
  const code = codeOf(error);
  // Those of the system begin with E; the library itself has only messages.
  return (
    OF_ENGINE.test(code) ||
    /^E[A-Z_]{3,}$/.test(code) ||
    /\bconnection\b|\btime(?:d )?out\b|after calling end/i.test(code)
  );
}

function toReason(error: unknown): string {
  const text = error instanceof Error && error.message !== '' ? error.message : codeOf(error);
  return text.split('\n', 1)[0] ?? text;
}
