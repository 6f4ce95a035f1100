import type { FaultRule } from '../domain/fault.ts';
import { redactKeys } from '../domain/redact.ts';
import { type ControlAction, toControlView } from '../sandbox/control-log.ts';
import type { JournalEntry } from '../sandbox/journal-entry.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { LiveSandbox } from '../sandbox/sandboxes.ts';
import { toSummary } from '../sandbox/summary.ts';
import { type ClockView, toClockView } from './clock.ts';
import { type FaultView, toFaultViewJson } from './faults.ts';
import { type LimitsView, toLimitsView } from './limits-view.ts';

/** One event of a stream. */
export interface StreamEvent {
  name: string;
  /** JSON text. */
  data: string;
}

/** What the event `limits` says. */
export type LimitsChange = LimitsView & {
  /** All keys that have buckets still, that which was used last first. */
  api_key_ids: string[];
};

/** What a stream begins with. */
export interface Hello {
  started_at: string;
  seq: number;
  clock: ClockView;
  limits: LimitsView;
  faults: FaultView[];
  controls: ControlAction[];
  counts: { organizations: number; api_keys: number };
}

type Counts = Awaited<ReturnType<Sandbox['faults']['readCounts']>>;
type Add = (name: string, data: object | string) => void;

/** The summaries of requests as JSON text, with commas between them. */
export type ToTexts = (entries: readonly JournalEntry[]) => string;

/** Requests that one event shows. */
const MAX_REQUESTS = 200;
/** Real milliseconds after which a request that is still open is shown. */
const OPEN_AFTER_MS = 250;
/** Real milliseconds between two events about buckets, or fault rules. */
const LIMITS_EVERY_MS = 500;
const FAULTS_EVERY_MS = 1000;

/** What one stream has shown of a sandbox, and what is new. It looks when it is asked: nothing tells it. */
export class StreamReader {
  private readonly toTexts: ToTexts;
  private seq: number;
  private cleared: number;
  private actions: number;
  private clock: unknown;
  private mode: string;
  private bucketsOf: [Sandbox, version: number];
  private buckets = new Map<string, string>();
  private limitsAt = 0;
  private faultRules: readonly FaultRule[];
  private faults: string | undefined;
  private faultsAt = 0;
  /** Decided, but not ended when those behind them were shown. */
  private readonly late = new Set<JournalEntry>();
  /** Since when each was seen open, in real milliseconds; Infinity for one that was shown. */
  private readonly open = new Map<JournalEntry, number>();

  /**
   * @param after shows requests behind this `seq`; undefined for those that come from now on
   * @param toTexts writes what several streams show
   */
  constructor({ sandbox, settings }: LiveSandbox, after: number | undefined, toTexts: ToTexts) {
    this.toTexts = toTexts;
    const { journal, actions } = sandbox;
    this.seq = Math.min(after ?? journal.lastSeq, journal.lastSeq);
    for (const entry of journal.listOpen()) if (entry.seq > 0) this.late.add(entry);
    this.cleared = journal.cleared;
    this.actions = actions.count;
    this.clock = settings.clock;
    this.mode = settings.limits;
    this.faultRules = settings.faults;
    this.bucketsOf = [sandbox, sandbox.buckets.version];
  }

  /** The number of the newest request that was shown. */
  get lastSeq(): number {
    return this.seq;
  }

  /** What a stream begins with: all that the events behind it change. To be asked at once, so that nothing is left out. */
  async toHello(live: LiveSandbox, started_at: string, counts: Promise<Hello['counts']>): Promise<StreamEvent> {
    const { sandbox, settings } = live;
    const members: Omit<Hello, 'limits' | 'counts' | 'faults'> = {
      started_at,
      seq: sandbox.journal.lastSeq,
      clock: toClockView(settings.clock, live.now),
      controls: sandbox.actions.listAfter(0).map(toControlView),
    };
    const [limits, counted, fired] = await Promise.all([toLimitsView(live), counts, sandbox.faults.readCounts()]);
    const rules = settings.faults.map((rule) => toFaultViewJson(rule, fired));
    this.faults = toFaultsJson(settings.faults, fired);
    this.buckets = toTexts(limits.buckets);
    const data = JSON.stringify({ ...members, limits, counts: counted });
    return { name: 'hello', data: `${data.slice(0, -1)},"faults":[${redactKeys(rules.join(','))}]}` };
  }

  /** What is new. @param time real milliseconds */
  async look(live: LiveSandbox, time: number): Promise<StreamEvent[]> {
    const { sandbox, settings } = live;
    const events: StreamEvent[] = [];
    const add: Add = (name, data) => events.push(toEvent(name, data));
    if (this.cleared !== sandbox.journal.cleared) {
      this.cleared = sandbox.journal.cleared;
      this.late.clear();
      add('cleared', {});
    }
    const requests: StreamEvent[] = [];
    const first = this.lookAtRequests(sandbox, time, (name, data) => requests.push(toEvent(name, data)));
    const actions = sandbox.actions.listAfter(this.actions).map(toControlView);
    for (const action of actions) if (action.after < first) add('control', action);
    events.push(...requests);
    for (const action of actions) if (action.after >= first) add('control', action);
    this.actions = sandbox.actions.count;
    if (this.clock !== settings.clock) {
      this.clock = settings.clock;
      add('clock', toClockView(settings.clock, live.now));
    }
    await this.lookAtLimits(live, time, add);
    if (time - this.faultsAt >= FAULTS_EVERY_MS) {
      await this.lookAtFaults(live, time, add);
    }
    return events;
  }

  /** @returns the number of the first request that is shown; 0 where none is */
  private lookAtRequests({ journal }: Sandbox, time: number, add: Add): number {
    const open = journal.listOpen();
    const isOpen = new Set(open);
    const ended = [...this.late].filter((entry) => !isOpen.has(entry));
    for (const entry of ended) this.late.delete(entry);
    const { entries, skipped } = journal.listAfter(this.seq, MAX_REQUESTS);
    for (const entry of open) if (entry.seq > this.seq) this.late.add(entry);
    this.seq = Math.max(this.seq, journal.lastSeq);
    const shown = [...ended.filter((entry) => !entries.includes(entry)), ...entries];
    if (shown.length > 0) add('requests', `{"requests":[${this.toTexts(shown)}],"skipped":${skipped}}`);
    for (const entry of this.open.keys()) if (!isOpen.has(entry)) this.open.delete(entry);
    for (const entry of open) {
      const since = this.open.get(entry) ?? time;
      this.open.set(entry, since);
      if (time - since < OPEN_AFTER_MS) continue;
      this.open.set(entry, Number.POSITIVE_INFINITY);
      add('open', toSummary(entry));
    }
    return entries[0]?.seq ?? 0;
  }

  private async lookAtFaults({ sandbox, settings }: LiveSandbox, time: number, add: Add): Promise<void> {
    // Where there is no rule, and was none, there is nothing to count.
    if (settings.faults.length === 0 && this.faultRules.length === 0) return;
    this.faultRules = settings.faults;
    const faults = toFaultsJson(settings.faults, await sandbox.faults.readCounts());
    if (faults === this.faults) return;
    this.faults = faults;
    this.faultsAt = time;
    add('faults', faults);
  }

  private async lookAtLimits(live: LiveSandbox, time: number, add: Add): Promise<void> {
    const { sandbox, settings } = live;
    const [known, version] = this.bucketsOf;
    const isSame = known === sandbox && version === sandbox.buckets.version && this.mode === settings.limits;
    if (isSame || time - this.limitsAt < LIMITS_EVERY_MS) return;
    this.limitsAt = time;
    this.bucketsOf = [sandbox, sandbox.buckets.version];
    const { mode, buckets, more } = await toLimitsView(live);
    const now = toTexts(buckets);
    const changed = buckets.filter((bucket) => this.buckets.get(placeOf(bucket)) !== now.get(placeOf(bucket)));
    const isOneGone = [...this.buckets.keys()].some((place) => !now.has(place));
    this.buckets = now;
    if (changed.length > 0 || isOneGone || this.mode !== mode) {
      const api_key_ids = [...new Set(buckets.map(({ api_key_id }) => api_key_id))];
      add('limits', { mode, buckets: changed, api_key_ids, more } satisfies LimitsChange);
    }
    this.mode = mode;
  }
}

type Buckets = LimitsView['buckets'];
const placeOf = ({ api_key_id, category }: Buckets[number]) => `${api_key_id} ${category}`;
const toTexts = (buckets: Buckets) => new Map(buckets.map((bucket) => [placeOf(bucket), JSON.stringify(bucket)]));

const toEvent = (name: string, data: object | string): StreamEvent => ({
  name,
  data: typeof data === 'string' ? data : JSON.stringify(data),
});

/** What the fault rules of a sandbox have done. */
function toFaultsJson(rules: readonly FaultRule[], counts: Counts): string {
  const views = rules.map(({ id, enabled = true }) => {
    const { matched = 0, fired = 0 } = counts.get(id) ?? {};
    return { id, matched, fired, enabled };
  });
  return JSON.stringify({ rules: views });
}
