import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { DEMO_KEY, FROZEN, type Mock, openInspector, rowsOf, startMock, useBrowser, waitForLive } from './page.ts';

const browser = useBrowser();
const run = promisify(execFile);

/** Opens the request that came last, once it is there. */
async function openNewest(page: Page, seq: number): Promise<void> {
  await expect.poll(() => rowsOf(page).count()).toBe(seq);
  await rowsOf(page).first().click();
  await page.getByRole('region', { name: 'Answer' }).waitFor();
}

async function openPage(args: string[] = FROZEN): Promise<{ page: Page; mock: Mock }> {
  const mock = await startMock(args);
  const { page } = await openInspector(browser(), mock.url);
  await waitForLive(page);
  return { page, mock };
}

const linesOf = (page: Page, label: string) =>
  page.getByRole('region', { name: label }).locator('.line').allTextContents();

describe('a PATCH', () => {
  it('is shown as it was sent, with every digit, and with what it changed', async () => {
    const { page, mock } = await openPage();
    const before = '{"id":1234567890123456788,"10":1,"2":2,"ratio":1.10}';
    const after = '{"id":1234567890123456789,"10":1,"2":3,"ratio":1.10}';
    for (const metadata of [before, after]) {
      expect((await mock.call('PATCH', '/v1/organizations', `{"metadata":${metadata}}`)).status).toBe(200);
    }
    await openNewest(page, 2);
    expect(await page.locator('.sentence').textContent()).toBe('Changed metadata.');
    expect(await linesOf(page, 'Body of the request')).toEqual([
      '{',
      '  "metadata": {',
      '    "id": 1234567890123456789,',
      '    "10": 1,',
      '    "2": 3,',
      '    "ratio": 1.10',
      '  }',
      '}',
    ]);
    const rows = page.locator('table.changes tbody tr');
    const cells = await rows.evaluateAll((all) =>
      all.map((row) => [...row.children].map((cell) => cell.textContent?.trim())),
    );
    expect(cells).toEqual([
      ['id', '− 1234567890123456788', '+ 1234567890123456789'],
      ['2', '− 2', '+ 3'],
    ]);
  });

  it('that is refused has each error at the line of what was sent', async () => {
    const { page, mock } = await openPage();
    const body = '{"billing_email":"nobody","rate_limits":{"search":0,"data":"x","upload":5},"metadata":[]}';
    expect((await mock.call('PATCH', '/v1/organizations', body)).status).toBe(422);
    await openNewest(page, 1);
    const wrong = page.getByRole('region', { name: 'Body of the request' }).locator('.line.wrong');
    const found = await wrong.evaluateAll((lines) =>
      lines.map((line) => [
        [...line.querySelectorAll('[class^="t-"]')].map((token) => token.textContent).join(''),
        [...line.querySelectorAll('.problem')].map((problem) => problem.textContent),
      ]),
    );
    const { detail } = JSON.parse((await mock.call('PATCH', '/v1/organizations', body)).text);
    const messages = (member: string) =>
      detail.filter(({ loc }: { loc: string[] }) => loc.includes(member)).map(({ msg }: { msg: string }) => msg);
    expect(detail).toHaveLength(4);
    expect(found).toEqual([
      ['"billing_email": "nobody",', messages('billing_email')],
      ['"search": 0,', messages('search')],
      ['"data": "x",', messages('data')],
      ['"metadata": []', messages('metadata')],
    ]);
  });
});

it.each([
  ['numbers and spaces', '{ "metadata": {"id": 1234567890123456789, "ratio": 1.10, "10": 1, "2": 2} }'],
  ['what a shell would read', `{"organization_name":"it's $HOME \`id\` \\"!\\" \\u0000 \u202e ☃"}`],
  ['several lines', '{\r\n\t"metadata": {\n  }\n}\n'],
])('the line that is copied sends the same bytes: %s', async (_, body) => {
  const { page, mock } = await openPage();
  await mock.call('PATCH', '/v1/organizations?a=1%202&b[]=%2e', body);
  await openNewest(page, 1);
  await page.getByRole('button', { name: 'Copy as curl' }).click();
  await page.getByText('Copied as curl.').waitFor();
  const line = await page.evaluate(() => navigator.clipboard.readText());
  expect(line).not.toContain(DEMO_KEY);
  await run('bash', ['-c', line], { env: { PATH: process.env.PATH, MIXPEEK_API_KEY: DEMO_KEY } });
  await expect.poll(() => rowsOf(page).count()).toBe(2);
  const { requests } = JSON.parse((await mock.call('GET', '/_mock/sandboxes/default/requests')).text);
  const [first, second] = requests;
  const sent = ({ method, path, query, body, body_bytes, status, api_key_id }: Record<string, unknown>) => ({
    method,
    path,
    query,
    body,
    body_bytes,
    status,
    api_key_id,
  });
  expect(sent(second)).toEqual(sent(first));
  expect(second.body).toBe(body);
});

describe('what is shown whole', () => {
  it('stays when the journal is emptied', async () => {
    const mock = await startMock();
    await mock.call('PATCH', '/v1/organizations', { organization_name: 'Seen' });
    const { page } = await openInspector(browser(), mock.url);
    await waitForLive(page);
    await rowsOf(page).first().click();
    await page.getByRole('region', { name: 'Answer' }).waitFor();
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.getByText('No request yet.').waitFor();
    expect(await page.getByRole('region', { name: 'Answer' }).textContent()).toContain('Seen');
  });

  it('says that the journal has it no more', async () => {
    const mock = await startMock(['--journal-size', '1']);
    await mock.call('GET', '/v1/first');
    const { page } = await openInspector(browser(), mock.url, { expected: [/status of 404/] });
    await waitForLive(page);
    await expect.poll(() => rowsOf(page).count()).toBe(1);
    await mock.call('GET', '/v1/second');
    await page.locator('.row', { hasText: '/v1/first' }).click();
    await page.getByText('The journal no longer has this request.').waitFor();
  });

  it.each([
    ['a detail that is text', { detail: 'nope' }],
    ['errors without a place', { detail: [{ loc: null, msg: 'x' }, null, 5] }],
  ])('may be a 422 of a fault with %s', async (_, body) => {
    const mock = await startMock();
    await mock.call('POST', '/_mock/sandboxes/default/faults', { status: 422, body, times: 1 });
    await mock.call('PATCH', '/v1/organizations', { organization_name: 'x' });
    const { page } = await openInspector(browser(), mock.url);
    await waitForLive(page);
    await rowsOf(page).first().click();
    await page.getByRole('region', { name: 'Answer' }).waitFor();
    await page.getByRole('region', { name: 'Body of the request' }).waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => page.locator('.detail').count()).toBe(0);
  });

  it('tells a 429 of a fault from one of a limit', async () => {
    const mock = await startMock();
    await mock.call('POST', '/_mock/sandboxes/default/faults', { name: 'busy', status: 429, after_handler: true });
    await mock.call('GET', '/v1/organizations');
    const { page } = await openInspector(browser(), mock.url);
    await waitForLive(page);
    await page.locator('.row.faulted').click();
    await page.getByRole('button', { name: 'Disable busy' }).waitFor();
    await page.getByText(/^1 request\./).waitFor();
    expect(await page.getByRole('button', { name: /^Move the clock/ }).count()).toBe(0);
  });
});
