import { computed, signal } from '@preact/signals';
import type { InfoView } from '../control/info.ts';
import type { LimitsView } from '../control/limits-view.ts';
import type { ControlAction } from '../sandbox/control-log.ts';
import type { Summary } from '../sandbox/summary.ts';
import { matches, parseFilter } from './filter.ts';
import { mergeSummaries, toRows } from './story.ts';

export interface Clock {
  now: string;
  mode: 'running' | 'frozen';
  offset_ms: number | null;
}

export type Limits = LimitsView;
export type Bucket = Limits['buckets'][number];

/** A fault rule, as far as the page shows it. */
export interface Rule {
  id: string;
  name?: string;
  match?: { method?: string; path?: string; [member: string]: unknown };
  after_handler?: boolean;
  delay_ms?: number | object;
  status?: number;
  connection?: string | { drip_bytes_per_second: number };
  times?: number;
  every?: number;
  probability?: number;
  enabled?: boolean;
  matched: number;
  fired: number;
}

export type Info = InfoView;

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

export const info = signal<Info | undefined>(undefined);
export const sandboxId = signal(query.get('sandbox') ?? 'default');
export const base = computed(() => `/sandboxes/${encodeURIComponent(sandboxId.value)}`);

/** Newest first. */
export const summaries = signal<Summary[]>([]);
export const controls = signal<ControlAction[]>([]);
export const openRequests = signal<{ request_id: string; method: string; path: string; since: string }[]>([]);
export const dropped = signal(0);
/** The `seq` before which the server has others; null where it has none. */
export const older = signal<number | null>(null);
export const skipped = signal(0);
export const clock = signal<Clock | undefined>(undefined);
/** When that was read, by the clock of this page, in milliseconds. */
export const clockReadAt = signal(0);
export const limits = signal<Limits | undefined>(undefined);
export const rules = signal<Rule[]>([]);

export const connection = signal<'loading' | 'live' | 'paused' | 'lost' | 'stopped'>('loading');
export const lostAt = signal('');
export const notice = signal<Notice | undefined>(undefined);

export const filterText = signal(query.get('q') ?? '');
export const filter = computed(() => parseFilter(filterText.value));
export const isFiltered = computed(() => filterText.value.trim() !== '');
export const shown = computed(() =>
  isFiltered.value ? summaries.value.filter((one) => matches(filter.value, one)) : summaries.value,
);
/** What the list shows: requests, and what was done between them, which a filter hides. */
export const rows = computed(() => toRows(shown.value, isFiltered.value ? [] : controls.value, KEPT));

/** The request that is shown whole: its id, which a link has too. */
export const selected = signal(location.hash.slice(1));
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
  history.replaceState(null, '', `${location.pathname}${search}${selected.value && `#${selected.value}`}`);
}

/** Takes requests that came, each once, and keeps the newest. */
export function addSummaries(added: readonly Summary[]): void {
  summaries.value = mergeSummaries(summaries.value, added, KEPT);
  const ended = new Set(added.map(({ request_id }) => request_id));
  if (openRequests.value.some(({ request_id }) => ended.has(request_id))) {
    openRequests.value = openRequests.value.filter(({ request_id }) => !ended.has(request_id));
  }
}

/** The time of the sandbox now, in milliseconds since 1970. */
export function sandboxNow(): number {
  const { now, mode } = clock.value ?? { now: new Date().toISOString(), mode: 'frozen' };
  return Date.parse(now) + (mode === 'running' ? performance.now() - clockReadAt.value : 0);
}

/** Nothing of another sandbox, or of another server. */
export function forgetAll(): void {
  summaries.value = [];
  controls.value = [];
  openRequests.value = [];
  dropped.value = 0;
  older.value = null;
  skipped.value = 0;
  clock.value = undefined;
  limits.value = undefined;
  rules.value = [];
}
