import { expect } from 'vitest';
import { toTimestamp } from '../../src/domain/clock.ts';
import { LIMITS_MODES } from '../../src/domain/rate-limiter.ts';
import { ACCOUNT_TYPES, isSameOverride, mergeOverride, type RateLimitCategory } from '../../src/domain/rate-limits.ts';
import { type KeyName, type ModelClient, ORGANIZATION_ID } from './isolation.ts';

/** What a step chooses from. */
export interface Chance {
  /** A whole number from 0 on, below this. */
  below(end: number): number;
  oneOf<T>(values: readonly T[]): T;
  /** The client of another sandbox. */
  stranger(): ModelClient;
}

type Step = (client: ModelClient, chance: Chance) => Promise<unknown>;

/** Paths that are not served, each of another bucket. */
const UNSERVED: [path: string, category: RateLimitCategory][] = [
  ['/v1/namespaces', 'metadata'],
  ['/v1/retrievers/r/execute', 'search'],
  ['/v1/collections/c/documents', 'data'],
  ['/v1/buckets/b/uploads', 'upload'],
  ['/v1/clusters/c/execute', 'compute'],
];
const KEYS: KeyName[] = ['admin', 'read'];
const HOUR = 3_600_000;

async function patch(client: ModelClient, body: Record<string, unknown>, change: () => void): Promise<void> {
  const { answer, isServed } = await client.request('admin', 'PATCH', '/v1/organizations', 200, { body });
  if (!isServed) return;
  change();
  expect(answer.json).toEqual(client.answered);
}

const patchText: Step = (client) => {
  const members = { organization_name: client.nextName(), metadata: { of: client.nextName() } };
  return patch(client, members, () => client.change(members));
};

const patchLimits: Step = (client, { below, oneOf }) => {
  const given = { metadata: 5 + below(40), [oneOf(['data', 'search', 'upload', 'compute'])]: 1 + below(9) };
  const { override } = client.world;
  const isNew = client.made.settings.api_version === '0.82';
  const next = mergeOverride(isNew ? {} : override, given);
  return patch(client, { [isNew ? 'rate_limit_overrides' : 'rate_limits']: given }, () => {
    if (!isSameOverride(override, next)) client.change({}, next);
  });
};

/** A member that no version knows: what becomes of it is a setting. */
const patchUnknown: Step = async (client) => {
  const isRefused = client.made.settings.unknown_fields === 'reject';
  await client.request('admin', 'PATCH', '/v1/organizations', isRefused ? 422 : 200, { body: { nope: 1 } });
};

async function getWith(client: ModelClient, key: KeyName): Promise<void> {
  const { answer, isServed } = await client.request(key, 'GET', '/v1/organizations', 200);
  if (isServed) expect(answer.json).toEqual(client.answered);
}

const get: Step = (client, { oneOf }) => getWith(client, oneOf(KEYS));

const askForUnserved: Step = (client, { oneOf }) => {
  const [path, category] = oneOf(UNSERVED);
  return client.request(oneOf(KEYS), 'POST', path, 501, { body: {}, category });
};

const changeKey: Step = async (client) => {
  const status = client.world.isRevoked ? 'active' : 'revoked';
  const { json } = await client.control('PATCH', `/api-keys/${client.keyIds.get('read')}`, { status });
  expect(json).toMatchObject({ organization_id: ORGANIZATION_ID, permissions: ['read'], status });
  client.world.isRevoked = status === 'revoked';
  await getWith(client, 'read');
};

const advance: Step = async (client, { below }) => {
  const ms = below(40_000) - 10_000;
  const { json } = await client.control('POST', '/clock/advance', { ms });
  client.moveTo(client.world.now + ms);
  expect(json).toEqual({ now: toTimestamp(client.world.now), mode: 'frozen', offset_ms: null });
};

const freeze: Step = async (client, { below }) => {
  const now = client.made.now + below(HOUR);
  await client.control('PUT', '/clock', { frozen_at: toTimestamp(now) });
  client.moveTo(now);
};

/** While it runs nobody knows what the buckets hold: they are refilled. */
const run: Step = async (client, { below }) => {
  const [from, to] = [client.made.now, client.made.now + below(HOUR)];
  await client.control('PUT', '/clock', { running: true, now: toTimestamp(from) });
  client.world.isRunning = true;
  const { json, headers } = await client.control('GET', '/clock');
  for (const time of [json.now, headers.date]) expect(Math.abs(Date.parse(time) - from)).toBeLessThan(HOUR);
  await client.control('PUT', '/clock', { frozen_at: toTimestamp(to) });
  Object.assign(client.world, { isRunning: false, now: to });
  await refill(client);
};

const chooseMode: Step = async (client, { oneOf }) => {
  const mode = oneOf(LIMITS_MODES);
  await client.control('PUT', '/limits', { mode });
  client.world.limits = mode;
};

const spend: Step = async (client, { below, oneOf }) => {
  const [key, category, count] = [oneOf(KEYS), oneOf(UNSERVED)[1], 1 + below(15)];
  const answer = await client.control('POST', '/limits/spend', {
    api_key: client.made.api_keys[key],
    category,
    count,
  });
  const { isAllowed, remaining, retryAfter } = client.charge(key, category, count);
  if (isAllowed || client.world.limits !== 'enforce') {
    expect(answer.json).toMatchObject({ spent: isAllowed ? count : 0, remaining, category });
  } else {
    expect(answer.status).toBe(429);
    client.expectHint(answer, retryAfter);
  }
};

/** One request more than the bucket has. */
const drain: Step = async (client, { oneOf }) => {
  const [path, category] = oneOf(UNSERVED);
  const { admin: api_key } = client.made.api_keys;
  const count = client.buckets.remaining(client.keyIds.get('admin') ?? '', category, client.limits[category]);
  if (count > 0) {
    await client.control('POST', '/limits/spend', { api_key, category, count });
    client.charge('admin', category, count);
  }
  await client.request('admin', 'POST', path, 501, { body: {}, category });
};

const refill = async (client: ModelClient) => {
  await client.control('POST', '/limits/refill', {});
  client.buckets.refill();
};

const reset: Step = async (client) => {
  const { json } = await client.control('POST', '/reset', {});
  expect(json.before).toBe('before-reset');
  client.goBack('initial');
};

const save: Step = async (client, { oneOf }) => {
  const name = oneOf(['one', 'two']);
  await client.control('PUT', `/snapshots/${name}`, {});
  client.snapshots.set(name, structuredClone(client.world));
};

const restore: Step = async (client, { oneOf }) => {
  const name = oneOf(['one', 'two', 'before-reset']);
  const isThere = client.snapshots.has(name);
  const answer = await client.control('POST', `/snapshots/${name}/restore`, {});
  expect(answer.status).toBe(isThere ? 200 : 404);
  if (isThere) client.goBack(name);
};

const emptyJournal: Step = async (client) => {
  const { json } = await client.control('DELETE', '/requests', {});
  expect(json).toEqual({ deleted: client.forgetRequests() });
};

const changeTier: Step = async (client, { oneOf }) => {
  const account_type = oneOf(ACCOUNT_TYPES);
  const { json } = await client.control('PATCH', `/organizations/${ORGANIZATION_ID}`, { account_type });
  if (account_type !== client.world.organization.account_type) client.change({ account_type });
  expect(json).toMatchObject(client.made.settings.api_version === '0.82' ? client.answered : { account_type });
};

/** One that goes again: whatever was kept in memory is then read anew. */
const makeAnother: Step = async (client) => {
  const made = await client.control('POST', '/organizations', { organization_id: 'org_other' });
  expect(made.status).toBe(201);
  expect((await client.control('DELETE', '/organizations/org_other')).status).toBe(204);
  const { json } = await client.control('GET', '/organizations');
  expect(json.organizations).toMatchObject([{ organization_id: ORGANIZATION_ID }]);
};

const readState: Step = async (client) => {
  const { json } = await client.control('GET', '/state');
  const { organization_name, metadata } = client.world.organization;
  expect(json).toMatchObject({
    clock: { frozen_at: toTimestamp(client.world.now) },
    limits: client.world.limits,
    api_version: client.made.settings.api_version,
    organizations: [{ organization_id: ORGANIZATION_ID, organization_name, metadata }],
  });
};

/** What is another's does not exist here, and whoever would take it away is told whose it is. */
const useStrange: Step = async (client, { stranger, oneOf }) => {
  const other = stranger();
  const [api_key, api_key_id] = [other.made.api_keys.admin, other.keyIds.get(oneOf(KEYS))];
  for (const key of [{ api_key }, { api_key_id }]) {
    const { status, json } = await client.control('POST', '/limits/spend', { ...key, category: 'search' });
    expect([status, json.detail?.[0].msg]).toEqual([422, 'the sandbox has no such key']);
  }
  const revoked = await client.control('PATCH', `/api-keys/${api_key_id}`, { status: 'revoked' });
  const taken = await client.control('POST', '/api-keys', { key: api_key });
  expect([revoked.status, taken.status, taken.json.error.details]).toEqual([
    404,
    409,
    { sandbox_id: other.made.sandbox_id, key_prefix: api_key?.slice(0, 10) },
  ]);
};

/** Each as often as it is listed. */
export const STEPS: Step[] = [
  ...[patchText, patchText, patchLimits, patchUnknown, get, askForUnserved, askForUnserved],
  ...[changeKey, advance, freeze, run, chooseMode, spend, drain, drain, refill],
  ...[reset, save, restore, emptyJournal, changeTier, makeAnother, readState, useStrange],
];
