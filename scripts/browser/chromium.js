import { existsSync } from 'node:fs';

/** The browser of this machine; none is downloaded. */
export const CHROMIUM = process.env.CHROMIUM || '/usr/bin/chromium';

/** How it is started: without a sandbox of its own, for containers, and without a graphics card. */
export const LAUNCH = { executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] };

/** Ends the process where there is no browser. */
export function requireChromium() {
  if (existsSync(CHROMIUM)) return;
  console.error(
    `There is no browser at ${CHROMIUM}: run \`apt-get install --no-install-recommends chromium\`, or name one in CHROMIUM.`,
  );
  process.exit(2);
}
