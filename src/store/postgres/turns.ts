import { WRITE_MS } from './connections.ts';
import { BusyError } from './errors.ts';
import { within } from './lane.ts';

/**
 * The order of what writes in one sandbox: work that replaces much waits for what came before it, and whatever comes behind it
 * waits for that. Changes of organizations only do not wait for each other here.
 */
export class Turns {
  private readonly alone = new Map<string, Promise<unknown>>();
  private readonly together = new Map<string, Set<Promise<unknown>>>();

  /**
   * Work that others of its kind wait for, and changes of organizations behind it.
   * @param isWhole whether it has the sandbox for itself, as far as this process goes: then it waits for those before it, too
   */
  run<T>(sandboxId: string, work: () => Promise<T>, isWhole: boolean): Promise<T> {
    const before = [this.alone.get(sandboxId), ...((isWhole && this.together.get(sandboxId)) || [])];
    const done = Promise.allSettled(before).then(work);
    this.alone.set(sandboxId, done);
    const end = () => {
      if (this.alone.get(sandboxId) === done) this.alone.delete(sandboxId);
    };
    done.then(end, end);
    return done;
  }

  /** Work that others of its kind do not wait for. It waits for what replaces the state no longer than for a lock. */
  join<T>(sandboxId: string, work: () => Promise<T>): Promise<T> {
    const before = this.alone.get(sandboxId);
    const done =
      before === undefined
        ? work()
        : within(
            WRITE_MS,
            before.catch(() => {}),
          )
            .catch(toBusy)
            .then(work);
    const all = this.together.get(sandboxId) ?? new Set();
    all.add(done);
    this.together.set(sandboxId, all);
    const end = () => {
      all.delete(done);
      if (all.size === 0 && this.together.get(sandboxId) === all) this.together.delete(sandboxId);
    };
    done.then(end, end);
    return done;
  }

  /** When all that was begun has ended. */
  async settle(): Promise<void> {
    await Promise.allSettled([...this.alone.values(), ...[...this.together.values()].flatMap((all) => [...all])]);
  }
}

function toBusy(): never {
  throw new BusyError(WRITE_MS);
}
