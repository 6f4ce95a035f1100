import type { FaultRule } from '../domain/fault.ts';
import type { FaultCounters, FaultCounts } from '../store/runtime.ts';

/** Counters in the memory of this process. */
export class MemoryFaultCounters implements FaultCounters {
  private readonly counts = new Map<string, FaultCounts>();

  get isUnused(): boolean {
    return this.counts.size === 0;
  }

  async count(rule: FaultRule, draw: () => number): Promise<number | undefined> {
    const { after = 0, every = 1, times = Number.POSITIVE_INFINITY, probability = 1 } = rule;
    const counts = this.counts.get(rule.id) ?? { matched: 0, fired: 0 };
    this.counts.set(rule.id, counts);
    counts.matched++;
    const behind = counts.matched - after;
    if (behind < 1 || behind % every !== 0 || counts.fired >= times) return undefined;
    if (probability < 1 && draw() >= probability) return undefined;
    counts.fired++;
    return counts.matched;
  }

  async read(): Promise<ReadonlyMap<string, FaultCounts>> {
    return this.counts;
  }

  async keepOnly(rules: readonly FaultRule[]): Promise<void> {
    const ids = new Set(rules.map(({ id }) => id));
    for (const id of this.counts.keys()) if (!ids.has(id)) this.counts.delete(id);
  }
}
