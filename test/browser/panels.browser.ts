import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { openInspector, rowsOf, startMock, useBrowser, waitForLive } from './page.ts';

const browser = useBrowser();
const CONTROL = '/_mock/sandboxes/default';

const openPanel = (page: Page, name: string) => page.getByRole('tab', { name }).click();

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

it('shows no bucket any more once a reset has emptied them', async () => {
  const mock = await startMock();
  await mock.call('GET', '/v1/organizations');
  const { page } = await openInspector(browser(), mock.url);
  await waitForLive(page);
  await page.getByText('Acme Corporation').waitFor();
  await mock.call('POST', `${CONTROL}/reset`, {});
  await page.getByText('No key was used yet.', { exact: false }).waitFor();
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

it('goes from panel to panel by arrows, and stops at one of them for Tab', async () => {
  const mock = await startMock();
  const { page } = await openInspector(browser(), mock.url);
  await waitForLive(page);
  const chosen = () => page.locator('[role=tab][aria-selected=true]').textContent();
  await page.getByRole('tab', { name: 'Limits' }).focus();
  for (const [key, word] of [
    ['ArrowRight', 'Orgs'],
    ['End', 'Seed'],
    ['ArrowRight', 'Limits'],
    ['ArrowLeft', 'Seed'],
    ['Home', 'Limits'],
  ] as const) {
    await page.keyboard.press(key);
    expect(await chosen()).toBe(word);
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(word);
  }
  expect(await page.locator('[role=tab][tabindex="0"]').allTextContents()).toEqual(['Limits']);
});

it('revokes a key, changes a tier, and shows what anybody else changes', async () => {
  const mock = await startMock();
  const { page } = await openInspector(browser(), mock.url);
  await waitForLive(page);
  await openPanel(page, 'Orgs');
  await page.getByRole('button', { name: 'org_demo123' }).click();
  await page.getByLabel('Tier').selectOption('free');
  const credits = page.getByLabel('Credits');
  for (const wrong of ['', '-5']) {
    await credits.fill(wrong);
    await credits.blur();
    await expect.poll(() => credits.inputValue()).toBe('250000');
  }
  await credits.fill('7');
  await credits.blur();
  const demo = async () => JSON.parse((await mock.call('GET', `${CONTROL}/organizations/org_demo123`)).text);
  await expect.poll(async () => (await demo()).credit_count).toBe(7);
  const limitOf = () => page.getByRole('row', { name: /^metadata/ }).textContent();
  await expect.poll(limitOf).toBe('metadata20–20');
  await page.getByLabel('Status of sk_live_ab…').selectOption('revoked');
  await expect.poll(async () => (await mock.call('GET', '/v1/organizations')).status).toBe(401);
  await mock.call('PATCH', `${CONTROL}/organizations/org_demo123`, { rate_limits_override: { metadata: 7 } });
  await expect.poll(limitOf).toBe('metadata2077');
  await mock.call('POST', `${CONTROL}/api-keys`, {
    organization_id: 'org_demo123',
    name: 'of a test',
    permissions: ['read'],
    expires_at: '2020-01-01T00:00:00Z',
  });
  await page.getByText(/^read · of a test · expired \d+ d ago$/).waitFor();
});

it('shows what changed since a snapshot, with every digit, and goes on with it', async () => {
  const mock = await startMock();
  await mock.call('PATCH', '/v1/organizations', '{"metadata":{"id":1234567890123456788}}');
  const { page } = await openInspector(browser(), mock.url);
  await waitForLive(page);
  await openPanel(page, 'Snapshots');
  await page.getByLabel('Name of the snapshot').fill('before');
  await page.getByRole('button', { name: 'Take' }).click();
  const card = page.locator('.card').filter({ has: page.getByText('before', { exact: true }) });
  await card.getByRole('button', { name: 'What changed since' }).click();
  await card.getByText('Nothing.').waitFor();
  await mock.call('PATCH', '/v1/organizations', '{"metadata":{"id":1234567890123456789}}');
  await card.getByRole('table').first().waitFor();
  const metadata = card.getByRole('table', { name: 'org_demo123 metadata' });
  expect(await metadata.getByRole('row').allTextContents()).toEqual(['id− 1234567890123456788+ 1234567890123456789']);
  await card.getByRole('button', { name: 'Restore' }).click();
  await card.getByText('Nothing.').waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(async () => (await mock.call('GET', '/v1/organizations')).text).toContain('1234567890123456789');
  await card.getByRole('button', { name: 'Delete' }).click();
  await expect.poll(() => card.count()).toBe(0);
});

it('names the rule that made a request fail, and switches it off', async () => {
  const mock = await startMock();
  await mock.call('POST', `${CONTROL}/faults`, { name: 'busy hour', status: 503 });
  await mock.call('GET', '/v1/organizations');
  const { page } = await openInspector(browser(), mock.url);
  await waitForLive(page);
  expect(await rowsOf(page).first().locator('.changed').textContent()).toBe('busy hour');
  await rowsOf(page).first().click();
  await page.getByText('A fault rule answered in its place: busy hour.').waitFor();
  await page.getByRole('button', { name: 'Disable busy hour' }).click();
  await expect.poll(async () => (await mock.call('GET', '/v1/organizations')).status).toBe(200);
  await openPanel(page, 'Faults');
  const rule = page.getByRole('switch', { name: 'Rule busy hour' });
  await expect.poll(() => rule.getAttribute('aria-checked')).toBe('false');
});

describe('a seed', () => {
  const drop = (page: Page, name: string, text: string) =>
    page.locator('.seed').evaluate(
      (element, file) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([file.text], file.name));
        element.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
      },
      { name, text },
    );

  it('is loaded where it is dropped, or says what is wrong with it, at its place', async () => {
    const mock = await startMock();
    const { page } = await openInspector(browser(), mock.url, { expected: [/status of 422/] });
    await waitForLive(page);
    await openPanel(page, 'Seed');
    const shown = page.getByRole('region', { name: 'The state as a seed' });
    await expect.poll(() => shown.textContent()).toContain('org_demo123');
    await drop(page, 'wrong.yaml', 'version: 1\norganizations:\n  - organization_id: org_a\n    account_type: huge\n');
    await expect.poll(() => page.locator('pre.problem').textContent()).toMatch(/account_type/);
    expect(await page.locator('pre.problem').textContent()).toMatch(/line 4/);
    await expect.poll(() => shown.textContent()).toContain('org_demo123');
    const organization = '{"organization_id":"org_dropped","api_keys":[{"key":"sk_live_of_the_drop"}]}';
    await drop(page, 'right.json', `{"version":1,"organizations":[${organization}]}`);
    await expect.poll(() => shown.textContent()).toContain('org_dropped');
    expect(await page.locator('pre.problem').count()).toBe(0);
    expect((await mock.call('GET', '/v1/organizations', undefined, 'sk_live_of_the_drop')).status).toBe(200);
  });

  it('shows what changes meanwhile', async () => {
    const mock = await startMock();
    const { page } = await openInspector(browser(), mock.url);
    await waitForLive(page);
    await openPanel(page, 'Seed');
    await mock.call('PATCH', '/v1/organizations', { organization_name: 'Changed meanwhile' });
    await page.getByRole('region', { name: 'The state as a seed' }).getByText('Changed meanwhile').waitFor();
  });
});

it('sets the clock, and takes it back to real time', async () => {
  const mock = await startMock();
  const { page } = await openInspector(browser(), mock.url);
  await waitForLive(page);
  const clockOf = async () => JSON.parse((await mock.call('GET', `${CONTROL}/clock`)).text);
  await page.getByTitle('Set the clock').click();
  await page.getByLabel('UTC').fill('2031-02-03T04:05');
  await page.getByRole('button', { name: 'Freeze there' }).click();
  await expect.poll(clockOf).toEqual({ now: '2031-02-03T04:05:00Z', mode: 'frozen', offset_ms: null });
  await page.getByText('frozen', { exact: false }).first().waitFor();
  await page.getByRole('button', { name: 'back to real time' }).click();
  await expect.poll(clockOf).toMatchObject({ mode: 'running', offset_ms: 0 });
  await expect.poll(() => page.getByRole('button', { name: 'back to real time' }).count()).toBe(0);
});

it('copies where the page is not served securely', async () => {
  const mock = await startMock();
  const { page } = await openInspector(browser(), mock.url);
  await page.evaluate(() => Object.defineProperty(window, 'isSecureContext', { value: false }));
  await page.getByRole('button', { name: 'Copy' }).click();
  await page.getByText('Copied the line.').waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/^curl http/);
});
