import type { Journal } from './journal.ts';
import type { JournalEntry } from './journal-entry.ts';
import type { MatchDifference } from './match.ts';
import { findNearMisses, type NearMiss } from './near-misses.ts';
import { type RequestMatch, RequestMatcher } from './request-matcher.ts';

/** What the journal is asked: whether there are so many requests of a kind, or some in an order. */
export interface Question {
  /** One match, or several in their order. */
  matches: RequestMatch[];
  isInOrder: boolean;
  /** Only what came after this `seq` counts. */
  after: number | undefined;
  min: number;
  /** Undefined for no bound. */
  max: number | undefined;
  /** Passes as soon as there are `min`, although there is a bound: more that come later are not waited for. */
  isHasty: boolean;
}

export type Verdict =
  | { kind: 'passed'; found: JournalEntry[]; isComplete: boolean }
  | { kind: 'failed'; found: number; expected: string; nearest: NearMiss[] }
  /** Why nobody can say. */
  | { kind: 'incomplete'; why: 'off' | 'dropped' | 'late' };

/** Requests of the newest that are too many. */
const SHOWN = 5;

/** A question to a journal. It counts what comes, so that waiting costs no more than one look at each new entry. */
export class Verification {
  private readonly journal: Journal;
  private readonly question: Question;
  private readonly matchers: RequestMatcher[];
  /** What matched, or more: of what comes while the question is judged some may be counted twice. */
  private count = 0;

  constructor(journal: Journal, question: Question) {
    this.journal = journal;
    this.question = question;
    this.matchers = question.matches.map((match) => new RequestMatcher(match));
  }

  /** Whether an entry that has just been decided may decide the question. */
  concerns(entry: JournalEntry): boolean {
    const { after = 0, isInOrder, isHasty, min, max } = this.question;
    if (entry.seq <= after || !this.matchers.some((matcher) => matcher.matches(entry))) return false;
    this.count++;
    return isInOrder || this.count >= (max === undefined || isHasty ? min : max + 1);
  }

  /** @returns undefined as long as what is still to come may decide it */
  judge(isOver: boolean): Verdict | undefined {
    const { journal, question } = this;
    if (journal.isOff) return { kind: 'incomplete', why: 'off' };
    const entries = this.listEntries();
    const found = question.isInOrder ? this.findInOrder(entries) : entries.filter((one) => this.matches(one));
    this.count = found.length;
    const { min, max, isHasty } = question;
    const isKept = question.after === undefined ? journal.dropped === 0 : question.after >= journal.lostSeq;
    const isComplete = isKept && journal.isComplete;
    if (max !== undefined && found.length > max) return this.fail(entries, found);
    // What is kept is enough, whatever is not.
    if (max === undefined && found.length >= min) return { kind: 'passed', found, isComplete };
    if (!isKept && (max !== undefined || isOver)) return { kind: 'incomplete', why: 'dropped' };
    if (!journal.isComplete && (max !== undefined || isOver)) return { kind: 'incomplete', why: 'late' };
    if (!isOver && !(isHasty && found.length === min)) return undefined;
    return found.length >= min ? { kind: 'passed', found, isComplete } : this.fail(entries, found);
  }

  /** What there is to say where the wait ends before its time. */
  giveUp(): Verdict {
    const entries = this.listEntries();
    const { isInOrder } = this.question;
    return this.fail(entries, isInOrder ? this.findInOrder(entries) : entries.filter((one) => this.matches(one)));
  }

  private listEntries(): JournalEntry[] {
    const { after = 0 } = this.question;
    return this.journal.list().filter(({ seq }) => seq > after);
  }

  private matches(entry: JournalEntry): boolean {
    return this.matchers[0]?.matches(entry) === true;
  }

  /** For each match the first entry behind that of the match before. */
  private findInOrder(entries: JournalEntry[]): JournalEntry[] {
    const found: JournalEntry[] = [];
    for (const entry of entries) if (this.matchers[found.length]?.matches(entry)) found.push(entry);
    return found;
  }

  private fail(entries: JournalEntry[], found: JournalEntry[]): Verdict {
    const { min, max, isInOrder } = this.question;
    const expected = isInOrder ? toOrder(min, found.length) : toCount(min, max);
    const verdict = { kind: 'failed', found: found.length, expected } as const;
    if (found.length >= min) {
      const nearest = found.slice(-SHOWN).map((entry) => ({ entry, differences: [] }));
      return { ...verdict, nearest: nearest.reverse() };
    }
    const matcher = this.matchers[isInOrder ? found.length : 0];
    const last = isInOrder ? (found.at(-1)?.seq ?? 0) : 0;
    const others = entries.filter((entry) => !found.includes(entry));
    const list = function* (entry: JournalEntry): Generator<MatchDifference> {
      if (entry.seq < last) yield { member: 'seq', wanted: `"after ${last}"`, found: String(entry.seq) };
      if (matcher !== undefined) yield* matcher.listDifferences(entry);
    };
    return { ...verdict, nearest: findNearMisses(others, list) };
  }
}

const toRequests = (count: number, kind = 'matching ') => `${count} ${kind}${count === 1 ? 'request' : 'requests'}`;

function toCount(min: number, max: number | undefined): string {
  if (max === 0) return 'no matching request';
  if (max === undefined) return `at least ${toRequests(min)}`;
  if (min === max) return `exactly ${toRequests(min)}`;
  return min === 0 ? `at most ${toRequests(max)}` : `${min} to ${toRequests(max)}`;
}

const toOrder = (count: number, found: number) =>
  `${toRequests(count, '')} in this order; number ${Math.min(found + 1, count)} did not come`;
