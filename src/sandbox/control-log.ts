import { redactKeys } from '../domain/redact.ts';

/** What was done to a sandbox from outside. */
export interface ControlAction {
  /** The request behind which it came: its `seq`, 0 before the first. */
  after: number;
  /** In words: `clock +1 min`. */
  text: string;
  /** The call: `POST /clock/advance`. */
  by: string;
}

/** Actions that are kept. */
const MAX_ACTIONS = 200;

/** What was done to a sandbox from outside, the newest ones. It outlives the state: a reset is one of them. */
export class ControlLog {
  private actions: ControlAction[] = [];
  /** Of all that there ever were. */
  count = 0;

  add(action: ControlAction): void {
    this.count++;
    this.actions.push(action);
    if (this.actions.length > MAX_ACTIONS) this.actions = this.actions.slice(-MAX_ACTIONS);
  }

  /** Those behind the first so many. */
  listAfter(count: number): readonly ControlAction[] {
    return count >= this.count ? [] : this.actions.slice(-Math.min(this.count - count, MAX_ACTIONS));
  }
}

/** What was done from outside; keys in it are masked. */
export const toControlView = ({ after, text, by }: ControlAction): ControlAction => ({
  after,
  text: redactKeys(text),
  by: redactKeys(by),
});
