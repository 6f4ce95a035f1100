import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeFolder } from '../support/folder.ts';
import { openInspector, rowsOf, startMock, useBrowser, waitForLive } from './page.ts';

const browser = useBrowser();
const RETURN_MS = 6000;

it.each([
  ['SIGKILL', /^No connection since \d\d:\d\d:\d\d\./],
  ['SIGTERM', /^The mock was stopped\. Waiting for it\.$/],
] as const)('says that the mock is gone after %s, and returns with it', async (signal, words) => {
  const folder = makeFolder();
  const database = ['--db', join(folder, 'mock.db')];
  const mock = await startMock(database, folder);
  const expected = [/net::ERR_/];
  const { page } = await openInspector(browser(), mock.url, { expected });
  await waitForLive(page);
  await mock.call('PATCH', '/v1/organizations', { organization_name: 'Kept' });
  await mock.call('GET', '/v1/organizations');
  await expect.poll(() => rowsOf(page).count()).toBe(2);

  await mock.server.stop(signal);
  await expect.poll(() => page.locator('.away-line').textContent()).toMatch(words);
  expect(await rowsOf(page).count()).toBe(2);

  const again = await startMock([...database, '--port', new URL(mock.url).port], folder);
  await expect.poll(() => page.locator('.connection.live').count(), { timeout: RETURN_MS }).toBe(1);
  expect(await page.locator('.away-line').count()).toBe(0);
  await again.call('GET', '/v1/organizations');
  await again.call('GET', '/v1/organizations');
  await expect.poll(() => rowsOf(page).count()).toBe(2);
  const names = await page.locator('#list .row').evaluateAll((rows) => rows.map((row) => row.id));
  expect(new Set(names).size).toBe(names.length);
});
