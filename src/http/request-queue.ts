import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Turns } from './turns.ts';

/** A request, and the response that is to answer it. */
export interface Pending {
  request: IncomingMessage;
  response: ServerResponse;
}

/**
 * The requests of one connection. Each begins when the answer before it has been sent (RFC 9112, 9.3.2), so a client that
 * reads nothing costs one answer, not all of them.
 */
export class RequestQueue {
  private readonly turns: Turns;
  private readonly begin: (pending: Pending) => void;
  /** The request that began last. */
  current: Pending | undefined;
  private queued: Pending[] = [];
  /** The request whose end calls {@link onAnswered}: only if something waits for it. */
  private watched: Pending | undefined;
  private afterwards: (() => void) | undefined;

  constructor(turns: Turns, begin: (pending: Pending) => void) {
    this.turns = turns;
    this.begin = begin;
  }

  get last(): Pending | undefined {
    return this.queued.at(-1) ?? this.current;
  }

  get length(): number {
    return this.queued.length;
  }

  /** Whether a request that came now would be queued. */
  get isBusy(): boolean {
    return this.current?.response.closed === false || this.queued.length > 0;
  }

  /** Whether the current request, of which the head was read, is not wholly received. */
  get isReceiving(): boolean {
    return this.current?.request.complete === false;
  }

  /** Whether a request is received, worked on, or answered. */
  get isUnderWay(): boolean {
    return this.isBusy || this.isReceiving;
  }

  enqueue(pending: Pending): void {
    if (!this.isBusy) {
      this.start(pending);
    } else {
      this.queued.push(pending);
      this.watch();
    }
  }

  /** The request that is not wholly received. If it is queued, it will not begin. */
  dropUnread(): Pending | undefined {
    const unread = [this.current, ...this.queued].find((pending) => pending?.request.complete === false);
    this.queued = this.queued.filter((pending) => pending !== unread);
    return unread;
  }

  clear(): void {
    this.queued = [];
  }

  /** Does the work once all requests that were wholly received have their answers. */
  afterAnswers(work: () => void): void {
    if (!this.isBusy || this.isReceiving) {
      work();
    } else {
      this.afterwards = work;
      this.watch();
    }
  }

  private start(pending: Pending): void {
    this.current = pending;
    this.begin(pending);
  }

  private watch(): void {
    if (this.watched === this.current) return;
    this.watched = this.current;
    this.current?.response.once('close', this.onAnswered);
  }

  private readonly onAnswered = (): void => {
    if (this.queued.length > 0) this.turns.take(this.beginNext);
    else this.afterwards?.();
  };

  private readonly beginNext = (): void => {
    const pending = this.queued.shift();
    if (pending === undefined) {
      this.afterwards?.();
    } else {
      this.start(pending);
      if (this.queued.length > 0 || this.afterwards !== undefined) this.watch();
    }
  };
}
