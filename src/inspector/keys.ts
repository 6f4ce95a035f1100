import { signal } from '@preact/signals';
import { copyCurl } from './detail.tsx';
import { setFilter } from './filter-field.tsx';
import { moveClock, toggleClock } from './header.tsx';
import { connect, pause } from './live.ts';
import { nameNow, takeSnapshot } from './snapshots.tsx';
import {
  connection,
  dialog,
  filterText,
  isSelected,
  type Panel,
  panel,
  rows,
  select,
  selected,
  side,
  summaries,
} from './state.ts';
import { toggleTheme } from './theme.ts';

/** As the help lists them. */
export const KEYS: [string, string][] = [
  ['j k ↓ ↑', 'next, previous request'],
  ['Enter', 'into the request'],
  ['Esc', 'back, then clear the filter'],
  ['/', 'filter'],
  ['c', 'copy the request as curl'],
  ['p', 'pause, or go on'],
  ['f', 'freeze the clock, or let it run'],
  ['[ ]', 'a minute back, forward'],
  ['{ }', 'an hour back, forward'],
  ['s', 'take a snapshot'],
  ['1 – 5', 'limits, organizations, faults, snapshots, seed'],
  ['t', 'light or dark'],
  ['?', 'this'],
];

export const areKeysOn = signal(sessionStorage.getItem('mixpeek-mock keys') !== 'off');
areKeysOn.subscribe((isOn) => sessionStorage.setItem('mixpeek-mock keys', isOn ? 'on' : 'off'));

const PANELS: Panel[] = ['limits', 'organizations', 'faults', 'snapshots', 'seed'];
const MINUTE = 60_000;

/** Hears keys, but never while somebody types, or with Ctrl, Cmd or Alt. */
export function listenToKeys(): void {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || dialog.value !== undefined) return;
    const { target } = event;
    if (target instanceof HTMLElement && target.closest('input, select, textarea')) return;
    const isInList = target instanceof HTMLElement && (target.id === 'list' || target === document.body);
    if (press(event.key, isInList)) event.preventDefault();
  });
}

function press(key: string, isInList: boolean): boolean {
  if (key === 'Escape') return goBack();
  if (isInList && (key === 'ArrowDown' || key === 'ArrowUp')) return step(key === 'ArrowDown' ? 1 : -1);
  if (isInList && key === 'Enter' && selected.value !== '') {
    document.getElementById('detail')?.focus();
    return true;
  }
  return areKeysOn.value && (single(key) ?? false);
}

function single(key: string): boolean | undefined {
  const summary = summaries.value.find(isSelected);
  switch (key) {
    case 'j':
      return step(1);
    case 'k':
      return step(-1);
    case '/':
      document.getElementById('filter')?.focus();
      return true;
    case 'c':
      if (summary !== undefined) void copyCurl(summary);
      return true;
    case 'p':
      if (connection.value === 'live') pause();
      else connect();
      return true;
    case 'f':
      toggleClock();
      return true;
    case '[':
    case ']':
      void moveClock(key === '[' ? -MINUTE : MINUTE);
      return true;
    case '{':
    case '}':
      void moveClock(60 * (key === '{' ? -MINUTE : MINUTE));
      return true;
    case 's':
      void takeSnapshot(nameNow());
      return true;
    case 't':
      toggleTheme();
      return true;
    case '?':
      dialog.value = 'help';
      return true;
    default: {
      const chosen = PANELS[Number(key) - 1];
      if (chosen === undefined) return undefined;
      panel.value = chosen;
      side.value = 'world';
      return true;
    }
  }
}

function goBack(): boolean {
  if (selected.value !== '') {
    select(undefined);
    document.getElementById('list')?.focus();
  } else if (filterText.value !== '') setFilter('');
  else return false;
  return true;
}

/** The next or the previous request; the list shows it. */
function step(by: number): boolean {
  const all = rows.value;
  let at = all.findIndex((row) => row.kind === 'request' && isSelected(row.summary));
  at = at < 0 && by < 0 ? all.length : at;
  for (at += by; at >= 0 && at < all.length; at += by) {
    const row = all[at];
    if (row?.kind !== 'request') continue;
    select(row.summary);
    const list = document.getElementById('list');
    const height = matchMedia('(max-width: 720px)').matches ? 52 : 32;
    if (list !== null) {
      if (at * height < list.scrollTop) list.scrollTop = at * height;
      if ((at + 1) * height > list.scrollTop + list.clientHeight)
        list.scrollTop = (at + 1) * height - list.clientHeight;
      list.focus({ preventScroll: true });
    }
    return true;
  }
  return true;
}
