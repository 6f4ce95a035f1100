import { clearInterval, setInterval } from '../domain/real-time.ts';
import { type ConnectionKind, sendHead } from './kind.ts';

/** Real milliseconds between two pieces. */
const PIECE_MS = 100;

/** The whole answer, so many bytes of its body a second. */
export const drip = (bytesPerSecond: number): ConnectionKind => ({
  needsAnswer: true,
  waits: true,
  run: (response, answer, hold) => {
    const { payload } = answer;
    const started = Math.min(payload.length, 1);
    sendHead(response, answer);
    response.write(payload.subarray(0, started));
    let pieces = 0;
    let sent = started;
    const timer = setInterval(() => {
      pieces++;
      const due = Math.min(payload.length, Math.max(started, Math.floor((pieces * PIECE_MS * bytesPerSecond) / 1000)));
      if (due > sent) response.write(payload.subarray(sent, due));
      sent = due;
      if (sent === payload.length) response.end();
    }, PIECE_MS);
    const release = hold(() => response.destroy());
    response.once('close', () => {
      clearInterval(timer);
      release();
    });
  },
});
