import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { openInspector, overflowOf, startMock, useBrowser, waitForLive } from './page.ts';

const browser = useBrowser();
const TOKEN = 'of-this-test-0123456789';
const REFUSED = [/status of 401/];

it('asks for the token, and keeps it in this tab only', async () => {
  const mock = await startMock(['--control-token', TOKEN]);
  const { page } = await openInspector(browser(), mock.url, { expected: REFUSED });
  const asked: string[] = [];
  page.on('request', (request) => asked.push(`${request.url()} ${request.postData() ?? ''}`));
  const field = page.getByLabel('Token');
  await field.waitFor();
  expect(await field.getAttribute('type')).toBe('password');

  await logIn(page, 'another-one');
  await page.getByText('The mock does not take this token.').waitFor();
  await logIn(page, TOKEN);
  await waitForLive(page);
  await expectSecret(page);

  await page.reload();
  await waitForLive(page);
  await expectSecret(page);
  expect(asked.filter((one) => one.includes(TOKEN))).toEqual([]);

  const second = await page.context().newPage();
  await second.goto(`${mock.url}/_mock/`);
  await second.getByLabel('Token').waitFor();
  await expectSecret(second);
});

async function logIn(page: Page, token: string): Promise<void> {
  await page.getByLabel('Token').fill(token);
  await page.keyboard.press('Enter');
}

/** Nowhere from where it could get out. */
async function expectSecret(page: Page): Promise<void> {
  expect(page.url()).not.toContain(TOKEN);
  expect(await page.content()).not.toContain(TOKEN);
  expect(await page.evaluate(() => ({ ...localStorage }))).toEqual({});
  expect(await page.context().cookies()).toEqual([]);
  expect(await page.title()).not.toContain(TOKEN);
}

it('asks again where the token cannot be one, hears no keys meanwhile, and forgets what it showed', async () => {
  const mock = await startMock(['--control-token', TOKEN]);
  const { page } = await openInspector(browser(), mock.url, {
    expected: REFUSED,
    viewport: { width: 320, height: 700 },
  });
  await page.getByLabel('Token').fill('sk…ü');
  await page.keyboard.press('Enter');
  await page.getByText('The mock does not take this token.').waitFor();
  expect(await overflowOf(page)).toBe(0);
  await page.reload();
  await page.getByLabel('Token').waitFor();
  const sent: string[] = [];
  page.on('request', (request) => sent.push(`${request.method()} ${request.url()}`));
  await page.evaluate(() => document.activeElement instanceof HTMLElement && document.activeElement.blur());
  for (const key of ['f', 's', ']', '?']) await page.keyboard.press(key);
  await page.getByLabel('Token').fill(TOKEN);
  await page.keyboard.press('Enter');
  await waitForLive(page);
  expect(sent.filter((one) => !one.startsWith('GET'))).toEqual([]);
  expect(await page.getByRole('dialog').count()).toBe(0);
});
