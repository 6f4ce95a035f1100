import type { ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Counter from 'prom-client/lib/counter.js';
import Gauge from 'prom-client/lib/gauge.js';
import addHeap from 'prom-client/lib/metrics/heapSizeAndUsed.js';
import addMemory from 'prom-client/lib/metrics/osMemoryHeap.js';
import addCpu from 'prom-client/lib/metrics/processCpuTotal.js';
import addStartTime from 'prom-client/lib/metrics/processStartTime.js';
import Registry from 'prom-client/lib/registry.js';
import { CONNECTION_FAULTS, type FaultRule } from '../domain/fault.ts';
import { RATE_LIMIT_CATEGORIES } from '../domain/rate-limits.ts';
import { now } from '../domain/real-time.ts';
import { Durations, type Series } from './durations.ts';
import { isAborted } from './exchange.ts';

/** Upper bounds in seconds: most answers take less than a millisecond, a fault may delay one for minutes. */
const REQUEST_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60];
/** Upper bounds in seconds: a memory's microseconds, and an engine's deadline of three seconds. */
const STORE_SECONDS = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** Where a request that no route of ours takes is counted, and one that is no HTTP. */
const NO_ROUTE = 'none';
const ABORTED = 'aborted';

/** What a rule did, in one word. */
const FAULT_KINDS = [...CONNECTION_FAULTS, 'drip', 'status', 'delay'] as const;

/** What prom-client tells of a process, as far as nothing has to be observed for it. */
const OF_PROCESS = [addCpu, addMemory, addHeap, addStartTime];

/** The requests of a route with a method. */
interface Counted {
  method: string;
  route: string;
  durations: Series;
  byStatus: Map<string | number, number>;
}

/** A request under way: the route may still become known. */
const ROUTE = Symbol('route');
type CountedResponse = ServerResponse & { [ROUTE]?: string };

/**
 * What one server counts, in the text form of Prometheus. No label takes a value that clients choose: routes are templates, and
 * rules and keys are not named.
 */
export class Metrics {
  private readonly registry = new Registry();
  private readonly byRoute = new Map<string, Map<string, Counted>>();
  private readonly byOperation = new Map<string, Series>();
  private readonly requestDurations = new Durations(
    this.registry,
    'mixpeek_mock_http_request_duration_seconds',
    'From the head of a request to the end of its answer, delays of faults included.',
    REQUEST_SECONDS,
  );
  private readonly storeDurations = new Durations(
    this.registry,
    'mixpeek_mock_store_duration_seconds',
    'How long an operation of the store took, its wait for others included.',
    STORE_SECONDS,
  );
  private readonly limited = new Counter({
    name: 'mixpeek_mock_rate_limited_total',
    help: 'Requests refused with a 429 because their bucket was empty.',
    labelNames: ['category'],
    registers: [this.registry],
  });
  private readonly fired = new Counter({
    name: 'mixpeek_mock_faults_fired_total',
    help: 'Requests that a fault rule took, by what it did.',
    labelNames: ['kind'],
    registers: [this.registry],
  });
  private readonly storeErrors = new Counter({
    name: 'mixpeek_mock_store_errors_total',
    help: 'Operations that failed because the storage could not be used.',
    registers: [this.registry],
  });

  constructor(version: string) {
    const { byRoute, registry } = this;
    const info = { name: 'mixpeek_mock_info', help: 'Always 1.', labelNames: ['version'], registers: [registry] };
    new Gauge(info).set({ version }, 1);
    new Counter({
      name: 'mixpeek_mock_http_requests_total',
      help: 'Requests by the template of their route and the status of the answer; "aborted" where it did not get out.',
      labelNames: ['method', 'route', 'status'],
      registers: [registry],
      collect() {
        this.reset();
        for (const { method, route, byStatus } of [...byRoute.values()].flatMap((all) => [...all.values()])) {
          for (const [status, count] of byStatus) this.inc({ method, route, status }, count);
        }
      },
    });
    for (const add of OF_PROCESS) add(registry);
    for (const category of RATE_LIMIT_CATEGORIES) this.limited.inc({ category }, 0);
    for (const kind of FAULT_KINDS) this.fired.inc({ kind }, 0);
  }

  /**
   * A request begins, or goes on in another app, which has its route. It is counted when the response is closed.
   * @param route the template of its URL
   */
  begin(request: FastifyRequest, reply: FastifyReply, route = NO_ROUTE): void {
    const raw: CountedResponse = reply.raw;
    const isBegun = raw[ROUTE] !== undefined;
    raw[ROUTE] = route;
    if (isBegun) return;
    const started = now();
    raw.on('close', () => this.end(request, raw, (now() - started) / 1000));
  }

  /** What Node's parser refused. */
  countUnreadable(method = 'none'): void {
    count(this.find(NO_ROUTE, method), 400);
  }

  /** @param isUnavailable whether the storage could not be used */
  readonly observeStore = (operation: string, ms: number, isUnavailable: boolean): void => {
    let series = this.byOperation.get(operation);
    if (series === undefined) {
      series = this.storeDurations.open({ operation });
      this.byOperation.set(operation, series);
    }
    series.add(ms / 1000);
    if (isUnavailable) this.storeErrors.inc();
  };

  /** All of it, and what `Content-Type` says of that. */
  async write(): Promise<{ type: string; text: string }> {
    return { type: this.registry.contentType, text: await this.registry.metrics() };
  }

  private end({ exchange, method, raw: request }: FastifyRequest, raw: CountedResponse, seconds: number): void {
    const { statusCode, [ROUTE]: route = NO_ROUTE } = raw;
    const counted = this.find(route, method);
    count(counted, isAborted(request, raw) ? ABORTED : statusCode);
    counted.durations.add(seconds);
    const { fault, category } = exchange;
    if (fault !== undefined) this.fired.inc({ kind: toKind(fault) });
    else if (statusCode === 429 && category !== undefined) this.limited.inc({ category });
  }

  private find(route: string, method: string): Counted {
    const known = this.byRoute.get(route)?.get(method);
    if (known !== undefined) return known;
    const durations = this.requestDurations.open({ method, route });
    const counted = { method, route, durations, byStatus: new Map() };
    const byMethod = this.byRoute.get(route) ?? new Map<string, Counted>();
    this.byRoute.set(route, byMethod.set(method, counted));
    return counted;
  }
}

const count = ({ byStatus }: Counted, status: string | number) => byStatus.set(status, (byStatus.get(status) ?? 0) + 1);

const toKind = ({ connection, status }: FaultRule): (typeof FAULT_KINDS)[number] => {
  if (connection !== undefined) return typeof connection === 'object' ? 'drip' : connection;
  return status === undefined ? 'delay' : 'status';
};
