import { type ClockSetting, timeOf } from '../domain/clock.ts';
import { clearTimeout, setTimeout } from '../domain/real-time.ts';

/** Node takes no longer one. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** What all sandboxes of a server share: how much waits, and whether anything may. */
export class WaitLimit {
  /** What may wait at once. */
  private readonly max: number;
  private waiting = 0;
  isStopping = false;

  constructor(max = 1000) {
    this.max = max;
  }

  get isReached(): boolean {
    return this.waiting >= this.max;
  }

  change(by: 1 | -1): void {
    this.waiting += by;
  }
}

/** Why all ends: the state was replaced, the sandbox is gone or was let go, the server stops. */
export type EndReason = 'replaced' | 'removed' | 'stopped';

/** Something that waits: when it is done, and how to end it earlier. */
export interface Wait {
  /** Gives why all ended, where that ended it. */
  done: Promise<EndReason | undefined>;
  end(): void;
}

/** What waits in a sandbox: delays, and connections that are kept open. It ends with the sandbox, and when the server stops. */
export class Waits {
  private readonly limit: WaitLimit;
  /** What is to be done when one ends, by the one. */
  private readonly ends = new Set<(reason: EndReason) => void>();
  /** Those that wait for the clock of the sandbox. */
  private readonly clocked = new Map<() => void, { until: number; stopTimer: () => void }>();
  /** As it was set last; undefined where it was not since this began. */
  private clock: ClockSetting | undefined;
  /** Why all has ended; undefined while it has not. */
  private reason: EndReason | undefined;

  constructor(limit: WaitLimit) {
    this.limit = limit;
  }

  get isIdle(): boolean {
    return this.ends.size === 0;
  }

  /** Whether as much waits in all sandboxes as may. */
  get isFull(): boolean {
    return this.limit.isReached;
  }

  private get isOver(): boolean {
    return this.reason !== undefined || this.limit.isStopping;
  }

  /**
   * Keeps something until all ends.
   * @param end called once, at once where all has ended already
   * @returns for whoever ends by himself: takes it back
   */
  hold(end: (reason: EndReason) => void): () => void {
    if (this.isOver) {
      end(this.limit.isStopping ? 'stopped' : (this.reason ?? 'removed'));
      return () => {};
    }
    const once = (reason: EndReason) => {
      release();
      end(reason);
    };
    const release = () => {
      if (this.ends.delete(once)) this.limit.change(-1);
    };
    this.ends.add(once);
    this.limit.change(1);
    return release;
  }

  /** Is done after so many real milliseconds, or when it ends. */
  delay(ms: number): Wait {
    return this.wait((finish) => {
      const timer = setTimeout(finish, ms);
      return () => clearTimeout(timer);
    });
  }

  /** Is done when the clock of the sandbox has come so far, in milliseconds since 1970, or when it ends. */
  delayUntil(until: number, clock: ClockSetting): Wait {
    return this.wait((finish) => {
      // What was found with the request may be older.
      this.watch(finish, until, this.clock ?? clock);
      return () => {
        this.clocked.get(finish)?.stopTimer();
        this.clocked.delete(finish);
      };
    });
  }

  /** @param begin calls `finish` when it is time, not at once; returns what stops that */
  private wait(begin: (finish: () => void) => () => void): Wait {
    if (this.isOver) return { done: Promise.resolve(this.limit.isStopping ? 'stopped' : this.reason), end: () => {} };
    let end = (_reason?: EndReason) => {};
    const done = new Promise<EndReason | undefined>((resolve) => {
      end = (reason) => {
        release();
        stop();
        resolve(reason);
      };
      const release = this.hold((reason) => end(reason));
      const stop = begin(() => end());
    });
    return { done, end: () => end() };
  }

  /** The clock was set: what waits for it looks again. */
  moveClock(clock: ClockSetting): void {
    this.clock = clock;
    for (const [finish, { until, stopTimer }] of [...this.clocked]) {
      stopTimer();
      this.watch(finish, until, clock);
    }
  }

  endAll(reason: EndReason): void {
    this.reason = reason;
    for (const end of [...this.ends]) end(reason);
  }

  private watch(finish: () => void, until: number, clock: ClockSetting): void {
    const rest = until - timeOf(clock);
    let stopTimer = () => {};
    // A frozen clock comes no further by itself.
    if (rest <= 0 || clock.frozen_at === null) {
      const go = () => (timeOf(clock) >= until ? finish() : this.watch(finish, until, clock));
      const timer = setTimeout(go, Math.min(Math.max(rest, 0), LONGEST_TIMER_MS));
      stopTimer = () => clearTimeout(timer);
    }
    this.clocked.set(finish, { until, stopTimer });
  }
}
