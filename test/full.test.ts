import { writeFileSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { createMockServer, type MockServerOptions } from '../src/index.ts';
import { makeFolder } from './support/folder.ts';
import { FULL_ANSWER, FULL_CHANGES, FULL_KEY, FULL_SEED, FULL_UPDATE, FULL_UPDATED } from './support/full.ts';
import { patch } from './support/requests.ts';

const CLOCK = '2030-01-01T00:00:00Z';
const CONTROL = '/_mock/sandboxes/default';

async function start(options: MockServerOptions = {}, text = FULL_SEED) {
  const seed = `${makeFolder()}/seed.yaml`;
  writeFileSync(seed, text);
  const server = await createMockServer({ seed, clock: CLOCK, ...options });
  onTestFinished(() => server.close());
  const headers = { authorization: `Bearer ${FULL_KEY}`, 'content-type': 'application/json' };
  return {
    ...server,
    get: async () => (await fetch(`${server.url}/v1/organizations`, { headers })).text(),
    patch: async (body: unknown) => (await patch(server.url, body, FULL_KEY)).text(),
    control: async (method: string, path: string) =>
      (await fetch(`${server.url}${CONTROL}${path}`, { method, headers })).text(),
  };
}

it('an organization with no member at its default is answered whole, from the cache too', async () => {
  const server = await start();
  expect(await server.get()).toBe(FULL_ANSWER);
  expect(await server.get()).toBe(FULL_ANSWER);
  expect(await server.patch({})).toBe(FULL_ANSWER);
});

it('a PATCH of every member changes those and no other', async () => {
  const server = await start();
  expect(await server.patch(FULL_UPDATE)).toBe(FULL_UPDATED(CLOCK));
  expect(await server.get()).toBe(FULL_UPDATED(CLOCK));
});

it.each(Object.entries(FULL_UPDATE))('a PATCH of %s alone leaves all others as they were', async (member, value) => {
  const server = await start();
  const [, before, after] = FULL_CHANGES.find(([name]) => name === member) ?? [];
  const expected = FULL_ANSWER.replace(`"${member}":${before}`, `"${member}":${after}`).replace(
    '2025-03-01T01:02:03Z',
    CLOCK,
  );
  expect(await server.patch({ [member]: value })).toBe(expected);
  expect(await server.get()).toBe(expected);
});

it('a reset brings all of it back', async () => {
  const server = await start();
  await server.patch(FULL_UPDATE);
  await server.control('POST', '/reset');
  expect(await server.get()).toBe(FULL_ANSWER);
});

it('a restart keeps all of it, and a reset after that brings the first state back', async () => {
  const db = `${makeFolder()}/mock.db`;
  const first = await start({ db });
  expect(await first.get()).toBe(FULL_ANSWER);
  await first.close();
  const second = await start({ db });
  expect(await second.get()).toBe(FULL_ANSWER);
  await second.patch(FULL_UPDATE);
  await second.close();
  const third = await start({ db }, 'version: 1\norganizations: [{ organization_id: org_other }]');
  expect(await third.get()).toBe(FULL_UPDATED(CLOCK));
  await third.control('POST', '/reset');
  expect(await third.get()).toBe(FULL_ANSWER);
});

it('the journal has every member that was changed, with all digits', async () => {
  const server = await start();
  await server.patch(FULL_UPDATE);
  const rows = FULL_CHANGES.map(
    ([member, before, after]) => `{"member":"${member}","before":${before},"after":${after}}`,
  );
  expect(await server.control('GET', '/requests')).toContain(`"changes":[${rows.join(',')}]`);
});

it('what a seed leaves out is made at the time of --clock, and by the tiers of the seed', async () => {
  const server = await start(
    {},
    `version: 1\ntiers: { team: { monthly_credits: 7 } }\norganizations: [{ organization_id: org_new, account_type: team, api_keys: [{ key: ${FULL_KEY} }] }]`,
  );
  expect(JSON.parse(await server.get())).toEqual({
    organization_id: 'org_new',
    organization_name: 'org_new',
    logo_url: null,
    account_type: 'team',
    credit_count: 7,
    metadata: {},
    billing_email: null,
    rate_limits: { metadata: 200, data: 100, search: 100, upload: 50, compute: 50 },
    auto_billing_enabled: false,
    billing_cycle_start: 1,
    current_month_usage: 0,
    created_at: CLOCK,
    updated_at: CLOCK,
    users: null,
  });
});
