import type { Difference, Effect, Part } from './difference.ts';

/** What a difference means for this mock, which was built from what was published then. */
export interface Meaning {
  text: string;
  /** Whether what it does is no longer as published. */
  isWrong: boolean;
}

const wrong = (text: string): Meaning => ({ text, isWrong: true });
const right = (text: string): Meaning => ({ text, isWrong: false });

const INVISIBLE = right('this mock does as before');
const SAME_DEFAULT = wrong('this mock keeps the former one');
const SAME_INPUT = wrong('this mock treats it as before');
const ALWAYS = right('this mock always answers with it');
const LOOSE_ANSWER = wrong('this mock may answer what is not allowed now');

/** What holds for every effect that has no row of its own is under `else`. */
const MEANINGS: Record<Part['side'], Partial<Record<Effect, Meaning>> & { else: Meaning }> = {
  operation: {
    added: wrong('this mock does not serve it'),
    removed: wrong('this mock still serves it'),
    'bearer token': right('this mock takes its keys as before'),
    invisible: INVISIBLE,
    else: wrong('this mock takes a bearer token'),
  },
  parameter: {
    added: wrong('this mock ignores it'),
    invisible: INVISIBLE,
    else: SAME_INPUT,
  },
  request: {
    'added member': wrong('this mock does not know it'),
    'removed member': wrong('this mock still takes it'),
    'required member': wrong('this mock does not demand it'),
    wider: wrong('this mock still refuses what is allowed now'),
    narrower: wrong('this mock still takes what is not allowed now'),
    default: SAME_DEFAULT,
    added: wrong('this mock ignores it'),
    invisible: INVISIBLE,
    else: SAME_INPUT,
  },
  response: {
    'added member': wrong('this mock answers without it'),
    'removed member': wrong('this mock still answers with it'),
    // It answers with every member that was published, always.
    'required member': ALWAYS,
    'optional member': ALWAYS,
    wider: right('what this mock answers still fits'),
    narrower: LOOSE_ANSWER,
    default: SAME_DEFAULT,
    added: wrong('this mock was built without it'),
    removed: wrong('this mock may still answer it'),
    invisible: INVISIBLE,
    else: wrong('this mock answers as before'),
  },
};

/** The meanings of one change at all of its places, the worse ones first. */
export function toMeanings(differences: readonly Difference[]): Meaning[] {
  const meanings = new Set(
    differences.map(({ part, effect }) => MEANINGS[part.side][effect] ?? MEANINGS[part.side].else),
  );
  return [...meanings].sort((a, b) => Number(b.isWrong) - Number(a.isWrong));
}
