import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import {
  FREE_KEY,
  FROZEN,
  type Mock,
  openInspector,
  overflowOf,
  SMALL,
  startMock,
  useBrowser,
  WIDE,
  waitForLive,
} from './page.ts';

const browser = useBrowser();
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const NARROWEST = 320;

const VIEWS = [
  { colorScheme: 'light', viewport: WIDE },
  { colorScheme: 'dark', viewport: WIDE },
  { colorScheme: 'light', viewport: SMALL },
  { colorScheme: 'dark', viewport: SMALL },
] as const;

interface Place {
  page: Page;
  mock: Mock;
  isSmall: boolean;
}

/** Each state of the page, from the one before it. */
const STATES: [name: string, enter: (place: Place) => Promise<unknown>][] = [
  ['empty', ({ page }) => page.getByText('No request yet.').waitFor()],
  ['list', ({ mock, page }) => fill(mock).then(() => page.locator('.row.faulted').first().waitFor())],
  [
    'completions',
    async ({ page }) => {
      await page.locator('#filter').pressSequentially('st');
      await page.locator('#completions').getByRole('option').first().waitFor();
      await page.keyboard.press('ArrowDown');
    },
  ],
  ['nothing matches', ({ page }) => page.locator('#filter').fill('status:418')],
  ['a wrong filter', ({ page }) => page.locator('#filter').fill('ms:>x')],
  ['a 429', (place) => openDetail(place, 'status:429')],
  ['a 422', (place) => openDetail(place, 'status:422')],
  ['a PATCH', (place) => openDetail(place, 'is:changed')],
  ['a fault', (place) => openDetail(place, 'is:faulted')],
  ['a 401', (place) => openDetail(place, 'status:401')],
  ['limits', (place) => openPanel(place, 1)],
  [
    'organizations',
    async (place) => {
      await openPanel(place, 2);
      await place.page.locator('.head').first().click();
      await place.page.getByRole('heading', { name: 'Keys' }).waitFor();
    },
  ],
  ['faults', (place) => openPanel(place, 3)],
  ['a fault that is off', ({ page }) => page.getByRole('switch').first().click()],
  ['snapshots', (place) => openPanel(place, 4)],
  [
    'a snapshot and its changes',
    async ({ page }) => {
      await page.getByRole('button', { name: 'What changed since' }).first().click();
      await page.getByRole('region', { name: /^What changed since/ }).waitFor();
    },
  ],
  ['seed', (place) => openPanel(place, 5)],
  ['help', ({ page }) => page.getByRole('button', { name: 'Keys and help' }).click()],
  ['reset', ({ page }) => reopen(page, 'Reset…')],
  ['the clock', ({ page }) => reopen(page, 'Set the clock')],
  ['sandboxes', ({ page }) => reopen(page, /^Sandbox/)],
  ['a new sandbox', ({ page }) => page.getByRole('button', { name: 'New sandbox…' }).click()],
  [
    'its keys',
    ({ page }) =>
      page
        .getByRole('button', { name: 'Make it' })
        .click()
        .then(() => page.getByRole('button', { name: 'Copy as environment' }).waitFor()),
  ],
  ['a refusal', ({ page }) => refuse(page)],
  ['stopped', ({ mock, page }) => mock.server.stop().then(() => page.locator('.away-line').waitFor())],
];

it.each(VIEWS)(
  'is accessible in every state, $colorScheme, $viewport.width pixels wide',
  async (view) => {
    const mock = await startMock(FROZEN);
    const { page } = await openInspector(browser(), mock.url, {
      ...view,
      bypassCSP: true,
      expected: [/net::ERR_/, /status of 4/],
    });
    await waitForLive(page);
    await page.evaluate(axe.source);
    const found: string[] = [];
    for (const [name, enter] of STATES) {
      await enter({ page, mock, isSmall: view.viewport === SMALL });
      found.push(...(await listViolations(page)).map((one) => `${name}: ${one}`));
      if ((await overflowOf(page)) > 0) found.push(`${name}: scrolls sideways`);
      await page.setViewportSize({ width: NARROWEST, height: 700 });
      if ((await overflowOf(page)) > 0) found.push(`${name}: scrolls sideways at ${NARROWEST} pixels`);
      await page.setViewportSize(view.viewport);
    }
    expect(found).toEqual([]);
  },
  180_000,
);

it.each(VIEWS)('asks for the token accessibly, $colorScheme, $viewport.width pixels wide', async (view) => {
  const mock = await startMock(['--control-token', 'of-this-test-0123456789']);
  const { page } = await openInspector(browser(), mock.url, { ...view, bypassCSP: true, expected: [/status of 401/] });
  await page.evaluate(axe.source);
  await page.getByLabel('Token').waitFor();
  expect(await listViolations(page)).toEqual([]);
  await page.getByLabel('Token').fill('another-one');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').waitFor();
  expect(await listViolations(page)).toEqual([]);
});

async function listViolations(page: Page): Promise<string[]> {
  const { violations } = await page.evaluate(
    (values) => (window as unknown as { axe: typeof axe }).axe.run(document, { runOnly: { type: 'tag', values } }),
    RULES,
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(
      ({ html, failureSummary = '' }) =>
        `${id}: ${html.slice(0, 160)} ${failureSummary.split('\n').slice(1).join(' ')}`,
    ),
  );
}

/** One of everything that a list may have. */
async function fill({ call }: Mock): Promise<void> {
  const organization = '/v1/organizations';
  await call(
    'PATCH',
    organization,
    '{"metadata":{"region":"eu","id":1234567890123456789},"rate_limits":{"search":473}}',
  );
  await call(
    'PATCH',
    organization,
    '{"metadata":{"region":"us","id":1234567890123456788},"billing_email":"a@example.com"}',
  );
  await call('PATCH', organization, '{"rate_limits":{"search":0,"data":"x"},"billing_email":"nope"}');
  await call('GET', '/v1/collections');
  await call('GET', organization, undefined, 'sk_test_revoked');
  for (let asked = 0; asked < 22; asked++) await call('GET', organization, undefined, FREE_KEY);
  await call('POST', '/_mock/sandboxes/default/clock/advance', { ms: 60_000 });
  await call('PUT', '/_mock/sandboxes/default/snapshots/before');
  await call('POST', '/_mock/sandboxes/default/faults', { status: 503, times: 1, name: 'busy' });
  await call('POST', '/_mock/sandboxes/default/faults', { status: 500, times: 1, match: { method: 'PATCH' } });
  await call('GET', organization);
}

async function openDetail({ page }: Place, filter: string): Promise<void> {
  if (await page.locator('.detail').count()) await page.getByRole('button', { name: 'Close' }).click();
  await page.locator('#filter').fill(filter);
  await page.locator('#list .row').first().click();
  await page.getByRole('region', { name: 'Answer' }).waitFor();
  for (const details of await page.locator('.detail details').all()) await details.locator('summary').click();
}

async function openPanel({ page, isSmall }: Place, number: number): Promise<void> {
  if (await page.locator('.detail').count()) await page.getByRole('button', { name: 'Close' }).click();
  if (isSmall) await page.getByRole('button', { name: 'World' }).click();
  const tab = page.getByRole('tab').nth(number - 1);
  await tab.click();
  await expect.poll(() => tab.getAttribute('aria-selected')).toBe('true');
}

async function reopen(page: Page, name: string | RegExp): Promise<void> {
  await page.keyboard.press('Escape');
  await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
  if (name === 'Set the clock') await page.getByTitle(name).click();
  else await page.getByRole('button', { name }).click();
}

/** The mode of the limits is refused by a server that is asked for what it does not know. */
async function refuse(page: Page): Promise<void> {
  await page.keyboard.press('Escape');
  await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
  await page.route('**/limits/refill', (route) => route.continue({ postData: '{"category":"nothing"}' }));
  const isSmall = await page.locator('.sides').isVisible();
  if (isSmall) await page.getByRole('button', { name: 'World' }).click();
  await page.getByRole('tab', { name: 'Limits' }).click();
  await page.getByRole('button', { name: 'Refill all' }).click();
  await page.locator('.notice.refused').waitFor();
}

it('keeps the focus in what is shown whole on a small window, and gives it back', async () => {
  const mock = await startMock();
  await mock.call('GET', '/v1/organizations');
  const { page } = await openInspector(browser(), mock.url, { viewport: SMALL });
  await waitForLive(page);
  await page.locator('#list .row').first().click();
  await page.getByRole('region', { name: 'Answer' }).waitFor();
  const placeOf = () =>
    page.evaluate(() => (document.activeElement?.closest('.detail') ? 'detail' : document.activeElement?.id || 'page'));
  await expect.poll(placeOf).toBe('detail');
  for (let step = 0; step < 12; step++) {
    await page.keyboard.press('Tab');
    // Behind the last one comes the browser itself.
    expect(['detail', 'page']).toContain(await placeOf());
  }
  await page.getByRole('button', { name: 'Close' }).click();
  await expect.poll(placeOf).toBe('list');
  await page.locator('.sides button').last().click();
  await page.keyboard.press('/');
  await expect.poll(placeOf).toBe('filter');
});

it('says by its colours what is chosen and how full a bucket is, where colours are forced', async () => {
  const mock = await startMock(FROZEN);
  for (let asked = 0; asked < 10; asked++) await mock.call('GET', '/v1/organizations', undefined, FREE_KEY);
  const { page } = await openInspector(browser(), mock.url, { forcedColors: 'active' });
  await waitForLive(page);
  const colourOf = (selector: string) =>
    page
      .locator(selector)
      .first()
      .evaluate((element) => getComputedStyle(element).backgroundColor);
  for (const [one, other] of [
    ['.gauge .bar i', '.gauge .bar'],
    ['.segments [aria-pressed=true]', '.segments [aria-pressed=false]'],
    ['[role=tab][aria-selected=true]', '[role=tab][aria-selected=false]'],
    ['.chips [aria-pressed=true]', '.chips [aria-pressed=false]'],
  ] as const) {
    expect(await colourOf(one), one).not.toBe(await colourOf(other));
  }
});
