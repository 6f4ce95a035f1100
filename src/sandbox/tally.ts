import { type FaultRule, toFaultJson } from '../domain/fault.ts';
import { redactKeys } from '../domain/redact.ts';
import { DEFAULT_SANDBOX } from '../domain/state.ts';
import type { FaultWatcher } from './faults.ts';

/** Whether a rule was asked about a request, and fired. */
interface Tallied {
  rule: FaultRule;
  /** Where nobody asks a rule, it may be of a sandbox that was made ahead. */
  isAsked: boolean;
  hasFired: boolean;
}

/**
 * What tests did that they probably did not mean, over all sandboxes of a server, also those that are gone: for a run that is
 * to be strict.
 */
export class Tally {
  private readonly rules = new Map<string, Tallied>();
  private readonly unserved = new Map<string, number>();
  private readonly unknownStates = new Map<string, number>();
  private incomplete = 0;

  /** Rules that a sandbox is made with. Those of many sandboxes that say the same count as one. */
  seed(sandboxId: string, rules: readonly FaultRule[]): void {
    for (const rule of rules) this.add(toKey(rule), rule, sandboxId === DEFAULT_SANDBOX);
  }

  /** What hears of the rules of a sandbox. */
  watch(sandboxId: string): FaultWatcher {
    const keyOf = (rule: FaultRule) => `${sandboxId} ${rule.id} ${toKey(rule)}`;
    return {
      see: (rules) => {
        for (const rule of rules) if (!this.rules.has(toKey(rule))) this.add(keyOf(rule), rule, true);
      },
      ask: (rules) => {
        for (const rule of rules) this.change(toKey(rule), { isAsked: true });
      },
      fire: (rule) => {
        for (const key of [toKey(rule), keyOf(rule)]) this.change(key, { hasFired: true });
      },
    };
  }

  /** A request met no route. */
  addUnserved(method: string, path: string): void {
    count(this.unserved, `${method} ${redactKeys(path)}`);
  }

  /** A Pact verifier asked for a state that there is not. Keys in its name are masked. */
  addUnknownState(state: string): void {
    count(this.unknownStates, state);
  }

  /** A verification asked for requests that the journal no longer had. */
  addIncomplete(): void {
    this.incomplete++;
  }

  /** A sentence for each. */
  list(): string[] {
    const silent = [...this.rules.values()].filter(
      ({ rule: { enabled = true }, isAsked, hasFired }) => enabled && isAsked && !hasFired,
    );
    return [
      ...silent.map(({ rule }) => `a fault rule never fired: ${redactKeys(toFaultJson(rule))}`),
      ...[...this.unserved].map(
        ([request, times]) => `${request} is not served (501), but was asked for ${times} times`,
      ),
      ...[...this.unknownStates].map(
        ([state, times]) => `the Pact state "${state}" is unknown, but was asked for ${times} times`,
      ),
      ...(this.incomplete > 0
        ? [
            `the journal had dropped requests that ${this.incomplete} verifications asked for: --journal-size keeps more`,
          ]
        : []),
    ].map((line) => line.replace(/\b1 times$/, 'once').replace('1 verifications', 'a verification'));
  }

  private add(key: string, rule: FaultRule, isAsked: boolean): void {
    const { hasFired = false, isAsked: wasAsked = false } = this.rules.get(key) ?? {};
    this.rules.set(key, { rule, isAsked: isAsked || wasAsked, hasFired });
  }

  private change(key: string, changed: Partial<Tallied>): void {
    const known = this.rules.get(key);
    if (known !== undefined) Object.assign(known, changed);
  }
}

/** What a rule says; its id may be another one in each sandbox. */
const toKey = ({ id: _, ...rule }: FaultRule) => JSON.stringify(rule);

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
