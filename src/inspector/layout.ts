import { signal } from '@preact/signals';

/** Whether the window is at most so wide. */
function watchWidth(pixels: number) {
  const query = matchMedia(`(max-width: ${pixels}px)`);
  const matches = signal(query.matches);
  query.addEventListener('change', () => (matches.value = query.matches));
  return matches;
}

/** One column is shown at a time, and a request that is shown whole covers all. */
export const isSmall = watchWidth(720);
/** A request that is shown whole takes the place of the world. */
export const isNarrow = watchWidth(1100);

/** Pixels of a row of the list, as the style sheet has it. */
export const rowHeight = (): number => (isSmall.value ? 52 : 32);

/** Gives the focus to an element, as soon as it is shown. */
export function focus(id: string): void {
  const element = document.getElementById(id);
  element?.focus();
  if (document.activeElement !== element) setTimeout(() => document.getElementById(id)?.focus());
}
