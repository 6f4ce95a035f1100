import { expect, it, onTestFinished } from 'vitest';
import type { ApiVersion } from '../../src/domain/api-version.ts';
import type { Tiers } from '../../src/domain/rate-limits.ts';
import { DEFAULT_SANDBOX } from '../../src/domain/state.ts';
import { Sandboxes } from '../../src/sandbox/sandboxes.ts';
import { buildSeed } from '../../src/seed/build.ts';
import { DEFAULT_SEED } from '../../src/seed/default.ts';
import { ADMIN, buildTestApp, openMemoryStore } from '../support/harness.ts';

it('a request that was looked up before a reset is in the sandbox that came of it, and does not bring the old one back', async () => {
  const { store, sandboxes } = await buildTestApp();
  const old = await sandboxes.find(DEFAULT_SANDBOX);
  const found = await store.findSandbox(DEFAULT_SANDBOX);
  await sandboxes.reset(DEFAULT_SANDBOX);
  const renewed = await sandboxes.findCaller(ADMIN);
  expect([old?.sandbox.generation, renewed?.sandbox.generation]).toEqual([1, 2]);
  store.findSandbox = async () => found;
  expect((await sandboxes.find(DEFAULT_SANDBOX))?.sandbox).toBe(renewed?.sandbox);
});

it('an organization is answered with the limits of the tiers and in the version of that moment', async () => {
  const { sandboxes } = await buildTestApp();
  const caller = await sandboxes.findCaller(ADMIN);
  if (caller === undefined || 'problem' in caller) throw new Error('the key is active');
  const { sandbox, organization, settings } = caller;
  const { tiers } = settings;
  const readLimit = (tiers: Tiers) =>
    JSON.parse(sandbox.toResponse(organization, { ...settings, tiers }).text).rate_limits.search;
  expect(readLimit(tiers)).toBe(60);
  expect(readLimit({ ...tiers, pro: { ...tiers.pro, search: 61 } })).toBe(61);
  expect(readLimit(tiers)).toBe(60);
  const hasUrl = (api_version: ApiVersion) =>
    'api_url' in JSON.parse(sandbox.toResponse(organization, { ...settings, api_version }).text);
  expect([hasUrl('0.82'), hasUrl('0.81'), hasUrl('0.82')]).toEqual([true, false, true]);
});

it('a sandbox that there is not is neither found nor reset', async () => {
  const { sandboxes } = await buildTestApp();
  expect([await sandboxes.find('other'), await sandboxes.restore('other', 'initial')]).toEqual([undefined, false]);
  await expect(sandboxes.reset('other')).rejects.toThrow('there is no sandbox other');
});

it('where ids follow from a number, a sandbox that was let go goes on where it was', async () => {
  const store = openMemoryStore();
  onTestFinished(() => store.close());
  const { state } = buildSeed(DEFAULT_SEED, '2026-01-01T00:00:00Z');
  let now = 0;
  const sandboxes = new Sandboxes(store, {
    maxSandboxes: 100,
    journalSize: 0,
    flags: {},
    randomSeed: 1,
    realNow: () => now,
  });
  await sandboxes.create([{ sandbox_id: 'idle', name: null, ttl_ms: null, state }]);
  const draw = async () => {
    const found = await sandboxes.find('idle');
    return { sandbox: found?.sandbox, drawn: found?.sandbox.random(12).toString('hex') };
  };
  const before = await draw();
  now += 60_000;
  await sandboxes.sweep();
  const after = await draw();
  expect(after.sandbox).not.toBe(before.sandbox);
  expect(after.drawn).not.toBe(before.drawn);
});
