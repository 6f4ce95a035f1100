import { effect } from '@preact/signals';
import type { ControlAction } from '../sandbox/control-log.ts';
import type { Summary } from '../sandbox/summary.ts';
import { login, read, send, Unreachable } from './api.ts';
import { decodeStream } from './sse.ts';
import {
  addSummaries,
  base,
  clock,
  clockReadAt,
  connection,
  controls,
  dropped,
  forgetAll,
  type Info,
  info,
  type Limits,
  limits,
  lostAt,
  notice,
  older,
  openRequests,
  type Rule,
  rules,
  sandboxId,
  skipped,
  summaries,
  token,
} from './state.ts';

const PAGE = 200;
/** What a hidden page may hold its stream for: a browser has six connections for a host. */
const HIDDEN_MS = 5000;
/** From so many requests in a tenth of a second on, the list is drawn more seldom. */
const MANY = 10;
const LOADED_DRAW_MS = 250;
const RETRY_MS = [250, 500, 1000, 2000, 5000];

interface Page {
  requests: Summary[];
  next: number | null;
  dropped: number;
  controls: ControlAction[];
}

/** The stream that there is, how often it was tried, and of which run the journal is. */
const stream: { running?: AbortController; attempts: number; startedAt?: string; isHidden?: boolean } = { attempts: 0 };

/** Connects, and again whenever the sandbox or the token is another one. */
export function start(): void {
  effect(() => {
    void sandboxId.value;
    void token.value;
    forgetAll();
    gathered.length = 0;
    connect();
  });
  let hiding = 0;
  document.addEventListener('visibilitychange', () => {
    clearTimeout(hiding);
    if (document.visibilityState !== 'hidden') {
      if (stream.isHidden) connect();
      return;
    }
    hiding = window.setTimeout(() => {
      // What somebody has paused stays so.
      stream.isHidden = connection.value !== 'paused';
      pause();
    }, HIDDEN_MS);
  });
}

/** Gives the stream back. */
export function pause(): void {
  stream.running?.abort();
  connection.value = 'paused';
}

export function connect(): void {
  stream.running?.abort();
  stream.isHidden = false;
  const running = new AbortController();
  stream.running = running;
  const { signal } = running;
  follow(signal).then(
    (reason) => signal.aborted || lose(reason),
    (error) => signal.aborted || (login.value === 'no' && lose(error instanceof Unreachable ? 'gone' : 'failed')),
  );
}

function lose(reason: string): void {
  if (login.value !== 'no') return;
  connection.value = reason === 'stopped' ? 'stopped' : 'lost';
  if (lostAt.value === '') lostAt.value = new Date().toTimeString().slice(0, 8);
  setTimeout(
    () => ['lost', 'stopped'].includes(connection.value) && connect(),
    RETRY_MS[Math.min(stream.attempts++, RETRY_MS.length - 1)],
  );
}

/** Reads what there is, then what comes. @returns why it ended */
async function follow(signal: AbortSignal): Promise<string> {
  const told = await read<Info>('/info');
  if (told === undefined || signal.aborted) return 'refused';
  if (stream.startedAt !== undefined && stream.startedAt !== told.started_at) {
    // The journal of another run begins anew.
    summaries.value = [];
    controls.value = [];
    notice.value = { tone: 'done', text: 'The mock was restarted: its data is kept, the journal is new.' };
  }
  stream.startedAt = told.started_at;
  info.value = told;
  await readAll(signal);
  if (signal.aborted) return 'refused';
  const last = summaries.value[0]?.seq ?? 0;
  const response = await send('GET', `${base.value}/stream?after=${last}`, { signal });
  if (response.status !== 200 || response.body === null) return 'refused';
  connection.value = 'live';
  lostAt.value = '';
  stream.attempts = 0;
  for await (const { name, data } of decodeStream(response.body)) {
    if (name === 'end') return JSON.parse(data).reason;
    take(name, JSON.parse(data || '{}'));
  }
  return 'gone';
}

async function readAll(signal: AbortSignal): Promise<void> {
  const [page, time, allLimits, allRules] = await Promise.all([
    read<Page>(`${base.value}/requests?view=summary&order=newest&limit=${PAGE}`),
    read<{ now: string; mode: 'running' | 'frozen'; offset_ms: number | null }>(`${base.value}/clock`),
    read<Limits>(`${base.value}/limits`),
    read<{ faults: Rule[] }>(`${base.value}/faults`),
  ]);
  if (signal.aborted) return;
  if (page !== undefined) {
    addSummaries(page.requests);
    controls.value = page.controls;
    dropped.value = page.dropped;
    older.value = page.next;
  }
  if (time !== undefined) setClock(time);
  if (allLimits !== undefined) limits.value = allLimits;
  if (allRules !== undefined) rules.value = allRules.faults;
}

/** Reads the page behind the last one, once. */
export async function readOlder(): Promise<void> {
  const before = older.value;
  if (before === null) return;
  older.value = null;
  const page = await read<Page>(`${base.value}/requests?view=summary&order=newest&limit=${PAGE}&before=${before}`);
  if (page === undefined) return;
  addSummaries(page.requests);
  older.value = page.next;
}

function setClock(time: NonNullable<typeof clock.value>): void {
  clock.value = time;
  clockReadAt.value = performance.now();
}

// biome-ignore lint/suspicious/noExplicitAny: each event has data of its own
function take(name: string, data: any): void {
  switch (name) {
    case 'hello':
      setClock(data.clock);
      return;
    case 'requests':
      skipped.value += data.skipped;
      gather(data.requests);
      return;
    case 'open':
      openRequests.value = [...openRequests.value.filter(({ request_id }) => request_id !== data.request_id), data];
      return;
    case 'clock':
      setClock(data);
      return;
    case 'limits':
      limits.value = mergeLimits(data);
      return;
    case 'control':
      controls.value = [...controls.value, data].slice(-200);
      return;
    case 'faults':
      void readRules(data.rules);
      return;
    case 'cleared':
      gathered.length = 0;
      summaries.value = [];
      openRequests.value = [];
      skipped.value = 0;
      dropped.value = 0;
      older.value = null;
  }
}

/** Requests that are not drawn yet. */
const gathered: Summary[] = [];

/** Under load nobody can read each drawing: some are left out. */
function gather(added: readonly Summary[]): void {
  const isFirst = gathered.length === 0;
  gathered.push(...added);
  if (!isFirst) return;
  const draw = () => addSummaries(gathered.splice(0));
  if (added.length < MANY) draw();
  else window.setTimeout(draw, LOADED_DRAW_MS);
}

/** Only those that changed are in the event. */
function mergeLimits({ mode, buckets, more }: Limits): Limits {
  const keyOf = (bucket: Limits['buckets'][number]) => `${bucket.api_key_id} ${bucket.category}`;
  const known = new Map((limits.value?.buckets ?? []).map((bucket) => [keyOf(bucket), bucket]));
  for (const bucket of buckets) known.set(keyOf(bucket), bucket);
  return { mode, buckets: [...known.values()], more };
}

/** The event has counts; of a rule that is new the rest is asked for. */
async function readRules(counted: Pick<Rule, 'id' | 'matched' | 'fired' | 'enabled'>[]): Promise<void> {
  const known = new Map(rules.value.map((rule) => [rule.id, rule]));
  if (counted.some(({ id }) => !known.has(id)) || counted.length !== known.size) {
    const all = await read<{ faults: Rule[] }>(`${base.value}/faults`);
    if (all !== undefined) rules.value = all.faults;
    return;
  }
  rules.value = counted.flatMap((counts) => {
    const rule = known.get(counts.id);
    return rule === undefined ? [] : [{ ...rule, ...counts }];
  });
}
