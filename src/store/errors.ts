import { RefusalError } from '../domain/errors.ts';

/** Hears once what keeps the storage from working, and once that it works again. The text is one line for a person. */
export type Report = (level: 'error' | 'warn' | 'info', text: string) => void;

/**
 * The storage cannot be used. The message is one line for a person who starts a server; a request that meets it is refused
 * with a 503, whose hint gives the reason in a few words and names no file.
 */
export class StorageError extends RefusalError {
  override name = 'StorageError';

  constructor(message: string, reason = 'the database cannot be used') {
    super({
      code: 'unavailable',
      hint: `${reason}: nothing of this request was kept; the log of the server says more`,
    });
    this.message = message;
  }
}

/** A request needs a sandbox that was deleted while it was under way. */
export class SandboxGoneError extends RefusalError {
  override name = 'SandboxGoneError';

  constructor(sandboxId: string) {
    super({ code: 'unavailable', hint: 'its sandbox was deleted: nothing of this request was kept' });
    this.message = `there is no sandbox ${sandboxId}`;
  }
}
