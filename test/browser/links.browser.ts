import { expect, it } from 'vitest';
import { DEMO_KEY, FREE_KEY, openInspector, rowsOf, startMock, useBrowser, waitForLive } from './page.ts';

const browser = useBrowser();

it('shows the same to whoever gets the link', async () => {
  const mock = await startMock();
  await mock.call('GET', '/v1/organizations', undefined, FREE_KEY);
  await mock.call('GET', '/v1/collections');
  await mock.call('GET', '/v1/organizations');
  const { page } = await openInspector(browser(), mock.url);
  await page.locator('#filter').fill('status:501');
  await expect.poll(() => rowsOf(page).count()).toBe(1);
  await rowsOf(page).click();
  await page.getByRole('button', { name: 'Copy link' }).click();
  await page.getByText('Copied the link.').waitFor();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  const { page: other } = await openInspector(browser(), mock.url, { path: link.slice(mock.url.length) });
  await other.getByText('The mock does not serve this path.').waitFor();
  expect(await other.locator('#filter').inputValue()).toBe('status:501');
  expect(await rowsOf(other).count()).toBe(1);
});

it('shows a request by the link whatever its id is made of', async () => {
  const mock = await startMock();
  const headers = { authorization: `Bearer ${DEMO_KEY}`, 'x-request-id': '100% a#b' };
  await fetch(`${mock.url}/v1/organizations`, { headers });
  await mock.call('GET', '/v1/collections');
  const { page } = await openInspector(browser(), mock.url);
  await rowsOf(page).last().click();
  await page.getByText('Read the organization.').waitFor();
  await page.reload();
  await page.getByText('Read the organization.').waitFor();
  // Whoever changes the address by hand is heard.
  await page.evaluate(() => (location.hash = '#2'));
  await page.getByText('The mock does not serve this path.').waitFor();
});

it('completes filters by keyboard, and Escape clears them', async () => {
  const mock = await startMock();
  await mock.call('GET', '/v1/organizations');
  await mock.call('GET', '/v1/collections');
  const { page } = await openInspector(browser(), mock.url);
  await rowsOf(page).first().waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('sta');
  await page.getByRole('option', { name: 'status:', exact: true }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect.poll(() => page.locator('#filter').inputValue()).toBe('status:');
  await page.keyboard.type('501');
  await expect.poll(() => rowsOf(page).count()).toBe(1);
  await page.keyboard.press('Escape');
  await expect.poll(() => rowsOf(page).count()).toBe(2);
  await page.locator('#filter').fill('status:418');
  await page.getByRole('button', { name: 'Show all' }).click();
  await expect.poll(() => rowsOf(page).count()).toBe(2);
  expect(new URL(page.url()).search).toBe('');
});

it('shows the keys of a new sandbox once, and its requests only', async () => {
  const mock = await startMock();
  await mock.call('GET', '/v1/organizations');
  const { page } = await openInspector(browser(), mock.url);
  await waitForLive(page);
  await page.getByRole('button', { name: 'Sandbox default' }).click();
  await page.getByRole('button', { name: 'New sandbox…' }).click();
  await page.getByRole('button', { name: 'Make it' }).click();
  await page.getByRole('button', { name: 'Copy as environment' }).click();
  const environment = await page.evaluate(() => navigator.clipboard.readText());
  const [, key = ''] = /^export MIXPEEK_API_KEY=(\S+)$/m.exec(environment) ?? [];
  expect(key).not.toBe(DEMO_KEY);
  await page.getByRole('button', { name: 'Look at it' }).click();
  await page.getByText('No request yet.').waitFor();
  expect(await page.content()).not.toContain(key);
  expect((await mock.call('GET', '/v1/organizations', undefined, key)).status).toBe(200);
  await expect.poll(() => rowsOf(page).count()).toBe(1);
  expect(new URL(page.url()).searchParams.get('sandbox')).toMatch(/^sbx_/);
});

it('holds back what comes while it is paused, and shows it then', async () => {
  const mock = await startMock();
  const { page } = await openInspector(browser(), mock.url);
  await waitForLive(page);
  await mock.call('GET', '/v1/organizations');
  await expect.poll(() => rowsOf(page).count()).toBe(1);
  await page.keyboard.press('p');
  await page.locator('.connection.paused').waitFor();
  await mock.call('GET', '/v1/organizations');
  await page.keyboard.press('p');
  await waitForLive(page);
  await expect.poll(() => rowsOf(page).count()).toBe(2);
});
