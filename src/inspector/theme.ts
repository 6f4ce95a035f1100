import { effect, signal } from '@preact/signals';

const NAME = 'mixpeek-mock theme';
const system = matchMedia('(prefers-color-scheme: dark)');
/** Undefined for what the system says. */
const wanted = signal(['light', 'dark'].find((one) => one === sessionStorage.getItem(NAME)));
/** What the page is drawn in. */
export const isDark = signal(system.matches);

/** Draws the page as the system says, unless somebody chose, until the tab is closed. */
export function startTheme(): void {
  const read = () => (isDark.value = wanted.value === undefined ? system.matches : wanted.value === 'dark');
  system.addEventListener('change', read);
  effect(() => {
    if (wanted.value === undefined) return;
    document.documentElement.dataset.theme = wanted.value;
    sessionStorage.setItem(NAME, wanted.value);
  });
  effect(() => void read());
}

export function toggleTheme(): void {
  wanted.value = isDark.value ? 'light' : 'dark';
}
