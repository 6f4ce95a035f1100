import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { type Mock, openInspector, rowsOf, startMock, useBrowser, waitForLive } from './page.ts';

const browser = useBrowser();

const make = async ({ call }: Mock, body: object = {}) =>
  JSON.parse((await call('POST', '/_mock/sandboxes', body)).text).sandboxes[0];
async function choose(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: /^Sandbox / }).click();
  await page.locator('.menu').getByRole('button', { name }).click();
  await waitForLive(page);
}
const openPanel = (page: Page, name: string) => page.getByRole('tab', { name }).click();

it('takes back what was done in its own sandbox, whichever is looked at then', async () => {
  const mock = await startMock();
  const made = await make(mock);
  const path = `/_mock/sandboxes/${made.sandbox_id}`;
  const creditsOf = async () =>
    JSON.parse((await mock.call('GET', `${path}/organizations`)).text).organizations[0].credit_count;
  await mock.call('POST', `${path}/reset`, {});
  await mock.call('PATCH', `${path}/organizations/${made.organization_id}`, { credit_count: 777 });
  await mock.call('PATCH', '/v1/organizations', { organization_name: 'Of default' });
  const { page } = await openInspector(browser(), mock.url);
  await waitForLive(page);
  await page.getByRole('button', { name: 'Reset…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Reset' }).click();
  await page.getByRole('button', { name: 'Undo' }).waitFor();
  await choose(page, made.sandbox_id);
  expect(await page.getByRole('button', { name: 'Undo' }).count()).toBe(0);
  expect(await creditsOf()).toBe(777);
});

it('shows nothing of a sandbox that was asked for before another was chosen', async () => {
  const mock = await startMock();
  const made = await make(mock);
  for (let n = 0; n < 250; n++) await mock.call('GET', `/v1/of-default-${n}`);
  const { page } = await openInspector(browser(), mock.url);
  await waitForLive(page);
  const held: (() => void)[] = [];
  await page.route(/sandboxes\/default\/(?:organizations|requests\?.*before)/, async (route) => {
    await new Promise<void>((resolve) => held.push(resolve));
    await route.continue().catch(() => {});
  });
  await openPanel(page, 'Orgs');
  await page.locator('#list').evaluate((list) => list.scrollTo({ top: list.scrollHeight }));
  await expect.poll(() => held.length).toBe(2);
  await choose(page, made.sandbox_id);
  await page.getByRole('button', { name: made.organization_id }).waitFor();
  const answered = Promise.all([page.waitForResponse(/default\/organizations/), page.waitForResponse(/before/)]);
  for (const go of held) go();
  await answered;
  await page.getByText('No request yet.').waitFor();
  expect(await page.getByRole('button', { name: 'org_demo123' }).count()).toBe(0);
  expect(await rowsOf(page).count()).toBe(0);
});

it('opens a menu that Escape and a click elsewhere close, and finds by any letter case', async () => {
  const mock = await startMock();
  for (let n = 0; n < 9; n++) await make(mock, { name: `Of test ${n}` });
  const { page } = await openInspector(browser(), mock.url);
  await waitForLive(page);
  const opener = page.getByRole('button', { name: 'Sandbox default' });
  const menu = page.locator('.menu');
  await opener.click();
  await page.getByLabel('Find a sandbox').fill('TEST 7');
  expect(await menu.getByRole('button').allTextContents()).toEqual([
    expect.stringMatching(/^Of test 7/),
    'New sandbox…',
  ]);
  await page.keyboard.press('Escape');
  await expect.poll(() => menu.count()).toBe(0);
  expect(await opener.evaluate((element) => element === document.activeElement)).toBe(true);
  await opener.click();
  await menu.waitFor();
  expect(await page.getByLabel('Find a sandbox').inputValue()).toBe('');
  await page.locator('#filter').click();
  await expect.poll(() => menu.count()).toBe(0);
});

it('makes one sandbox for a double click, and says in the dialog what is refused', async () => {
  const mock = await startMock();
  const { page } = await openInspector(browser(), mock.url, { expected: [/status of 422/] });
  await waitForLive(page);
  await page.getByRole('button', { name: 'Sandbox default' }).click();
  await page.getByRole('button', { name: 'New sandbox…' }).click();
  await page.getByLabel('Name').fill('x'.repeat(500));
  await page.getByRole('button', { name: 'Make it' }).click();
  await page.getByRole('dialog').getByRole('alert').waitFor();
  await page.getByLabel('Name').fill('of a test');
  await page.getByRole('button', { name: 'Make it' }).dblclick();
  await page.getByRole('button', { name: 'Copy as environment' }).waitFor();
  const listed = JSON.parse((await mock.call('GET', '/_mock/sandboxes')).text).sandboxes;
  expect(listed).toHaveLength(2);
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
  await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
  expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('Sandbox default');
});
