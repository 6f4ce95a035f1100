import { type ConnectionKind, keepOpen, sendHead } from './kind.ts';

/** The head of the answer arrives, its body never does. */
export const headersThenSilence: ConnectionKind = {
  needsAnswer: true,
  waits: true,
  run: (response, answer, hold) => {
    sendHead(response, answer);
    keepOpen(response, hold);
  },
};
