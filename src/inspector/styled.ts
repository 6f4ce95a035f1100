/**
 * A ref that sets properties of an element: the policy of the page allows no style attribute.
 * @param properties by name, also custom ones; undefined removes one
 */
export const styled = (properties: Record<string, string | undefined>) => (element: HTMLElement | null) => {
  if (element === null) return;
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined) element.style.removeProperty(name);
    else element.style.setProperty(name, value);
  }
};
