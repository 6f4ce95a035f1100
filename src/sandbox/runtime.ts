import type { Random } from '../domain/random.ts';
import type { Buckets } from '../store/runtime.ts';
import type { ControlLog } from './control-log.ts';
import type { Faults } from './faults.ts';
import type { Interaction } from './interaction.ts';
import type { Journal } from './journal.ts';
import type { Waits } from './waits.ts';

/** What a live sandbox has besides its state. */
export interface Runtime {
  /** Gone with the state. */
  readonly buckets: Buckets;
  readonly faults: Faults;
  readonly waits: Waits;
  /** Emptied with the state; its numbers go on. */
  readonly journal: Journal;
  /** What was done from outside: it outlives the state. */
  readonly actions: ControlLog;
  /** What a verifier of a pact does: it outlives the state. */
  readonly interaction: Interaction;
  /** What ids and keys are drawn from. */
  readonly random: Random;
  /** Whether the sandbox was removed: one that has its id since is another one. */
  readonly isGone: () => boolean;
}
