/** The control plane refuses, or cannot be reached. The message says what to do. */
export class ControlError extends Error {
  override name = 'ControlError';
  /** The status of the answer; undefined where there was none. */
  readonly status: number | undefined;

  constructor(message: string, status?: number) {
    super(message);
    this.status = status;
  }
}
