import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { type Mock, openInspector, rowsOf, startMock, useBrowser, waitForLive } from './page.ts';

const browser = useBrowser();
const OFF = ['--limits', 'off'];

async function read({ call }: Mock, times: number): Promise<void> {
  await Promise.all(Array.from({ length: times }, () => call('GET', '/v1/organizations')));
}

/** The window of the list: which rows of it can be seen, and where. */
const viewOf = (page: Page) =>
  page.locator('#list').evaluate((list) => {
    const edge = list.getBoundingClientRect().top;
    const rows = [...list.querySelectorAll('.row')].map((row) => ({
      path: row.querySelector('.path')?.textContent,
      top: Math.round(row.getBoundingClientRect().top - edge),
    }));
    return rows.filter(({ top }) => top >= 0)[0];
  });

describe('whoever has scrolled down', () => {
  it('keeps the place, is told what came, and gets there', async () => {
    const mock = await startMock(OFF);
    for (let n = 0; n < 60; n++) await mock.call('GET', `/v1/number-${n}`);
    const { page } = await openInspector(browser(), mock.url);
    await waitForLive(page);
    await page.locator('#list').evaluate((list) => list.scrollTo({ top: 640 }));
    await expect.poll(() => viewOf(page)).toMatchObject({ path: '/v1/number-39' });
    const before = await viewOf(page);
    await read(mock, 3);
    const news = page.getByRole('button', { name: '↑ 3 new' });
    await news.waitFor();
    expect(await viewOf(page)).toEqual(before);
    await news.click();
    await expect.poll(() => viewOf(page)).toMatchObject({ path: '/v1/organizations' });
    expect(await news.count()).toBe(0);
  });

  it('is told nothing new when older ones are read, and gets to the oldest', async () => {
    const mock = await startMock(OFF);
    await mock.call('GET', '/v1/the-oldest');
    for (let n = 0; n < 5; n++) await read(mock, 100);
    const { page } = await openInspector(browser(), mock.url);
    await waitForLive(page);
    const oldest = page.getByText('/v1/the-oldest');
    await expect
      .poll(async () => {
        await page.locator('#list').evaluate((list) => list.scrollTo({ top: list.scrollHeight }));
        return oldest.count();
      })
      .toBe(1);
    expect(await page.locator('.news').count()).toBe(0);
    expect(await page.getByRole('button', { name: '501 all' }).count()).toBe(1);
  });
});

it('says what is not shown, and that older ones are gone', async () => {
  const mock = await startMock([...OFF, '--journal-size', '300']);
  await read(mock, 310);
  const { page } = await openInspector(browser(), mock.url);
  await page.getByText('10 older ones dropped').waitFor();
});

it('shows one that hangs, and then its end', async () => {
  const mock = await startMock();
  const { page } = await openInspector(browser(), mock.url);
  await waitForLive(page);
  await mock.call('POST', '/_mock/sandboxes/default/faults', { delay_ms: 3_600_000, times: 1 });
  const waiting = mock.call('GET', '/v1/organizations');
  await page.locator('.row.open').waitFor();
  expect(await rowsOf(page).locator('.status').allTextContents()).toEqual(['open']);
  await rowsOf(page).click();
  await page.getByText('Not answered yet.').waitFor();
  await mock.call('DELETE', '/_mock/sandboxes/default/faults');
  await mock.call('POST', '/_mock/sandboxes/default/reset', {});
  expect((await waiting).status).toBe(200);
  await expect.poll(() => rowsOf(page).locator('.status').allTextContents()).toEqual(['200']);
  await page.getByText('Read the organization.').waitFor();
  expect(await page.getByRole('region', { name: 'Answer' }).textContent()).toContain('org_demo123');
});

it('steps through requests that have the same id, each once', async () => {
  const mock = await startMock();
  const headers = { authorization: 'Bearer sk_live_abc123def456', 'x-request-id': 'req_0123456789abcdef01234567' };
  for (const path of ['/v1/a', '/v1/b', '/v1/c']) await fetch(mock.url + path, { headers });
  const { page } = await openInspector(browser(), mock.url);
  await waitForLive(page);
  const seen: (string | null)[] = [];
  for (let step = 0; step < 3; step++) {
    await page.keyboard.press('j');
    seen.push(await page.locator('.detail h2 code').textContent());
  }
  expect(seen).toEqual(['/v1/c', '/v1/b', '/v1/a']);
  expect(await page.locator('.row[aria-selected=true]').count()).toBe(1);
});

it('shows a request of a link that is further down than the list was read', async () => {
  const mock = await startMock(OFF);
  await mock.call('PATCH', '/v1/organizations', { organization_name: 'Of the link' });
  const [{ request_id }] = JSON.parse((await mock.call('GET', '/_mock/sandboxes/default/requests')).text).requests;
  await read(mock, 300);
  const { page } = await openInspector(browser(), mock.url, { path: `/_mock/#${request_id}` });
  await page.getByText('Changed organization name.').waitFor();
  await page.getByText('Of the link').first().waitFor();
});

it('says that a request of a link is gone', async () => {
  const mock = await startMock();
  const expected = [/status of 404/];
  const { page } = await openInspector(browser(), mock.url, { path: '/_mock/#req_of_yesterday%20', expected });
  await page.getByText('The journal no longer has this request.').waitFor();
});

it('tells a screen reader what came, at most every five seconds', async () => {
  const mock = await startMock(OFF);
  await read(mock, 2);
  const { page } = await openInspector(browser(), mock.url, { isClockOurs: true });
  await waitForLive(page);
  const said = () => page.locator('p.spoken[role=status]').textContent();
  expect(await said()).toBe('');
  await mock.call('GET', '/v1/organizations');
  await expect.poll(() => rowsOf(page).count()).toBe(3);
  await page.clock.runFor(100);
  expect(await said()).toBe('1 new request');
  await mock.call('GET', '/v1/organizations');
  await mock.call('GET', '/v1/organizations', undefined, 'sk_live_nobody_has_this');
  await expect.poll(() => rowsOf(page).count()).toBe(5);
  await page.clock.runFor(4500);
  expect(await said()).toBe('1 new request');
  await page.clock.runFor(1000);
  expect(await said()).toBe('2 new requests, 1 refused');
});

it('fills a tall window at once', async () => {
  const mock = await startMock(OFF);
  await read(mock, 80);
  const { page } = await openInspector(browser(), mock.url, { viewport: { width: 1280, height: 2200 } });
  await waitForLive(page);
  await expect.poll(() => rowsOf(page).count()).toBeGreaterThan(60);
});

it('shows all that hang, and what is behind them', async () => {
  const mock = await startMock(OFF);
  await read(mock, 30);
  await mock.call('POST', '/_mock/sandboxes/default/faults', { delay_ms: 3_600_000, times: 40 });
  const { page } = await openInspector(browser(), mock.url);
  await waitForLive(page);
  const aborts = Array.from({ length: 40 }, () => new AbortController());
  const headers = { authorization: 'Bearer sk_live_abc123def456' };
  const hanging = aborts.map(({ signal }) =>
    fetch(`${mock.url}/v1/organizations`, { headers, signal }).catch(() => {}),
  );
  await page.getByRole('button', { name: '70 all' }).waitFor();
  await page.locator('#list').evaluate((list) => list.scrollTo({ top: list.scrollHeight }));
  await expect.poll(() => page.locator('#list .row:not(.open)').count()).toBeGreaterThan(15);
  for (const abort of aborts) abort.abort();
  await Promise.all(hanging);
});

it('is the journal again after a pause: nothing that is gone, and no gap', async () => {
  const mock = await startMock(OFF);
  for (let n = 0; n < 5; n++) await mock.call('GET', '/v1/before');
  const { page } = await openInspector(browser(), mock.url);
  await waitForLive(page);
  await page.keyboard.press('p');
  await page.locator('.connection.paused').waitFor();
  await mock.call('POST', '/_mock/sandboxes/default/reset', {});
  await mock.call('GET', '/v1/behind');
  await page.keyboard.press('p');
  await waitForLive(page);
  expect(await rowsOf(page).locator('.path').allTextContents()).toEqual(['/v1/behind']);
  await page.keyboard.press('p');
  await page.locator('.connection.paused').waitFor();
  for (let n = 0; n < 3; n++) await read(mock, 100);
  await page.keyboard.press('p');
  await waitForLive(page);
  expect(await page.getByRole('button', { name: '200 all' }).count()).toBe(1);
  await expect
    .poll(async () => {
      await page.locator('#list').evaluate((list) => list.scrollTo({ top: list.scrollHeight }));
      return page.getByText('/v1/behind').count();
    })
    .toBe(1);
  expect(await page.getByRole('button', { name: '301 all' }).count()).toBe(1);
});
