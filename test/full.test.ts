import { writeFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { API_VERSIONS } from '../src/domain/api-version.ts';
import { createMockServer, type MockServerOptions } from '../src/index.ts';
import { makeFolder } from './support/folder.ts';
import { FULL_ANSWER, FULL_CHANGES, FULL_KEY, FULL_SEED, FULL_UPDATE, toChanged } from './support/full.ts';
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

describe.each(API_VERSIONS)('in API %s', (apiVersion) => {
  const startSpeaking = (options: MockServerOptions = {}, text?: string) => start({ apiVersion, ...options }, text);

  it('an organization with no member at its default is answered whole, from the cache too', async () => {
    const server = await startSpeaking();
    expect(await server.get()).toBe(FULL_ANSWER[apiVersion]);
    expect(await server.get()).toBe(FULL_ANSWER[apiVersion]);
    expect(await server.patch({})).toBe(FULL_ANSWER[apiVersion]);
  });

  it('a PATCH of every member changes those and no other', async () => {
    const server = await startSpeaking();
    expect(await server.patch(FULL_UPDATE[apiVersion])).toBe(toChanged(apiVersion, CLOCK));
    expect(await server.get()).toBe(toChanged(apiVersion, CLOCK));
  });

  it.each(Object.entries(FULL_UPDATE[apiVersion]))(
    'a PATCH of %s alone leaves all others as they were',
    async (member, value) => {
      const server = await startSpeaking();
      // The limits are answered under one name, whatever the request calls them.
      const changes = FULL_CHANGES[apiVersion].filter(([name]) => name === member.replace('limit_overrides', 'limits'));
      expect(changes).toHaveLength(1);
      const expected = toChanged(apiVersion, CLOCK, changes);
      expect(await server.patch({ [member]: value })).toBe(expected);
      expect(await server.get()).toBe(expected);
    },
  );

  it('a reset brings all of it back', async () => {
    const server = await startSpeaking();
    await server.patch(FULL_UPDATE[apiVersion]);
    await server.control('POST', '/reset');
    expect(await server.get()).toBe(FULL_ANSWER[apiVersion]);
  });

  it('a restart keeps all of it, and a reset after that brings the first state back', async () => {
    const db = `${makeFolder()}/mock.db`;
    const first = await startSpeaking({ db });
    expect(await first.get()).toBe(FULL_ANSWER[apiVersion]);
    await first.close();
    const second = await startSpeaking({ db });
    expect(await second.get()).toBe(FULL_ANSWER[apiVersion]);
    await second.patch(FULL_UPDATE[apiVersion]);
    await second.close();
    const third = await startSpeaking({ db }, 'version: 1\norganizations: [{ organization_id: org_other }]');
    expect(await third.get()).toBe(toChanged(apiVersion, CLOCK));
    await third.control('POST', '/reset');
    expect(await third.get()).toBe(FULL_ANSWER[apiVersion]);
  });

  it('the journal has every member that was changed, with all digits', async () => {
    const server = await startSpeaking();
    await server.patch(FULL_UPDATE[apiVersion]);
    const rows = FULL_CHANGES[apiVersion].map(
      ([member, before, after]) => `{"member":"${member}","before":${before},"after":${after}}`,
    );
    expect(await server.control('GET', '/requests')).toContain(`"changes":[${rows.join(',')}]`);
  });
});

it('a database serves another version in the next start, and loses nothing', async () => {
  const db = `${makeFolder()}/mock.db`;
  const answers: string[] = [];
  for (const options of [
    {},
    { apiVersion: '0.82' as const },
    {},
    { apiVersion: '0.81' as const },
    { apiVersion: '0.82' as const },
  ]) {
    const server = await start({ db, ...options });
    answers.push(await server.get());
    await server.close();
  }
  const [page, today] = [FULL_ANSWER['0.81'], FULL_ANSWER['0.82']];
  expect(answers).toEqual([page, today, today, page, today]);
});

it('a seed names the version, and a reset goes back to it', async () => {
  const db = `${makeFolder()}/mock.db`;
  const seed = `api_version: "0.82"\n${FULL_SEED}`;
  const first = await start({ db }, seed);
  expect(await first.get()).toBe(FULL_ANSWER['0.82']);
  await first.close();
  const second = await start({ db, apiVersion: '0.81' });
  expect(await second.get()).toBe(FULL_ANSWER['0.81']);
  await second.control('POST', '/reset');
  expect(await second.get()).toBe(FULL_ANSWER['0.81']);
  await second.close();
  const third = await start({ db });
  await third.control('POST', '/reset');
  expect(await third.get()).toBe(FULL_ANSWER['0.82']);
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
