import { now, setImmediate } from '../domain/real-time.ts';

/** How long queued work may block the event loop, in milliseconds. */
const TURN_MS = 5;

/** Work that may wait: it is done in order, a little in each turn of the event loop. */
export class Turns {
  private readonly waiting: (() => void)[] = [];

  take(work: () => void): void {
    this.waiting.push(work);
    if (this.waiting.length === 1) setImmediate(this.run);
  }

  private readonly run = (): void => {
    const end = now() + TURN_MS;
    do this.waiting.shift()?.();
    while (this.waiting.length > 0 && now() < end);
    if (this.waiting.length > 0) setImmediate(this.run);
  };
}
