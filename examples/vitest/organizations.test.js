import { expect, test } from 'mixpeek-mock/vitest';
import { describe } from 'vitest';
import { Organizations } from './client.js';

const toClient = ({ url, apiKey }) => new Organizations(url, apiKey);

test('replaces metadata', async ({ mixpeek }) => {
  const client = toClient(mixpeek);
  await client.update({ metadata: { region: 'eu' } });
  await client.update({ metadata: { plan: 'gold' } });
  expect((await client.read()).metadata).toEqual({ plan: 'gold' });
  await expect(mixpeek).toHaveReceived({ method: 'PATCH' }, { times: 2 });
});

test('tries again when the answer was lost', async ({ mixpeek }) => {
  await mixpeek.faults.add({ match: { method: 'PATCH' }, after_handler: true, connection: 'reset', times: 1 });
  await toClient(mixpeek).update({ organization_name: 'New Name' });
  await expect(mixpeek).toHaveOrganization({ organization_name: 'New Name' });
  await expect(mixpeek).toHaveReceived({ body: { organization_name: expect.any(String) } }, { times: 2 });
});

describe('beyond the limit', () => {
  test.override('mixpeekOptions', { accountType: 'free', limits: 'enforce', clock: '2026-01-01T00:00:00Z' });

  test('says so, until a minute has passed', async ({ mixpeek }) => {
    const client = toClient(mixpeek);
    await mixpeek.limits.exhaust('metadata');
    await expect(client.read()).rejects.toThrow('429: Rate limit exceeded');
    await mixpeek.clock.advance(60_000);
    await client.read();
  });
});

describe.concurrent('tests at the same time', () => {
  for (const name of ['One', 'Two', 'Three']) {
    test(`have an organization each: ${name}`, async ({ mixpeek }) => {
      const client = toClient(mixpeek);
      await client.update({ organization_name: name });
      expect((await client.read()).organization_name).toBe(name);
    });
  }
});
