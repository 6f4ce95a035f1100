import { request } from 'node:http';
import { expect, it } from 'vitest';
import {
  DEMO_KEY,
  openInspector,
  overflowOf,
  rowsOf,
  SMALL,
  startMock,
  useBrowser,
  WIDE,
  waitForLive,
} from './page.ts';

const browser = useBrowser();

const IMAGE = '<img src=x onerror="alert(1)">';
const SCRIPT = '</pre><script>alert(1)</script>';
const OTHER_KEY = 'sk_test_0123456789abcdef0123456789abcdef';
const nest = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
const RIGHT_TO_LEFT = '\u202egnp.exe\u2066';

interface Hostile {
  path?: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

const HOSTILE: [string, Hostile][] = [
  ['HTML in the path', { method: 'GET', path: '/v1/<img/src=x/onerror=alert(1)>' }],
  ['HTML in the query', { method: 'GET', path: '/v1/organizations?<script>alert(1)</script>=<svg/onload=alert(1)>' }],
  ['HTML in headers', { method: 'GET', headers: { 'user-agent': IMAGE, 'x-a': SCRIPT, 'x-request-id': '"><b>' } }],
  ['HTML in metadata', { body: JSON.stringify({ metadata: { [IMAGE]: SCRIPT, 'javascript:alert(1)': IMAGE } }) }],
  ['HTML as a name', { body: JSON.stringify({ organization_name: `${IMAGE}${SCRIPT}` }) }],
  [
    'HTML as a mistake',
    { body: JSON.stringify({ [IMAGE]: 1, billing_email: SCRIPT, rate_limits: { [SCRIPT]: IMAGE } }) },
  ],
  ['a prototype', { body: '{"metadata":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}}' }],
  ['text that turns around', { body: JSON.stringify({ metadata: { [RIGHT_TO_LEFT]: RIGHT_TO_LEFT } }) }],
  ['98 levels', { body: `{"metadata":{"deep":${nest(96)}}}` }],
  ['5,000 levels', { body: `{"metadata":{"deep":${nest(5000)}}}` }],
  ['a body of 1 MiB', { body: JSON.stringify({ metadata: { long: 'W'.repeat(1024 * 1024 - 30) } }) }],
  ['a body that is not text', { body: Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7919) % 256)) }],
  ['a path of 8 KB', { method: 'GET', path: `/v1/${'a'.repeat(8000)}` }],
  [
    'keys everywhere',
    {
      path: `/v1/organizations?api_key=${OTHER_KEY}`,
      headers: { 'x-key': OTHER_KEY, authorization: `Bearer ${OTHER_KEY}` },
      body: JSON.stringify({ metadata: { key: OTHER_KEY, [DEMO_KEY]: 1 } }),
    },
  ],
];

it.each([
  ['a wide window', WIDE],
  ['a phone', SMALL],
])('shows hostile requests as text, on %s', async (_, viewport) => {
  const mock = await startMock();
  const { page } = await openInspector(browser(), mock.url, { viewport });
  await waitForLive(page);
  for (const [index, [name, hostile]] of HOSTILE.entries()) {
    await send(mock.url, hostile);
    await expect.poll(() => rowsOf(page).count(), { message: name }).toBe(index + 1);
    await rowsOf(page).first().click();
    await page
      .locator('.detail')
      .getByRole('heading', { name: /^Answer/ })
      .waitFor();
    for (const details of await page.locator('.detail details').all()) await details.locator('summary').click();
    expect(await overflowOf(page), name).toBeLessThanOrEqual(0);
    expect(await detailOverflow(page), name).toBeLessThanOrEqual(0);
    expect(await page.content(), name).not.toMatch(/sk_(?:live|test)_[a-z0-9]{6}/);
    expect(await page.locator('#app img, #app script, #app svg, .detail b b').count(), name).toBe(0);
    expect(await page.evaluate('({}).polluted'), name).toBe(undefined);
    await page.keyboard.press('Escape');
  }
  for (const panel of ['2', '4', '5', '1']) {
    await page.keyboard.press(panel);
    expect(await overflowOf(page), `panel ${panel}`).toBeLessThanOrEqual(0);
  }
  expect(await page.content()).not.toMatch(/sk_(?:live|test)_[a-z0-9]{6}/);
});

it('cuts a key that is pasted as a filter, in the page and in its address', async () => {
  const mock = await startMock();
  await mock.call('GET', '/v1/organizations');
  const { page } = await openInspector(browser(), mock.url);
  await rowsOf(page).first().waitFor();
  await page.locator('#filter').fill(`key:${OTHER_KEY}`);
  expect(await page.locator('#filter').inputValue()).not.toContain(OTHER_KEY);
  expect(page.url()).not.toContain(OTHER_KEY);
});

/** As it is written: `fetch` would escape it. */
function send(url: string, { method = 'PATCH', path = '/v1/organizations', headers, body }: Hostile): Promise<void> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const all = { authorization: `Bearer ${DEMO_KEY}`, 'content-type': 'application/json', ...headers };
    const sent = request({ hostname, port, method, path, headers: all, agent: false }, (response) => {
      response.resume().on('end', resolve);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const detailOverflow = (page: Parameters<typeof overflowOf>[0]) =>
  page.locator('.detail').evaluate((detail) => detail.scrollWidth - detail.clientWidth);

it('cuts a key of a link, too', async () => {
  const mock = await startMock();
  const { page } = await openInspector(browser(), mock.url, { path: `/_mock/?q=${DEMO_KEY}` });
  await waitForLive(page);
  expect(await page.locator('#filter').inputValue()).toBe('sk_live_ab');
  expect(page.url()).not.toContain(DEMO_KEY);
});

it('shows names that turn the text around, or are very long, and stays as wide as its window', async () => {
  const mock = await startMock();
  const long = 'x'.repeat(60);
  await mock.call('PATCH', '/v1/organizations', { organization_name: `a\u202eb ${long}` });
  await mock.call('PUT', `/_mock/sandboxes/default/snapshots/${long}`, {});
  await mock.call('POST', '/_mock/sandboxes/default/faults', { name: `\u202e${long}`, status: 503 });
  const { page } = await openInspector(browser(), mock.url, { viewport: { width: 320, height: 700 } });
  await waitForLive(page);
  await page.locator('.sides button').last().click();
  for (const name of ['Limits', 'Orgs', 'Faults', 'Snapshots', 'Seed']) {
    await page.getByRole('tab', { name }).click();
    await page.getByRole('heading', { level: 2 }).waitFor();
    expect(await overflowOf(page), name).toBe(0);
    const isWider = await page.locator('.world').evaluate((world) => world.scrollWidth > world.clientWidth);
    expect(isWider, name).toBe(false);
    expect(await page.locator('.world').textContent(), name).not.toContain('\u202e');
  }
});
