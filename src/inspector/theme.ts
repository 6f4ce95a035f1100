/** What the system says, unless somebody chose. */
export function toggleTheme(): void {
  const root = document.documentElement;
  const isDark = root.dataset.theme
    ? root.dataset.theme === 'dark'
    : matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = isDark ? 'light' : 'dark';
  sessionStorage.setItem('mixpeek-mock theme', root.dataset.theme);
}

export function restoreTheme(): void {
  const chosen = sessionStorage.getItem('mixpeek-mock theme');
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
}
