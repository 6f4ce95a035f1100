/**
 * The interaction that a verifier of a pact is at. Its provider states are set one by one, in their order, and nothing says which
 * is the first of them: each one is, that comes behind a request to the API. Known in memory only and whatever becomes of the
 * state of the sandbox, so the first provider state behind a start, too, begins an interaction.
 */
export class Interaction {
  /** Whether the next provider state belongs to another one. */
  isOver = true;
  /** The key that its states were about so far, in plain. */
  apiKey: string | undefined = undefined;
  /** Whether one of its states was that no request is left. */
  isExhausted = false;
  private last: Promise<unknown> = Promise.resolve();

  begin(): void {
    this.isOver = false;
    this.apiKey = undefined;
    this.isExhausted = false;
  }

  /** Does what sets a state once all that were sent before are set. */
  enqueue<T>(work: () => Promise<T>): Promise<T> {
    const done = this.last.then(work);
    this.last = done.catch(() => {});
    return done;
  }
}
