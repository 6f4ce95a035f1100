import type { Metric } from 'prom-client';
import type Registry from 'prom-client/lib/registry.js';

/** One line of a histogram, before it is written. */
interface Sample {
  metricName: string;
  labels: Record<string, string | number>;
  value: number;
}

/** The durations of what has the same labels, in seconds. */
export class Series {
  readonly labels: Record<string, string>;
  private readonly bounds: readonly number[];
  /** How many there are up to each bound and beyond the one before it; the last is beyond all. */
  private readonly counts: number[];
  private sum = 0;

  constructor(labels: Record<string, string>, bounds: readonly number[]) {
    this.labels = labels;
    this.bounds = bounds;
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  add(seconds: number): void {
    let place = 0;
    while (place < this.bounds.length && seconds > (this.bounds[place] as number)) place++;
    (this.counts[place] as number)++;
    this.sum += seconds;
  }

  toSamples(name: string): Sample[] {
    const { labels } = this;
    let count = 0;
    const buckets = this.counts.map((more, place) => {
      count += more;
      return { metricName: `${name}_bucket`, labels: { le: this.bounds[place] ?? '+Inf', ...labels }, value: count };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels, value: this.sum },
      { metricName: `${name}_count`, labels, value: count },
    ];
  }
}

/**
 * A histogram for whoever keeps its series: that of prom-client looks labels up at each observation, with which a GET takes a third
 * more CPU time.
 */
export class Durations {
  private readonly all: Series[] = [];
  private readonly bounds: readonly number[];

  /** @param bounds upper ones, in seconds */
  constructor(registry: Registry, name: string, help: string, bounds: readonly number[]) {
    this.bounds = bounds;
    const get = async () => ({ name, help, type: 'histogram', values: this.all.flatMap((one) => one.toSamples(name)) });
    // What a registry needs of a metric.
    registry.registerMetric({ name, get } as unknown as Metric<string>);
  }

  /** A new one. */
  open(labels: Record<string, string>): Series {
    const series = new Series(labels, this.bounds);
    this.all.push(series);
    return series;
  }
}
