import { type ConnectionKind, sendHead } from './kind.ts';

/** The connection is closed after half of the body. */
export const halfBody: ConnectionKind = {
  needsAnswer: true,
  waits: false,
  run: (response, answer) => {
    sendHead(response, answer);
    const half = answer.payload.subarray(0, Math.floor(answer.payload.length / 2));
    response.write(half, () => response.socket?.destroy());
  },
};
