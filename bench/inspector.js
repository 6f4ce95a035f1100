// `node bench/inspector.js [--minutes 5]`: what the inspector costs a browser, beside its aims. Needs Chromium: CHROMIUM, or
// /usr/bin/chromium. Ends by itself after about a minute, and after the minutes that are asked for.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { chromium } from 'playwright-core';

const project = fileURLToPath(new URL('..', import.meta.url));
const KEY = 'sk_live_abc123def456';
const PER_SECOND = 200;
const LOADED_MS = 10_000;
const minutes = Number(process.argv[process.argv.indexOf('--minutes') + 1]) || 0;

const args = [
  'dist/cli.cjs',
  '--port',
  '0',
  '--db',
  ':memory:',
  '--json',
  '--log-level',
  'error',
  '--journal-size',
  '2000',
];
const server = spawn(process.execPath, args, { cwd: project, stdio: ['ignore', 'pipe', 'inherit'] });
const [line] = await once(createInterface(server.stdout), 'line');
const { url } = JSON.parse(line);
const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
const send = (method = 'GET', body) =>
  fetch(`${url}/v1/organizations`, { method, headers, body }).then((response) => response.text());

/** Prints a figure beside its aim. */
function report(what, value, aim, unit) {
  console.log(`${value <= aim ? 'ok  ' : 'OVER'}  ${what}: ${Number(value.toFixed(2))} ${unit}, at most ${aim}`);
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--js-flags=--expose-gc'],
});
try {
  console.log(`load average ${loadavg()[0].toFixed(2)}`);
  const size = ['js', 'css'].map((name) => readFileSync(`${project}dist/inspector/app.${name}`));
  report('js and css, gzip -9', gzipSync(Buffer.concat(size), { level: 9 }).length / 1024, 40, 'KiB');
  for (let sent = 0; sent < 1000; sent += 20) await Promise.all(Array.from({ length: 20 }, () => send()));

  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.goto(`${url}/_mock/`);
  await page.waitForSelector('.row');
  // The second time the browser has its files, as whoever leaves the page open.
  await page.reload();
  await page.waitForSelector('.row');
  const rows = await page.evaluate(() => performance.now());
  const paint = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0);
  report('first paint', paint, 300, 'ms');
  report('rows of 1,000 entries', rows, 600, 'ms');
  report('nodes', await page.evaluate(() => document.querySelectorAll('*').length), 3000, 'nodes');

  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const metric = async (name) =>
    (await session.send('Performance.getMetrics')).metrics.find((one) => one.name === name).value;
  await page.evaluate(() => {
    window.longest = 0;
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration);
    }).observe({ entryTypes: ['longtask'] });
  });
  const measureLoad = async (ms) => {
    const before = await metric('TaskDuration');
    const started = performance.now();
    for (let sent = 0; performance.now() - started < ms; sent++) {
      send().catch(() => {});
      await setTimeout(Math.max(0, (sent * 1000) / PER_SECOND - (performance.now() - started)));
    }
    return ((await metric('TaskDuration')) - before) / ((performance.now() - started) / 1000);
  };
  report(`main thread at ${PER_SECOND} requests a second`, 100 * (await measureLoad(LOADED_MS)), 20, '%');
  report('longest task', await page.evaluate(() => window.longest), 200, 'ms');

  const heap = async () => {
    await session.send('HeapProfiler.collectGarbage');
    return (await metric('JSHeapUsedSize')) / 2 ** 20;
  };
  const before = await heap();
  report('heap', before, 10, 'MiB');
  if (minutes > 0) {
    await measureLoad(minutes * 60_000);
    report(`growth of the heap in ${minutes} min under that load`, (await heap()) - before, 0.5, 'MiB');
  }

  await send(
    'PATCH',
    JSON.stringify({ metadata: { text: Array.from({ length: 9000 }, (_, i) => `item ${i} ${'x'.repeat(90)}`) } }),
  );
  await page.locator('.row', { hasText: 'PATCH' }).first().click();
  const opened = performance.now();
  await page.waitForSelector('.detail .code');
  report('an entry of 1 MiB', performance.now() - opened, 500, 'ms');
} finally {
  await browser.close();
  server.kill();
}
