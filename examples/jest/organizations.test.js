const { withSandbox } = require('mixpeek-mock/client');
const { useSandbox } = require('mixpeek-mock/jest');
const { Organizations } = require('./client.js');

const toClient = ({ url, apiKey }) => new Organizations(url, apiKey);
const mixpeek = useSandbox();

test('replaces metadata', async () => {
  const client = toClient(mixpeek);
  await client.update({ metadata: { region: 'eu' } });
  await client.update({ metadata: { plan: 'gold' } });
  expect((await client.read()).metadata).toEqual({ plan: 'gold' });
  await expect(mixpeek).toHaveReceived({ method: 'PATCH' }, { times: 2 });
});

test('tries again when the service is busy', async () => {
  await mixpeek.faults.add({ match: { method: 'PATCH' }, status: 503, times: 2 });
  await toClient(mixpeek).update({ organization_name: 'New Name' });
  await expect(mixpeek).toHaveOrganization({ organization_name: 'New Name' });
  await expect(mixpeek).toHaveReceived({ body: { organization_name: expect.any(String) } }, { times: 3 });
});

describe('an organization of the tier team', () => {
  const team = useSandbox({ accountType: 'team' });

  test('has its limits', async () => {
    expect((await toClient(team).read()).account_type).toBe('team');
  });
});

test.concurrent.each(['One', 'Two', 'Three'])('at the same time: %s', (name) =>
  withSandbox(async (sandbox) => {
    await toClient(sandbox).update({ organization_name: name });
    await expect(sandbox).toHaveOrganization({ organization_name: name });
  }),
);
