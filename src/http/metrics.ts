import type { ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Counter from 'prom-client/lib/counter.js';
import Gauge from 'prom-client/lib/gauge.js';
import Histogram from 'prom-client/lib/histogram.js';
import addHeap from 'prom-client/lib/metrics/heapSizeAndUsed.js';
import addMemory from 'prom-client/lib/metrics/osMemoryHeap.js';
import addCpu from 'prom-client/lib/metrics/processCpuTotal.js';
import addStartTime from 'prom-client/lib/metrics/processStartTime.js';
import Registry from 'prom-client/lib/registry.js';
import { CONNECTION_FAULTS, type FaultRule } from '../domain/fault.ts';
import { RATE_LIMIT_CATEGORIES } from '../domain/rate-limits.ts';
import { now } from '../domain/real-time.ts';
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

/**
 * What one server counts, in the text form of Prometheus. No label takes a value that clients choose: routes are templates, and
 * rules and keys are not named.
 */
export class Metrics {
  private readonly registry = new Registry();
  private readonly requests = new Counter({
    name: 'mixpeek_mock_http_requests_total',
    help: 'Requests by the template of their route and the status of the answer; "aborted" where it did not get out.',
    labelNames: ['method', 'route', 'status'],
    registers: [this.registry],
  });
  private readonly durations = new Histogram({
    name: 'mixpeek_mock_http_request_duration_seconds',
    help: 'From the head of a request to the end of its answer, delays of faults included.',
    labelNames: ['method', 'route'],
    buckets: REQUEST_SECONDS,
    registers: [this.registry],
  });
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
  private readonly storeDurations = new Histogram({
    name: 'mixpeek_mock_store_duration_seconds',
    help: 'How long an operation of the store took, its wait for others included.',
    labelNames: ['operation'],
    buckets: STORE_SECONDS,
    registers: [this.registry],
  });
  private readonly storeErrors = new Counter({
    name: 'mixpeek_mock_store_errors_total',
    help: 'Operations that failed because the storage could not be used.',
    registers: [this.registry],
  });
  /** Requests under way: the route may still become known. */
  private readonly open = new WeakMap<ServerResponse, { route: string }>();

  constructor(version: string) {
    const info = { name: 'mixpeek_mock_info', help: 'Always 1.', labelNames: ['version'], registers: [this.registry] };
    new Gauge(info).set({ version }, 1);
    for (const add of OF_PROCESS) add(this.registry);
    for (const category of RATE_LIMIT_CATEGORIES) this.limited.inc({ category }, 0);
    for (const kind of FAULT_KINDS) this.fired.inc({ kind }, 0);
  }

  /** A request begins, or goes on in another app, which has its route. It is counted when the response is closed. */
  begin(request: FastifyRequest, reply: FastifyReply): void {
    const { raw } = reply;
    const { url = NO_ROUTE } = request.routeOptions;
    const begun = this.open.get(raw);
    if (begun !== undefined) {
      begun.route = url;
      return;
    }
    const started = now();
    const counted = { route: url };
    this.open.set(raw, counted);
    raw.on('close', () => {
      const { exchange, method } = request;
      const { route } = counted;
      const { statusCode } = raw;
      this.requests.inc({ method, route, status: isAborted(request.raw, raw) ? ABORTED : statusCode });
      this.durations.observe({ method, route }, (now() - started) / 1000);
      const { fault, category } = exchange;
      if (fault !== undefined) this.fired.inc({ kind: toKind(fault) });
      else if (statusCode === 429 && category !== undefined) this.limited.inc({ category });
    });
  }

  /** What Node's parser refused. */
  countUnreadable(method = 'none'): void {
    this.requests.inc({ method, route: NO_ROUTE, status: 400 });
  }

  /** @param isUnavailable whether the storage could not be used */
  readonly observeStore = (operation: string, ms: number, isUnavailable: boolean): void => {
    this.storeDurations.observe({ operation }, ms / 1000);
    if (isUnavailable) this.storeErrors.inc();
  };

  /** All of it, and what `Content-Type` says of that. */
  async write(): Promise<{ type: string; text: string }> {
    return { type: this.registry.contentType, text: await this.registry.metrics() };
  }
}

const toKind = ({ connection, status }: FaultRule): (typeof FAULT_KINDS)[number] => {
  if (connection !== undefined) return typeof connection === 'object' ? 'drip' : connection;
  return status === undefined ? 'delay' : 'status';
};
