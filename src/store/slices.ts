import { now } from '../domain/real-time.ts';

/** Milliseconds that one slice takes of the event loop, and all that are under way together. */
const SLICE_MS = 8;
/** The same of what is removed, which nobody waits for: a commit of pages that are far apart takes longer than its slice. */
const SHORT_SLICE_MS = 3;
/** The same while nobody is answered: a page of an index that many rows have touched is written once. */
const LONG_SLICE_MS = 500;

/** Work in steps: of about a millisecond at most, and consistent at the end only. */
export type Steps<T> = Generator<void, T>;

/** What the slices are written with. */
export interface SliceHooks {
  /** Writes in the next transaction; what throws leaves nothing of its slice. */
  write<T>(work: () => T): Promise<T>;
  /** Takes back what earlier slices wrote. */
  abandon(sandboxIds: readonly string[]): void;
  /** Removes what nothing needs any more. */
  removeUnused(): Steps<void>;
  hasUnused(): boolean;
}

/**
 * Writes of many rows, in slices that let requests through: nobody sees anything of them before the last one, and whoever
 * changes one of their sandboxes meanwhile waits. What they leave behind is removed in slices too.
 */
export class Slices {
  private readonly hooks: SliceHooks;
  /** By the sandbox: settled when its work has ended, however. */
  private readonly busy = new Map<string, Promise<void>>();
  /** Sandboxes of which something is left that could not be taken back. */
  private readonly left = new Set<string>();
  private underWay = 0;
  private isCollecting = false;

  constructor(hooks: SliceHooks) {
    this.hooks = hooks;
  }

  /** Settled when the sandbox may be changed; undefined where it may be now. */
  whenFree(sandboxId: string): Promise<void> | undefined {
    return this.busy.size === 0 ? undefined : this.busy.get(sandboxId);
  }

  /**
   * Does the work after what is under way in one of the sandboxes.
   * @param isAlone whether nobody is to be let through
   */
  async run<T>(sandboxIds: readonly string[], work: () => Steps<T>, isAlone = false): Promise<T> {
    for (;;) {
      const busy = sandboxIds.map((sandboxId) => this.whenFree(sandboxId)).find((free) => free !== undefined);
      if (busy === undefined) break;
      await busy;
    }
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    for (const sandboxId of sandboxIds) this.busy.set(sandboxId, ended);
    try {
      if (this.left.size > 0) await this.takeBack([]);
      return await this.runSlices(work(), isAlone ? LONG_SLICE_MS : SLICE_MS);
    } catch (error) {
      await this.takeBack(sandboxIds).catch(() => {});
      throw error;
    } finally {
      for (const sandboxId of sandboxIds) this.busy.delete(sandboxId);
      end();
      this.collect();
    }
  }

  /** Takes back what was written of sandboxes; what cannot be now is with the next work, or the next start. */
  private async takeBack(sandboxIds: readonly string[]): Promise<void> {
    for (const sandboxId of sandboxIds) this.left.add(sandboxId);
    const left = [...this.left];
    await this.hooks.write(() => this.hooks.abandon(left));
    for (const sandboxId of left) this.left.delete(sandboxId);
  }

  /** Begins to remove what nothing needs any more, if there is something. */
  collect(): void {
    if (this.isCollecting || !this.hasUnused()) return;
    this.isCollecting = true;
    const end = () => {
      this.isCollecting = false;
    };
    this.runSlices(this.hooks.removeUnused(), SHORT_SLICE_MS).then(
      () => {
        end();
        // What came after the last slice found nobody to collect it.
        this.collect();
      },
      // The next work, or the next start, tries again.
      end,
    );
  }

  /** Whatever keeps that from being read says nothing of the work that is done. */
  private hasUnused(): boolean {
    try {
      return this.hooks.hasUnused();
    } catch {
      return false;
    }
  }

  private async runSlices<T>(steps: Steps<T>, milliseconds: number): Promise<T> {
    this.underWay++;
    try {
      for (;;) {
        const { done, value } = await this.hooks.write(() => runSlice(steps, milliseconds / this.underWay));
        if (done) return value;
      }
    } finally {
      this.underWay--;
    }
  }
}

function runSlice<T>(steps: Steps<T>, milliseconds: number): IteratorResult<void, T> {
  const end = now() + milliseconds;
  for (;;) {
    const result = steps.next();
    if (result.done || now() >= end) return result;
  }
}
