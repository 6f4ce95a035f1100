import { Organizations } from './client.js';
import { expect, test } from './fixtures.js';

test.describe.configure({ mode: 'parallel' });

// Give the keys of the sandbox to the page that you test: by its server's variables, or by a route of Playwright.
test('replaces metadata', async ({ mixpeek }) => {
  const client = new Organizations(mixpeek.url, mixpeek.apiKey);
  await client.update({ metadata: { region: 'eu' } });
  expect((await mixpeek.organization()).metadata).toEqual({ region: 'eu' });
});

test('sees what the program under test has sent', async ({ mixpeek, request }) => {
  const headers = { Authorization: `Bearer ${mixpeek.apiKey}` };
  await request.patch(`${mixpeek.apiUrl}/organizations`, { headers, data: { organization_name: 'New Name' } });
  const [sent] = await mixpeek.waitForRequest({ method: 'PATCH' }, { times: 1 });
  expect(sent.changes).toMatchObject([{ member: 'organization_name', after: 'New Name' }]);
});
