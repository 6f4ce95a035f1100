import { PERMISSIONS, type Permission } from '../domain/api-key.ts';
import { timeOf, toTimestamp } from '../domain/clock.ts';
import { drawId, type Random } from '../domain/random.ts';
import type { AccountType } from '../domain/rate-limits.ts';
import type { Settings } from '../domain/state.ts';
import type { NewSandbox, Sandboxes } from '../sandbox/sandboxes.ts';
import { buildSeed, type KnownKey, mergeSettings, toKnownKey } from '../seed/build.ts';
import type { ApiKeyContent, SeedContent, SettingsContent } from '../seed/content.ts';

/** What new sandboxes are to be. */
export interface NewSandboxOptions {
  count: number;
  name: string | null;
  ttl_ms: number | null;
  /** Of the one organization, where there is no seed. */
  account_type: AccountType;
  seed: SeedContent | undefined;
  /** Whether keys of the seed are kept, or each is issued anew. */
  keys: 'new' | 'as_given';
  settings: SettingsContent;
}

/** A sandbox that was made, with its keys in plain: nobody can find them out later. */
export interface MadeSandbox extends NewSandbox {
  /** Of the first organization, one for each permission. */
  ownKeys: Record<Permission, string>;
  /** Those of the seed that were issued anew, by their id. */
  newKeys: Map<string, string>;
}

/**
 * Makes sandboxes, all of them or none.
 * @param base what neither they nor their seed say
 * @throws {SeedContentError} for limits that contradict themselves, or those of the seed; the refusal `conflict`
 */
export async function createSandboxes(
  sandboxes: Sandboxes,
  base: Settings,
  options: NewSandboxOptions,
): Promise<MadeSandbox[]> {
  const made: MadeSandbox[] = [];
  for (let index = 0; index < options.count; index++) {
    const sandbox_id = await sandboxes.drawId();
    const random = sandboxes.buildStream(`${sandbox_id} made`);
    const drawKey = (type?: 'live') => sandboxes.drawApiKey(random, type);
    made.push(await build(sandbox_id, random, drawKey, base, options));
  }
  await sandboxes.create(made);
  return made;
}

type DrawKey = (type?: 'live') => Promise<string>;

async function build(
  sandbox_id: string,
  random: Random,
  drawKey: DrawKey,
  base: Settings,
  options: NewSandboxOptions,
): Promise<MadeSandbox> {
  const { name, ttl_ms, seed, account_type, keys, settings } = options;
  const time = timeOf(settings.clock ?? seed?.clock ?? base.clock);
  const seeded = seed === undefined ? base : mergeSettings(base, seed, time);
  const given = seed?.organizations ?? [{ organization_id: drawId(random, 'org'), account_type }];
  const organizations = keys === 'new' ? await issueAnew(given, drawKey) : given;
  const { state, knownKeys } = buildSeed({ version: 1, ...settings, organizations }, toTimestamp(time), seeded);
  const first = given[0]?.organization_id ?? '';
  const own: KnownKey[] = [];
  for (const permission of PERMISSIONS) own.push(toKnownKey(await drawKey(), first, permission, permission));
  for (const { api_key } of own) state.api_keys.push(api_key);
  const [read = '', write = '', remove = '', admin = ''] = own.map(({ key }) => key);
  const newKeys = keys === 'new' ? knownKeys : [];
  return {
    sandbox_id,
    name,
    ttl_ms,
    state,
    ownKeys: { admin, delete: remove, write, read },
    newKeys: new Map(newKeys.map(({ key, api_key }) => [api_key.api_key_id, key])),
  };
}

/** The organizations with another key of the same type in the place of each, drawn in their order. */
async function issueAnew(
  organizations: SeedContent['organizations'],
  drawKey: DrawKey,
): Promise<SeedContent['organizations']> {
  const issued: SeedContent['organizations'] = [];
  for (const { api_keys, ...organization } of organizations) {
    const keys: ApiKeyContent[] = [];
    for (const { key, key_hash: _, key_prefix = key, ...members } of api_keys ?? []) {
      const type = key_prefix?.startsWith('sk_live_') ? 'live' : undefined;
      keys.push({ ...members, key: await drawKey(type) });
    }
    issued.push({ ...organization, api_keys: keys });
  }
  return issued;
}
