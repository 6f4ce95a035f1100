import { batch, effect } from '@preact/signals';
import type { FaultView } from '../control/faults.ts';
import type { InfoView } from '../control/info.ts';
import type { LimitsView } from '../control/limits-view.ts';
import type { SummaryPage } from '../control/requests.ts';
import type { Hello, LimitsChange } from '../control/stream-reader.ts';
import type { Summary } from '../sandbox/summary.ts';
import { isAllowed, login, read, refuse, send, toAnswer } from './api.ts';
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
  info,
  isAway,
  limits,
  lostAt,
  notice,
  older,
  rules,
  sandboxId,
  skipped,
  summaries,
  token,
  version,
} from './state.ts';

const PAGE = 200;
/** What a hidden page may hold its stream for: a browser has six connections for a host. */
const HIDDEN_MS = 5000;
/** From so many requests in a tenth of a second on, the list is drawn more seldom. */
const MANY = 10;
const LOADED_DRAW_MS = 250;
/** Why a stream ends, or is not there. */
const DELETED = 'sandbox deleted';
const RETRY_MS = [250, 500, 1000, 2000, 5000];

/** The stream that there is, how often it was tried, and of which run the journal is. */
const stream: { running?: AbortController; attempts: number; startedAt?: string; isHidden?: boolean } = { attempts: 0 };

/** Takes a token, also the same one again: the server may have another one now. */
export function logIn(given: string): void {
  if (!isAllowed(given)) {
    login.value = 'wrong';
    return;
  }
  login.value = 'no';
  if (token.value === given) connect();
  else token.value = given;
}

/** Connects, and again whenever the sandbox or the token is another one. */
export function start(): void {
  effect(() => {
    void sandboxId.value;
    void token.value;
    forgetAll();
    connection.value = 'loading';
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

/** By hand: also to try at once where nobody answers. */
export function togglePause(): void {
  if (connection.value === 'live' || connection.value === 'loading') pause();
  else connect();
}

/** Gives the stream back. */
function pause(): void {
  stream.running?.abort();
  connection.value = 'paused';
}

function connect(): void {
  stream.running?.abort();
  stream.isHidden = false;
  const running = new AbortController();
  stream.running = running;
  const { signal } = running;
  follow(signal).then(
    (reason) => signal.aborted || lose(reason),
    () => signal.aborted || lose('gone'),
  );
}

function lose(reason: string): void {
  if (login.value !== 'no') return;
  lostAt.value ||= performance.now();
  connection.value = reason === 'stopped' ? 'stopped' : reason === DELETED ? 'deleted' : 'lost';
  const wait = RETRY_MS[Math.min(stream.attempts++, RETRY_MS.length - 1)];
  setTimeout(() => isAway.value && connect(), wait);
}

/** Hears what comes, and before that reads what there is: what comes meanwhile waits. @returns why it ended */
async function follow(signal: AbortSignal): Promise<string> {
  const told = await read<InfoView>('/info');
  if (told === undefined || signal.aborted) return 'refused';
  if (stream.startedAt !== undefined && stream.startedAt !== told.started_at) {
    // The journal of another run begins anew.
    summaries.value = [];
    controls.value = [];
    const data = told.db === ':memory:' ? 'its data and its journal are new' : 'its data is kept, the journal is new';
    notice.value = { tone: 'done', text: `The mock was restarted: ${data}.` };
  }
  stream.startedAt = told.started_at;
  info.value = told;
  const response = await send('GET', `${base.value}/stream`, { signal });
  if (response.status === 404) return DELETED;
  if (response.status !== 200 || response.body === null) {
    refuse(await toAnswer(response));
    return 'refused';
  }
  for await (const { name, data } of decodeStream(response.body)) {
    if (name === 'end') return JSON.parse(data).reason;
    if (name === 'hello') {
      if (!(await begin(JSON.parse(data), signal))) return 'refused';
    } else take(name, JSON.parse(data || '{}'));
  }
  return 'gone';
}

/** The requests that there are, from the newest on, or behind those that are shown. */
const readRequests = (behind = '') =>
  read<SummaryPage>(`${base.value}/requests?view=summary&order=newest&limit=${PAGE}${behind}`);

/** @returns whether it could be read */
async function begin(hello: Hello, signal: AbortSignal): Promise<boolean> {
  const heardAt = performance.now();
  const page = await readRequests();
  if (page === undefined || signal.aborted) return false;
  batch(() => {
    // What is shown is kept only where nothing is missing between it and these.
    const oldest = page.requests.at(-1)?.seq ?? 0;
    const isJoined = page.next !== null && summaries.value.some(({ seq }) => Number(seq) >= Number(oldest));
    summaries.value = isJoined ? summaries.value.filter(({ outcome }) => outcome !== 'open') : [];
    gathered.length = 0;
    addSummaries(page.requests);
    dropped.value = page.dropped;
    // Those behind them were read already.
    if (!isJoined) older.value = page.next;
    skipped.value = 0;
    setClock(hello.clock, heardAt);
    version.value++;
    limits.value = hello.limits;
    rules.value = hello.faults;
    controls.value = hello.controls;
    connection.value = 'live';
    lostAt.value = 0;
    stream.attempts = 0;
  });
  return true;
}

/** Reads the page behind the last one, once. */
export async function readOlder(): Promise<void> {
  const [before, from] = [older.value, base.value];
  if (before === null) return;
  older.value = null;
  const page = await readRequests(`&before=${before}`);
  if (page === undefined || from !== base.value) return;
  addSummaries(page.requests);
  older.value = page.next;
}

function setClock(time: Hello['clock'], heardAt = performance.now()): void {
  clock.value = time;
  clockReadAt.value = heardAt;
}

// biome-ignore lint/suspicious/noExplicitAny: each event has data of its own
function take(name: string, data: any): void {
  switch (name) {
    case 'requests':
      skipped.value += data.skipped;
      gather(data.requests);
      return;
    case 'open':
      addSummaries([data]);
      return;
    case 'clock':
      setClock(data);
      return;
    case 'limits':
      limits.value = mergeLimits(data);
      return;
    case 'control':
      controls.value = [...controls.value, data].slice(-200);
      version.value++;
      return;
    case 'faults':
      void readRules(data.rules);
      return;
    case 'cleared':
      gathered.length = 0;
      summaries.value = [];
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

/** Only those that changed are in the event, and the keys that have any. */
function mergeLimits({ mode, buckets, api_key_ids, more }: LimitsChange): LimitsView {
  const keyOf = (bucket: LimitsView['buckets'][number]) => `${bucket.api_key_id} ${bucket.category}`;
  const known = new Map((limits.value?.buckets ?? []).map((bucket) => [keyOf(bucket), bucket]));
  for (const bucket of buckets) known.set(keyOf(bucket), bucket);
  const all = [...known.values()];
  return { mode, buckets: api_key_ids.flatMap((id) => all.filter((one) => one.api_key_id === id)), more };
}

/** The event has counts; of a rule that is new the rest is asked for. */
async function readRules(counted: Pick<FaultView, 'id' | 'matched' | 'fired' | 'enabled'>[]): Promise<void> {
  const known = new Map(rules.value.map((rule) => [rule.id, rule]));
  if (counted.some(({ id }) => !known.has(id)) || counted.length !== known.size) {
    const from = base.value;
    const all = await read<{ faults: FaultView[] }>(`${from}/faults`);
    if (all !== undefined && from === base.value) rules.value = all.faults;
    return;
  }
  rules.value = counted.flatMap((counts) => {
    const rule = known.get(counts.id);
    return rule === undefined ? [] : [{ ...rule, ...counts }];
  });
}
