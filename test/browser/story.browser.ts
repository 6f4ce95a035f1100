import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import {
  FREE_KEY,
  FROZEN,
  type Mock,
  openInspector,
  rowsOf,
  SMALL,
  startMock,
  useBrowser,
  WIDE,
  waitForLive,
} from './page.ts';

const browser = useBrowser();

/** One request more than a minute of the free tier holds. */
async function askTooOften({ call }: Mock): Promise<void> {
  const statuses = new Map<number, number>();
  for (let asked = 0; asked < 21; asked++) {
    const { status } = await call('GET', '/v1/organizations', undefined, FREE_KEY);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  expect([...statuses]).toEqual([
    [200, 20],
    [429, 1],
  ]);
}

async function expectTheWayOut(page: Page): Promise<void> {
  await expect
    .poll(() => page.locator('.sentence').textContent())
    .toBe('Refused: metadata had nothing left of 20 a minute. The next one passes after 3 s.');
}

/** The list after the clock was moved and the next request passed. */
async function expectTheEnd(page: Page, { call }: Mock): Promise<void> {
  await page.locator('.between', { hasText: 'clock +3 s' }).waitFor();
  expect((await call('GET', '/v1/organizations', undefined, FREE_KEY)).status).toBe(200);
  const all = page.locator('#list .row');
  await expect.poll(() => all.first().locator('.status').textContent()).toBe('200');
  expect(await all.nth(1).textContent()).toBe('clock +3 s');
  expect(await all.nth(2).locator('.status').textContent()).toBe('429');
}

it('says how to send the first request, and sends it', async () => {
  const mock = await startMock();
  const { page } = await openInspector(browser(), mock.url);
  await page.getByText('No request yet.').waitFor();
  await page.getByRole('button', { name: 'Send it from here' }).click();
  await expect.poll(() => rowsOf(page).count()).toBe(1);
  expect(await rowsOf(page).first().locator('.status').textContent()).toBe('200');
});

describe('a limit that is reached', () => {
  it.each([
    ['a wide window', WIDE],
    ['a phone', SMALL],
  ])('says how to go on, and does, on %s', async (_, viewport) => {
    const mock = await startMock(FROZEN);
    const { page } = await openInspector(browser(), mock.url, { viewport, hasTouch: viewport === SMALL });
    await waitForLive(page);
    await askTooOften(mock);
    const refused = rowsOf(page).filter({ has: page.locator('.status', { hasText: '429' }) });
    await expect.poll(() => refused.count()).toBe(1);
    await refused.click();
    await expectTheWayOut(page);
    await page.getByRole('button', { name: 'Move the clock +3 s' }).click();
    await page.getByRole('button', { name: 'Close' }).click();
    await expectTheEnd(page, mock);
  });

  it('says how to go on to somebody who has only a keyboard', async () => {
    const mock = await startMock(FROZEN);
    const { page } = await openInspector(browser(), mock.url);
    await waitForLive(page);
    await askTooOften(mock);
    await expect.poll(() => rowsOf(page).first().locator('.status').textContent()).toBe('429');
    await page.keyboard.press('j');
    await expectTheWayOut(page);
    await page.keyboard.press('Enter');
    await expect.poll(() => focused(page)).toBe('Request');
    for (let tabs = 0; tabs < 3 && (await focused(page)) !== 'Move the clock +3 s'; tabs++) {
      await page.keyboard.press('Tab');
    }
    expect(await focused(page)).toBe('Move the clock +3 s');
    await page.keyboard.press('Enter');
    await expectTheEnd(page, mock);
    await page.keyboard.press('Escape');
    await expect.poll(() => page.locator('.detail').count()).toBe(0);
    expect(await focused(page)).toBe('Requests, newest first');
  });
});

/** The name of what has the focus. */
const focused = (page: Page) =>
  page.evaluate(() => {
    const { activeElement: element } = document;
    return element?.getAttribute('aria-label') ?? element?.textContent?.trim();
  });
