import { type ConnectionKind, keepOpen } from './kind.ts';

/** Nothing is ever answered. */
export const hang: ConnectionKind = {
  needsAnswer: false,
  waits: true,
  run: (response, _answer, hold) => keepOpen(response, hold),
};
