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
  const { page } = await openInspector(browser(), mock.url, { expected, isClockOurs: true });
  await waitForLive(page);
  await mock.call('PATCH', '/v1/organizations', { organization_name: 'Kept' });
  await mock.call('GET', '/v1/organizations');
  await expect.poll(() => rowsOf(page).count()).toBe(2);

  await mock.server.stop(signal);
  await expect.poll(() => page.locator('.away-line').textContent()).toMatch(words);
  expect(await rowsOf(page).count()).toBe(2);
  for (const name of ['Clear', 'Reset…', 'Refill all', '+1m']) {
    expect(await page.getByRole('button', { name }).isDisabled(), name).toBe(true);
  }
  const time = await page.locator('.time b').textContent();
  await page.clock.runFor(3000);
  expect(await page.locator('.time b').textContent()).toBe(time);

  const again = await startMock([...database, '--port', new URL(mock.url).port], folder);
  await expect.poll(() => page.locator('.connection.live').count(), { timeout: RETURN_MS }).toBe(1);
  expect(await page.locator('.away-line').count()).toBe(0);
  expect(await page.getByRole('button', { name: 'Clear' }).isDisabled()).toBe(false);
  await again.call('GET', '/v1/organizations');
  await again.call('GET', '/v1/organizations');
  await expect.poll(() => rowsOf(page).count()).toBe(2);
  const names = await page.locator('#list .row').evaluateAll((rows) => rows.map((row) => row.id));
  expect(new Set(names).size).toBe(names.length);
});

it('says that there is no such sandbox, and shows default instead', async () => {
  const mock = await startMock();
  const made = JSON.parse((await mock.call('POST', '/_mock/sandboxes', {})).text).sandboxes[0];
  const path = `/_mock/?sandbox=${made.sandbox_id}`;
  const { page } = await openInspector(browser(), mock.url, { path, expected: [/status of 404/] });
  await waitForLive(page);
  await mock.call('DELETE', `/_mock/sandboxes/${made.sandbox_id}`);
  await page.getByText(`There is no sandbox ${made.sandbox_id}.`).waitFor();
  await page.getByRole('button', { name: 'Show default' }).click();
  await waitForLive(page);
  await mock.call('GET', '/v1/organizations');
  await expect.poll(() => rowsOf(page).count()).toBe(1);
  expect(new URL(page.url()).search).toBe('');
});

it('says how to get a stream where all are taken, and gets it then', async () => {
  const mock = await startMock();
  const aborts = Array.from({ length: 16 }, () => new AbortController());
  const url = `${mock.url}/_mock/sandboxes/default/stream`;
  await Promise.all(aborts.map(({ signal }) => fetch(url, { signal })));
  const { page } = await openInspector(browser(), mock.url, { expected: [/status of 503/] });
  await page.getByText('a server has 16 streams at most: close one').waitFor();
  for (const abort of aborts) abort.abort();
  await waitForLive(page);
});
