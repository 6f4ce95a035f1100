import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';
import { LAUNCH } from '../../scripts/browser/chromium.js';
import { makeFolder } from '../support/folder.ts';
import { type RunningServer, startServer } from '../support/process.ts';

export const DEMO_KEY = 'sk_live_abc123def456';
export const FREE_KEY = 'sk_test_free';
/** Seconds do not pass, and limits are enforced: what a story needs. */
export const FROZEN = ['--clock', '2026-01-01T09:00:00Z', '--limits', 'enforce'];
export const WIDE = { width: 1280, height: 800 };
export const SMALL = { width: 390, height: 844 };

/** One browser for the tests of a file. */
export function useBrowser(): () => Browser {
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await chromium.launch(LAUNCH);
  });
  afterAll(() => browser?.close());
  return () => {
    if (browser === undefined) throw new Error('the browser is started before the tests');
    return browser;
  };
}

export interface Mock {
  url: string;
  server: RunningServer;
  /** Asks it like any other client. A body that is text is sent as it is. */
  call(method: string, path: string, body?: unknown, key?: string): Promise<{ status: number; text: string }>;
}

/** A server of its own for the test: the real program, on a free port, in memory. */
export async function startMock(args: string[] = [], folder = makeFolder()): Promise<Mock> {
  const server = await startServer(['--db', ':memory:', '--log-level', 'error', ...args], folder);
  return { url: server.ready.url, server, call: callTo(server.ready.url) };
}

export const callTo =
  (url: string): Mock['call'] =>
  async (method, path, body, key = DEMO_KEY) => {
    const text = typeof body === 'string' ? body : body === undefined ? null : JSON.stringify(body);
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const response = await fetch(url + path, { method, headers, body: text });
    return { status: response.status, text: await response.text() };
  };

export interface Opened {
  page: Page;
  /** What went wrong so far, see `listenForProblems`. */
  problems: string[];
}

interface OpenOptions extends BrowserContextOptions {
  path?: string;
  /** Problems that the test brings about, such as connections that are refused. */
  expected?: RegExp[];
  /** Whether timers and the time of the page may be moved with `page.clock`. */
  isClockOurs?: boolean;
}

/**
 * Opens the inspector. When the test is done nothing may have gone wrong: no error or warning of the console, no exception, no
 * report of the policy, no request to another origin.
 */
export async function openInspector(
  browser: Browser,
  url: string,
  { path = '/_mock/', expected = [], isClockOurs = false, ...options }: OpenOptions = {},
): Promise<Opened> {
  const context = await browser.newContext({
    viewport: WIDE,
    permissions: ['clipboard-read', 'clipboard-write'],
    ...options,
  });
  context.setDefaultTimeout(10_000);
  const problems: string[] = [];
  onTestFinished(async () => {
    await context.close();
    expect(problems.filter((problem) => !expected.some((one) => one.test(problem)))).toEqual([]);
  });
  // The policy reports to the console too, but this names what was blocked.
  await context.addInitScript(() =>
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
      console.error(`policy: ${violatedDirective} ${blockedURI}`),
    ),
  );
  context.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (origin !== new URL(url).origin && protocol !== 'blob:') problems.push(`request to ${request.url()}`);
  });
  context.on('page', (page) => listenForProblems(page, problems));
  if (isClockOurs) await context.clock.install();
  const page = await context.newPage();
  await page.goto(url + path);
  return { page, problems };
}

function listenForProblems(page: Page, problems: string[]): void {
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`exception: ${error}`));
  page.on('dialog', (dialog) => {
    problems.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
}

/** Waits until the page hears what happens: before, a request is in what it reads, not in what comes. */
export const waitForLive = (page: Page) => page.locator('.connection.live').waitFor();

/** Rows of requests, newest first. */
export const rowsOf = (page: Page) => page.locator('#list .row:not(.between)');

/** How many pixels the page is wider than its window. */
export const overflowOf = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
