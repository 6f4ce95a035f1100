import { signal } from '@preact/signals';
import { login } from './api.ts';
import { copyCurl } from './detail.tsx';
import { moveClock, toggleClock } from './header.tsx';
import { focus, isNarrow, isSmall, rowHeight } from './layout.ts';
import { togglePause } from './live.ts';
import { PANELS } from './panels.ts';
import { goBack } from './requests.tsx';
import { nameNow, takeSnapshot } from './snapshots.tsx';
import { chosen, dialog, isSelected, panel, rows, select, selected, side } from './state.ts';
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
  ['1 – 5', PANELS.map(([name]) => name).join(', ')],
  ['t', 'light or dark'],
  ['?', 'this'],
];

export const areKeysOn = signal(sessionStorage.getItem('mixpeek-mock keys') !== 'off');
areKeysOn.subscribe((isOn) => sessionStorage.setItem('mixpeek-mock keys', isOn ? 'on' : 'off'));

const MOVES = ['j', 'k', 'ArrowDown', 'ArrowUp'];
const MINUTE = 60_000;

/** Hears keys, but never while somebody types, or with Ctrl, Cmd or Alt. */
export function listenToKeys(): void {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || dialog.value !== undefined || login.value !== 'no') return;
    // A key that is held moves through the list, and does nothing else again and again.
    if (event.repeat && !MOVES.includes(event.key)) return;
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
    focus('detail');
    return true;
  }
  return areKeysOn.value && (single(key) ?? false);
}

function single(key: string): boolean | undefined {
  switch (key) {
    case 'j':
      return step(1);
    case 'k':
      return step(-1);
    case '/':
      show('requests');
      focus('filter');
      return true;
    case 'c':
      if (chosen.value !== undefined) void copyCurl(chosen.value);
      return true;
    case 'p':
      togglePause();
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
      const [name] = PANELS[Number(key) - 1] ?? [];
      if (name === undefined) return undefined;
      show('world');
      panel.value = name;
      return true;
    }
  }
}

/** Shows a side, which a small window, or a request that is shown whole, may hide. */
function show(wanted: typeof side.value): void {
  side.value = wanted;
  if (isSmall.value || (wanted === 'world' && isNarrow.value)) select(undefined);
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
    const height = rowHeight();
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
