import { computed, signal } from '@preact/signals';
import type { ClockView } from '../control/clock.ts';
import type { FaultView } from '../control/faults.ts';
import type { InfoView } from '../control/info.ts';
import type { LimitsView } from '../control/limits-view.ts';
import type { ControlAction } from '../sandbox/control-log.ts';
import type { Summary } from '../sandbox/summary.ts';
import { cutKeys, matches, parseFilter } from './filter.ts';
import { mergeSummaries, toRows } from './story.ts';

export interface Notice {
  tone: 'done' | 'refused';
  text: string;
  undo?: () => void;
}

/** What is kept of the journal. */
const KEPT = 2000;

const TOKEN = 'mixpeek-mock token';
const query = new URLSearchParams(location.search);

/** In this tab only, until it is closed. */
export const token = signal(sessionStorage.getItem(TOKEN) ?? '');
token.subscribe((value) => {
  if (value === '') sessionStorage.removeItem(TOKEN);
  else sessionStorage.setItem(TOKEN, value);
});

export const info = signal<InfoView | undefined>(undefined);
export const sandboxId = signal(query.get('sandbox') ?? 'default');
export const base = computed(() => `/sandboxes/${encodeURIComponent(sandboxId.value)}`);

/** Newest first. */
export const summaries = signal<Summary[]>([]);
export const controls = signal<ControlAction[]>([]);
export const dropped = signal(0);
/** The `seq` before which the server has others; null where it has none. */
export const older = signal<number | null>(null);
export const skipped = signal(0);
export const clock = signal<ClockView | undefined>(undefined);
/** When that was read, by the clock of this page, in milliseconds. */
export const clockReadAt = signal(0);
export const limits = signal<LimitsView | undefined>(undefined);
/** Another one whenever something was changed in the sandbox. */
export const version = signal(0);
export const rules = signal<FaultView[]>([]);

export const connection = signal<'loading' | 'live' | 'paused' | 'lost' | 'stopped' | 'deleted'>('loading');
/** Since when nobody answers, as `performance.now()` says it; 0 while somebody does. */
export const lostAt = signal(0);
/** Whether there is nobody who could do anything. */
export const isAway = computed(() => ['lost', 'stopped', 'deleted'].includes(connection.value));
export const notice = signal<Notice | undefined>(undefined);

/** Nobody needs a whole key to find its requests. */
export const filterText = signal(cutKeys(query.get('q') ?? ''));
export const filter = computed(() => parseFilter(filterText.value));
export const isFiltered = computed(() => filterText.value.trim() !== '');
export const shown = computed(() =>
  isFiltered.value ? summaries.value.filter((one) => matches(filter.value, one)) : summaries.value,
);
/** What the list shows: requests, and what was done between them, which a filter hides. */
export const rows = computed(() => toRows(shown.value, isFiltered.value ? [] : controls.value, KEPT));

/** The request that is shown whole: its id, or its `seq` where several have the id. A link has it too. */
export const selected = signal(readHash());
addEventListener('hashchange', () => (selected.value = readHash()));

function readHash(): string {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return '';
  }
}

/** Shows a request whole; undefined for none. */
export function select(summary: Summary | undefined): void {
  const isOne = summaries.value.filter(({ request_id }) => request_id === summary?.request_id).length < 2;
  selected.value = summary === undefined ? '' : isOne ? summary.request_id : String(summary.seq);
  writeAddress();
}

/** The one of the list that is chosen; undefined for one that is not in it. */
export const chosen = computed(() => summaries.value.find(isSelected));

export const isSelected = ({ request_id, seq }: Summary): boolean =>
  selected.value !== '' && (request_id === selected.value || String(seq) === selected.value);

export type Panel = 'limits' | 'organizations' | 'faults' | 'snapshots' | 'seed';
export const panel = signal<Panel>('limits');
/** On a small window one of both is shown. */
export const side = signal<'requests' | 'world'>('requests');
export const dialog = signal<'help' | 'reset' | 'sandbox' | 'clock' | undefined>(undefined);

/** A link shows the same. */
export function writeAddress(): void {
  const parameters = new URLSearchParams();
  if (filterText.value !== '') parameters.set('q', filterText.value);
  if (sandboxId.value !== 'default') parameters.set('sandbox', sandboxId.value);
  const search = parameters.size > 0 ? `?${parameters}` : '';
  history.replaceState(
    null,
    '',
    `${location.pathname}${search}${selected.value && `#${encodeURIComponent(selected.value)}`}`,
  );
}

/** Takes requests that came, each once, and keeps the newest. */
export function addSummaries(added: readonly Summary[]): void {
  summaries.value = mergeSummaries(summaries.value, added, KEPT);
  if (added.some(({ changed }) => changed.length > 0)) version.value++;
}

/** Whether the time of the sandbox passes, as far as the page can know. */
export const isTimePassing = computed(() => clock.value?.mode === 'running' && !isAway.value);

/** No clock of a sandbox is later. */
const LATEST = Date.parse('9999-12-31T23:59:59.999Z');

/** The time of the sandbox now, or when it was last heard of, in milliseconds since 1970. */
export function sandboxNow(): number {
  const { now, mode } = clock.value ?? { now: new Date().toISOString(), mode: 'frozen' };
  const passed = (isAway.value ? lostAt.value : performance.now()) - clockReadAt.value;
  return Math.min(LATEST, Date.parse(now) + (mode === 'running' ? passed : 0));
}

/** What a fault rule is called: its name, where it has one and still is. */
export const nameOfRule = (id: string): string => rules.value.find((rule) => rule.id === id)?.name ?? id;

/** Nothing of another sandbox, or of another server. */
export function forgetAll(): void {
  summaries.value = [];
  controls.value = [];
  notice.value = undefined;
  dropped.value = 0;
  older.value = null;
  skipped.value = 0;
  clock.value = undefined;
  limits.value = undefined;
  rules.value = [];
}
