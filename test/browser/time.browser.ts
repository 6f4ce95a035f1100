import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { FREE_KEY, FROZEN, type Mock, openInspector, rowsOf, startMock, useBrowser, waitForLive } from './page.ts';

const browser = useBrowser();
const CLOCK = '/_mock/sandboxes/default/clock';

const GAUGE = { name: 'metadata of sk_test_fr' };
const textOf = (page: Page) => page.getByRole('meter', GAUGE).getAttribute('aria-valuetext');

async function openGauge(args: string[]): Promise<{ page: Page; mock: Mock }> {
  const mock = await startMock(args);
  for (let asked = 0; asked < 10; asked++) await mock.call('GET', '/v1/organizations', undefined, FREE_KEY);
  const { page } = await openInspector(browser(), mock.url, { isClockOurs: true });
  await waitForLive(page);
  await page.getByRole('meter', GAUGE).waitFor();
  return { page, mock };
}

describe('a gauge', () => {
  it('stands while the clock of the sandbox is frozen', async () => {
    const { page } = await openGauge(FROZEN);
    expect(await textOf(page)).toBe('10 of 20 left, full in 30 s');
    await page.clock.runFor(20_000);
    expect(await textOf(page)).toBe('10 of 20 left, full in 30 s');
    const bar = page.getByRole('meter', GAUGE).locator('i');
    expect(await bar.evaluate((element) => getComputedStyle(element).transform)).toBe('matrix(0.5, 0, 0, 1, 0, 0)');
  });

  it('fills while it runs', async () => {
    const { page } = await openGauge(['--limits', 'enforce']);
    const before = leftOf(await textOf(page));
    await page.clock.runFor(9000);
    const after = leftOf(await textOf(page));
    expect(after).toBeGreaterThanOrEqual(before + 3);
    expect(after).toBeLessThan(before + 7);
  });

  it('is drawn at once when the clock is moved', async () => {
    const { page, mock } = await openGauge(FROZEN);
    await mock.call('POST', `${CLOCK}/advance`, { ms: 15_000 });
    await expect.poll(() => textOf(page)).toBe('15 of 20 left, full in 15 s');
    await page.getByRole('button', { name: 'To full' }).click();
    await expect.poll(() => page.getByRole('meter', GAUGE).count()).toBe(0);
  });
});

it('gives its connection back while it is hidden, so that any number of tabs may be open', async () => {
  const mock = await startMock();
  const { page: first } = await openInspector(browser(), mock.url, { isClockOurs: true });
  const hidden = [first];
  await waitForLive(first);
  await setVisibility(first, 'hidden');
  while (hidden.length < 7) {
    const page = await first.context().newPage();
    await page.goto(`${mock.url}/_mock/`);
    await waitForLive(page);
    await setVisibility(page, 'hidden');
    hidden.push(page);
  }
  for (const name of ['the eighth', 'the ninth']) {
    const page = await first.context().newPage();
    await page.goto(`${mock.url}/_mock/`);
    await waitForLive(page).catch(() => expect.fail(`${name} is live`));
  }
  await mock.call('GET', '/v1/organizations');
  expect(await rowsOf(first).count()).toBe(0);
  await setVisibility(first, 'visible');
  await expect.poll(() => rowsOf(first).count()).toBe(1);
});

const leftOf = (text: string | null): number => Number(/^(\d+) of 20 left/.exec(text ?? '')?.[1]);

/** As when another tab is chosen, and for so long that the page acts on it: Playwright's pages are all visible. */
async function setVisibility(page: Page, state: 'hidden' | 'visible'): Promise<void> {
  await page.evaluate((value) => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, value });
    document.dispatchEvent(new Event('visibilitychange'));
  }, state);
  if (state === 'visible') return;
  await page.clock.runFor(5100);
  await page.locator('.connection.paused').waitFor();
}

it('freezes once for a key that is held', async () => {
  const mock = await startMock();
  const { page } = await openInspector(browser(), mock.url);
  await waitForLive(page);
  const sent: string[] = [];
  page.on('request', (request) => request.method() === 'PUT' && sent.push(request.url()));
  for (let time = 0; time < 4; time++) await page.keyboard.down('f');
  await page.keyboard.up('f');
  await page.getByRole('button', { name: '▶ Run' }).waitFor();
  expect(sent).toHaveLength(1);
});
