import { codeOf, RefusalError } from '../../domain/errors.ts';
import { StorageError } from '../errors.ts';

/** Work took longer than a request may wait: the engine does not answer, or the network does not. */
export class DeadlineError extends Error {
  override name = 'DeadlineError';
}

/** There is no connection to be had. */
export class ConnectError extends Error {
  override name = 'ConnectError';

  constructor(cause: unknown) {
    super(toReason(cause), { cause });
  }
}

/** All connections are in use: the engine may be as well as ever. */
export class BusyError extends Error {
  override name = 'BusyError';

  constructor(ms: number) {
    super(`others were at work for ${Math.round(ms)} ms`);
  }
}

/** What a table refuses: bad data (22), a constraint (23). */
export const isRefusedByTable = (error: unknown): boolean => /^2[23]\w{3}$/.test(codeOf(error));

/** Two transactions were in each other's way, and this one was taken back: it may be tried again. */
export const isCollision = (error: unknown): boolean => /^40(?:001|P01)$/.test(codeOf(error));

/** Whether nobody answers, which others will find as well. */
export const isUnreachable = (error: unknown): boolean =>
  error instanceof DeadlineError || error instanceof ConnectError || /^(?:08|57P)\w+$/.test(codeOf(error));

/** The error as it comes out: what the engine cannot do is a {@link StorageError}, and whatever else is as it was. */
export function explain(where: string, error: unknown): unknown {
  if (error instanceof RefusalError || isRefusedByTable(error)) return error;
  if (!isOfEngine(error)) return error;
  const advice = OF_POOLER.test(codeOf(error)) ? ': a pooler in front of it has to be in session mode' : '';
  return new StorageError(`${where}: ${toReason(error)}${advice}`, 'the database does not answer');
}

/** A prepared statement that is missing, or there already: somebody else has the connection in between. */
const OF_POOLER = /^(?:26000|42P05)$/;

/** Whether it is of the engine, or of the way there: what the engine says has a code of five characters. */
function isOfEngine(error: unknown): boolean {
  if (error instanceof DeadlineError || error instanceof ConnectError || error instanceof BusyError) return true;
  const code = codeOf(error);
  // Those of the system begin with E; the library itself has only messages.
  return (
    /^[0-9A-Z]{5}$/.test(code) ||
    /^E[A-Z_]{3,}$/.test(code) ||
    /\bconnections?\b|\btime(?:d )?out\b|after calling end|\bclient (?:was|has)\b|\bfrom backend\b/i.test(code)
  );
}

function toReason(error: unknown): string {
  const text = error instanceof Error && error.message !== '' ? error.message : codeOf(error);
  return text.split('\n', 1)[0] ?? text;
}
