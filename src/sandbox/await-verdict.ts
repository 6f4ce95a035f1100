import { unavailable } from '../domain/errors.ts';
import { clearImmediate, clearTimeout, setImmediate, setTimeout } from '../domain/real-time.ts';
import type { JournalEntry } from './journal-entry.ts';
import type { Sandbox } from './sandbox.ts';
import type { Verdict, Verification } from './verification.ts';
import type { EndReason } from './waits.ts';

/** What was found, and whether the wait ended before its time, with its sandbox, the server or its caller. */
export interface Outcome {
  verdict: Verdict;
  ended: Ended | undefined;
}

/** What ended a wait before its time. */
export type Ended = EndReason | 'hang-up';

/**
 * Waits until the question is decided, so many real milliseconds at most. Nothing is polled: the journal tells of each entry,
 * which is looked at once the request that it is of is over, if that is soon.
 * @param onHangUp calls its argument when nobody waits any more; returns what takes that back
 * @throws the refusal `unavailable` where too much waits already
 */
export async function awaitVerdict(
  { journal, waits }: Pick<Sandbox, 'journal' | 'waits'>,
  verification: Verification,
  withinMs: number,
  onHangUp: (end: () => void) => () => void,
): Promise<Outcome> {
  const verdict = verification.judge(withinMs === 0);
  if (verdict !== undefined) return { verdict, ended: undefined };
  if (waits.isFull) throw unavailable('too much waits already: 1,000 at most');
  return new Promise((resolve) => {
    let fresh: JournalEntry[] = [];
    let look: NodeJS.Immediate | undefined;
    let release = () => {};
    let unhook = () => {};
    let unwatch = () => {};
    let isDone = false;
    const finish = (verdict: Verdict | undefined, ended?: Ended) => {
      if (verdict === undefined || isDone) return;
      isDone = true;
      unwatch();
      clearImmediate(look);
      clearTimeout(timer);
      release();
      unhook();
      resolve({ verdict, ended });
    };
    // An answer that was decided leaves at the end of its turn: in the next one its request is over.
    const lookSoon = () => {
      look = setImmediate(() => {
        const entries = fresh;
        fresh = [];
        look = setImmediate(lookAt, entries);
      });
    };
    const lookAt = (entries: JournalEntry[]) => {
      look = undefined;
      if (fresh.length > 0) lookSoon();
      let isConcerned = false;
      for (const entry of entries) isConcerned = verification.concerns(entry) || isConcerned;
      if (isConcerned) finish(verification.judge(false));
    };
    const wake = (entry: JournalEntry) => {
      fresh.push(entry);
      if (look === undefined) lookSoon();
    };
    const giveUp = (ended: Ended) => finish(verification.giveUp(), ended);
    const end = () => finish(verification.judge(true));
    // What others have answered until then counts, too.
    const timer = setTimeout(() => void journal.sync().then(end, end), withinMs);
    unwatch = journal.watch(wake);
    release = waits.hold(giveUp);
    if (!isDone) unhook = onHangUp(() => giveUp('hang-up'));
  });
}
