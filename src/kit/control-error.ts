/** The control plane refuses, or cannot be reached. The message says what to do. */
export class ControlError extends Error {
  override name = 'ControlError';
  /** The status of the answer; undefined where there was none. */
  readonly status: number | undefined;
  /** What it says besides; empty where there is nothing. */
  readonly details: Record<string, unknown>;

  constructor(message: string, status?: number, details: Record<string, unknown> = {}) {
    super(message);
    this.status = status;
    this.details = details;
  }
}
