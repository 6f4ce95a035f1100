import type { FaultRule } from '../domain/fault.ts';
import { buildRandom, drawFraction, type Random } from '../domain/random.ts';
import type { FaultCounters, FaultCounts } from '../store/runtime.ts';
import { Matcher, type MatchSubject } from './match.ts';

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
  private readonly counters: FaultCounters;
  private readonly random: Random;
  /** Of the rules that have a seed, by their ids. */
  private readonly seeded = new Map<string, Random>();
  private readonly matchers = new WeakMap<FaultRule, Matcher>();
  private readonly watcher: FaultWatcher | undefined;

  /** @param random what a rule draws from that has no seed */
  constructor(counters: FaultCounters, random: Random, watcher?: FaultWatcher) {
    this.counters = counters;
    this.random = random;
    this.watcher = watcher;
  }

  /** Whether no rule was asked yet, so that nothing is forgotten with this. */
  get isUnused(): boolean {
    return this.counters.isUnused;
  }

  /** The first rule that fires for a request. @param now milliseconds of the sandbox's clock */
  async fire(rules: readonly FaultRule[], subject: MatchSubject, now: number): Promise<FaultRule | undefined> {
    let fired: FaultRule | undefined;
    for (const rule of rules) {
      const { enabled = true, expires_at = Number.POSITIVE_INFINITY } = rule;
      if (!enabled || now >= expires_at || !this.matcherOf(rule).matches(subject)) continue;
      if ((await this.counters.count(rule, this.drawFor(rule))) === undefined) continue;
      fired = rule;
      break;
    }
    this.watcher?.ask(rules);
    if (fired !== undefined) this.watcher?.fire(fired);
    return fired;
  }

  /** How often each rule was asked, and fired, by its id. */
  readCounts(): Promise<ReadonlyMap<string, FaultCounts>> {
    return this.counters.read();
  }

  /** Forgets rules that are gone: one that has its id later begins anew. */
  async keepOnly(rules: readonly FaultRule[]): Promise<void> {
    this.watcher?.see(rules);
    const ids = new Set(rules.map(({ id }) => id));
    for (const id of this.seeded.keys()) if (!ids.has(id)) this.seeded.delete(id);
    await this.counters.keepOnly(rules);
  }

  /** Gives a number from 0 up to 1. */
  drawFor(rule: FaultRule): () => number {
    const random = this.randomOf(rule);
    return () => drawFraction(random);
  }

  private randomOf({ id, random_seed }: FaultRule): Random {
    if (random_seed === undefined) return this.random;
    const random = this.seeded.get(id) ?? buildRandom(random_seed, 'fault');
    this.seeded.set(id, random);
    return random;
  }

  private matcherOf(rule: FaultRule): Matcher {
    const known = this.matchers.get(rule);
    if (known !== undefined) return known;
    const matcher = new Matcher(rule.match ?? {});
    this.matchers.set(rule, matcher);
    return matcher;
  }
}
