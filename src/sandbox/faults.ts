import type { FaultRule } from '../domain/fault.ts';
import { buildRandom, drawFraction, type Random } from '../domain/random.ts';
import { Matcher, type MatchSubject } from './match.ts';

/** How often a rule was asked, and did something. */
interface Counters {
  /** Requests that matched, whether or not it fired. */
  matched: number;
  fired: number;
  random: Random;
}

/** Hears what becomes of rules. */
export interface FaultWatcher {
  /** There are these rules now. */
  see(rules: readonly FaultRule[]): void;
  /** They were asked about a request. */
  ask(rules: readonly FaultRule[]): void;
  fire(rule: FaultRule): void;
}

/** What has become of the fault rules of a sandbox. The rules are settings of it; this is gone with its state. */
export class Faults {
  private readonly random: Random;
  private readonly counters = new Map<string, Counters>();
  private readonly matchers = new WeakMap<FaultRule, Matcher>();

  private readonly watcher: FaultWatcher | undefined;

  /** @param random what a rule draws from that has no seed */
  constructor(random: Random, watcher?: FaultWatcher) {
    this.random = random;
    this.watcher = watcher;
  }

  /** Whether no rule was asked yet, so that nothing is forgotten with this. */
  get isUnused(): boolean {
    return this.counters.size === 0;
  }

  /** The first rule that fires for a request. @param now milliseconds of the sandbox's clock */
  fire(rules: readonly FaultRule[], subject: MatchSubject, now: number): FaultRule | undefined {
    const fired = rules.find((rule) => {
      const { enabled = true, expires_at = Number.POSITIVE_INFINITY } = rule;
      return enabled && now < expires_at && this.matcherOf(rule).matches(subject) && this.isDue(rule);
    });
    this.watcher?.ask(rules);
    if (fired !== undefined) this.watcher?.fire(fired);
    return fired;
  }

  countOf({ id }: FaultRule): Pick<Counters, 'matched' | 'fired'> {
    const { matched = 0, fired = 0 } = this.counters.get(id) ?? {};
    return { matched, fired };
  }

  /** Forgets rules that are gone: one that has its id later begins anew. */
  keepOnly(rules: readonly FaultRule[]): void {
    this.watcher?.see(rules);
    const ids = new Set(rules.map(({ id }) => id));
    for (const id of this.counters.keys()) if (!ids.has(id)) this.counters.delete(id);
  }

  /** Gives a number from 0 up to 1. */
  drawFor(rule: FaultRule): () => number {
    const { random } = this.countersOf(rule);
    return () => drawFraction(random);
  }

  private isDue(rule: FaultRule): boolean {
    const counters = this.countersOf(rule);
    counters.matched++;
    const { after = 0, every = 1, times = Number.POSITIVE_INFINITY, probability = 1 } = rule;
    const place = counters.matched - after;
    if (place < 1 || place % every !== 0 || counters.fired >= times) return false;
    if (probability < 1 && drawFraction(counters.random) >= probability) return false;
    counters.fired++;
    return true;
  }

  private countersOf({ id, random_seed }: FaultRule): Counters {
    const known = this.counters.get(id);
    if (known !== undefined) return known;
    const random = random_seed === undefined ? this.random : buildRandom(random_seed, 'fault');
    const counters = { matched: 0, fired: 0, random };
    this.counters.set(id, counters);
    return counters;
  }

  private matcherOf(rule: FaultRule): Matcher {
    const known = this.matchers.get(rule);
    if (known !== undefined) return known;
    const matcher = new Matcher(rule.match ?? {});
    this.matchers.set(rule, matcher);
    return matcher;
  }
}
