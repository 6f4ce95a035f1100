import { expect, it } from 'vitest';
import { openInspector, startMock, useBrowser, waitForLive } from './page.ts';

const browser = useBrowser();

it('takes the sandbox back to its seed, and that too', async () => {
  const mock = await startMock();
  const nameOf = async () => JSON.parse((await mock.call('GET', '/v1/organizations')).text).organization_name;
  const seeded = await nameOf();
  await mock.call('PATCH', '/v1/organizations', { organization_name: 'Renamed' });
  const { page } = await openInspector(browser(), mock.url);
  await waitForLive(page);
  await page.getByRole('button', { name: 'Reset…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Reset' }).click();
  const undo = page.getByRole('button', { name: 'Undo' });
  await undo.waitFor();
  expect(await nameOf()).toBe(seeded);
  await undo.click();
  await expect.poll(nameOf).toBe('Renamed');
  await expect.poll(() => undo.count()).toBe(0);
});

it('has no panel for what the server does not have', async () => {
  const mock = await startMock();
  const { page } = await openInspector(browser(), mock.url);
  await page.route('**/_mock/info', async (route) => {
    const response = await route.fetch();
    const info = await response.json();
    const features = info.features.filter((name: string) => !['faults', 'snapshots'].includes(name));
    await route.fulfill({ response, json: { ...info, features } });
  });
  await page.reload();
  await waitForLive(page);
  expect(await page.getByRole('tab').allTextContents()).toEqual(['Limits', 'Orgs', 'Seed']);
  await page.keyboard.press('3');
  expect(await page.getByRole('heading', { level: 2 }).allTextContents()).toEqual(['Limits']);
});
