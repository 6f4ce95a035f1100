import type { JournalEntry } from './journal-entry.ts';

/** What makes a journal one of several processes. What is noted is kept by what it reads, of all of them. */
export interface Link {
  /** That of the state whose requests are noted. */
  generation: number;
  readonly isIdle: boolean;
  /** Whether the last {@link sync} has all that was answered before it. */
  readonly isComplete: boolean;
  /** Its answer is decided, or it has ended. */
  note(entry: JournalEntry): void;
  /** Whether what is read has it already, or will have it. */
  isNoted(entry: JournalEntry): boolean;
  /** Writes what was noted until now. */
  write(): Promise<void>;
  /** Brings the journal to what is written. */
  read(): Promise<void>;
  /** Brings it to what all have answered until now. */
  sync(): Promise<void>;
  /** Empties it, for all. @returns how many entries there were */
  empty(): Promise<number>;
  /** Somebody waits for what comes: it is read now and then, until nobody does. */
  follow(): void;
}
