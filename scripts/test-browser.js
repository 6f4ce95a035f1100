// `npm run test:browser [-- PATTERN…]`: the inspector in a real browser, against real servers. Needs Chromium: CHROMIUM names one,
// else /usr/bin/chromium. Arguments go to vitest.
import { requireChromium } from './browser/chromium.js';
import { buildIfNeeded, installIfNeeded, run } from './prepare.js';

requireChromium();
await installIfNeeded();
await buildIfNeeded();
const config = ['--config', 'scripts/browser/vitest.config.js'];
await run('npx', ['--no-install', 'vitest', 'run', ...config, ...process.argv.slice(2)]);
