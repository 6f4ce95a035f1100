// `npm run pictures`: the pictures of the inspector in docs/pictures/. Each shows a session of its own, which differs from run to run only
// in how long answers took: the clock is frozen, what is generated follows from a number. Needs Chromium, like `npm run test:browser`.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { LAUNCH, requireChromium } from './browser/chromium.js';
import { toPalette } from './browser/palette.js';
import { buildIfNeeded } from './prepare.js';

const project = fileURLToPath(new URL('..', import.meta.url));
const FOLDER = `${project}docs/pictures`;
const SERVER = ['--port', '0', '--json', '--db', ':memory:', '--log-level', 'error'];
const SESSION = ['--clock', '2026-01-01T09:00:00Z', '--random-seed', '7', '--limits', 'enforce'];
const ADMIN = 'sk_live_abc123def456';
const FREE = 'sk_test_free';

requireChromium();
await buildIfNeeded();
mkdirSync(FOLDER, { recursive: true });
const browser = await chromium.launch(LAUNCH);
try {
  await takePicture('light', async ({ call, page }) => {
    await tellStory(call);
    await page.locator('.row.limited').first().click();
    await page.getByRole('button', { name: 'Move the clock +3 s' }).waitFor();
    await waitForGauge(page, 0);
  });
  await takePicture('dark', async ({ call, page }) => {
    await tellStory(call);
    await call('POST', '/_mock/sandboxes/default/clock/advance', ADMIN, { ms: 3000 });
    await call('PATCH', '/v1/organizations', ADMIN, {
      metadata: '{"region":"us","crm_id":1234567890123456789,"plan":{"seats":25,"discount":1.10},"owner":"Dana"}',
    });
    await page.locator('.row.didchange').nth(2).waitFor();
    await page.locator('.row.didchange').first().click();
    await page.getByRole('rowheader', { name: 'crm_id' }).waitFor();
    await waitForGauge(page, 1);
  });
} finally {
  await browser.close();
}

/** Waits until the gauge of the free key shows what is left: it is told at most twice a second. */
async function waitForGauge(page, left) {
  await page.locator(`[role=meter][aria-label^="metadata of sk_test_fr"][aria-valuenow="${left}"]`).waitFor();
}

/** What somebody who tries a client may do in a minute: reads, changes, mistakes, too many requests. */
async function tellStory(call) {
  const read = async (key, times) => {
    for (let asked = 0; asked < times; asked++) await call('GET', '/v1/organizations', key);
  };
  const control = (path, members) => call('POST', `/_mock/sandboxes/default${path}`, ADMIN, members);
  await read(ADMIN, 30);
  await control('/clock/advance', { ms: 10_000 });
  await read(FREE, 13);
  await call('PATCH', '/v1/organizations', ADMIN, {
    metadata: '{"region":"eu","crm_id":1234567890123456788,"plan":{"seats":20,"discount":1.10}}',
  });
  await call('GET', '/v1/collections', ADMIN);
  await call('PATCH', '/v1/organizations', ADMIN, { billing_email: 'nobody', rate_limits: '{"search":0}' });
  await call('PATCH', '/v1/organizations', ADMIN, { rate_limits: '{"search":90}' });
  await control('/faults', { name: 'busy', status: 503, times: 1 });
  await read(FREE, 1);
  await call('GET', '/v1/organizations', 'sk_test_revoked');
  await read(FREE, 8);
}

async function takePicture(colorScheme, act) {
  const server = spawn(process.execPath, [`${project}dist/cli.cjs`, ...SERVER, ...SESSION], {
    cwd: FOLDER,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [line] = await once(createInterface(server.stdout), 'line');
    const { url } = JSON.parse(line);
    const call = async (method, path, key, members) => {
      // Members that are text are JSON already: JavaScript's numbers would lose digits.
      const body = members && `{${Object.entries(members).map(toMember)}}`;
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
      await fetch(url + path, { method, headers, body });
    };
    const page = await browser.newPage({
      colorScheme,
      viewport: { width: 1280, height: 800 },
      reducedMotion: 'reduce',
    });
    await page.goto(`${url}/_mock/`);
    await page.locator('.connection.live').waitFor();
    await act({ call, page });
    const picture = await page.screenshot({ caret: 'hide', animations: 'disabled' });
    writeFileSync(`${FOLDER}/inspector-${colorScheme}.png`, toPalette(picture));
  } finally {
    server.kill();
  }
}

function toMember([name, value]) {
  const isJson = typeof value === 'string' && value.startsWith('{');
  return `${JSON.stringify(name)}:${isJson ? value : JSON.stringify(value)}`;
}
