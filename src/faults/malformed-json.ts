import { type ConnectionKind, sendHead } from './kind.ts';

/** A whole answer, whose body is only the first half of its JSON. */
export const malformedJson: ConnectionKind = {
  needsAnswer: true,
  waits: false,
  run: (response, { status, payload }) => {
    const half = payload.subarray(0, Math.floor(payload.length / 2));
    sendHead(response, { status, payload: half });
    response.end(half);
  },
};
