import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { RefusalError } from '../domain/errors.ts';
import { isPostgresUrl } from '../domain/postgres-url.ts';
import { DEFAULT_SANDBOX, type SeedOrigin, type Settings } from '../domain/state.ts';
import type { Sandboxes } from '../sandbox/sandboxes.ts';
import type { KnownKey } from '../seed/build.ts';
import type { UnreadSeed } from '../seed/unread.ts';
import { ConfigError } from '../setting.ts';
import type { ServeConfig } from '../settings.ts';
import type { FoundSandbox, Store } from '../store/store.ts';
import { findServedKeys, grantInSeed, grantInStore, listSeeded, type ServedKey } from './served-keys.ts';

/** What a start makes of its database, all of it known before anything is written. */
export interface Beginning {
  /** The keys that flags name. */
  granted: KnownKey[];
  /** Where the data came from, in words for a person. */
  origin: string;
  /** Whether the seed is not the one that the database was made from. */
  isSeedOther: boolean;
  /** @returns the keys that the store has then, of those that this process knows */
  write(store: Store, sandboxes: Sandboxes): Promise<ServedKey[]>;
}

/**
 * What is certain to be needed, before anything is opened: where no database can be kept, the seed.
 * @throws {SeedFileError} {@link ConfigError} for a flag that names an organization which the seed does not have
 */
export async function beginEarly(
  seed: UnreadSeed,
  config: ServeConfig,
  flags: Partial<Settings>,
): Promise<Beginning | undefined> {
  const mayKeep = isPostgresUrl(config.db) || (!config.reset && config.db !== ':memory:' && existsSync(config.db));
  return mayKeep ? undefined : beginAnew(seed, config, flags);
}

/** Keeps what is in the store; where there is nothing, or `--reset` is given, it begins anew. */
export async function begin(
  early: Beginning | undefined,
  seed: UnreadSeed,
  config: ServeConfig,
  { flags, store }: { flags: Partial<Settings>; store: Store },
): Promise<Beginning> {
  const kept = config.reset ? undefined : await store.findSandbox(DEFAULT_SANDBOX);
  if (kept !== undefined) return keepDatabase(kept, seed, config, flags, store);
  return early ?? beginAnew(seed, config, flags);
}

/** Makes the default sandbox from the seed. */
async function beginAnew(seed: UnreadSeed, config: ServeConfig, flags: Partial<Settings>): Promise<Beginning> {
  const { state, knownKeys } = await seed.read(flags.clock);
  const granted = await grantInSeed(config.apiKey, state);
  return {
    granted,
    origin: `seeded from ${seed.origin.name}`,
    isSeedOther: false,
    write: async (store, sandboxes) => {
      const isShared = store.shared !== undefined;
      const isDone = await sandboxes.begin(state, { seed: seed.origin, granted: granted.map(toApiKey) }, isShared);
      if (isDone) return listSeeded(knownKeys, state, await findServedKeys(store, [], granted));
      // Another server that shares the database came first.
      if (granted.length > 0) await grant(store, granted);
      return findServedKeys(
        store,
        knownKeys.map(({ key }) => key),
        granted,
      );
    },
  };
}

/**
 * Keeps the database as it is, but for what flags say. Of the seed nothing is read but its keys.
 * @throws {ConfigError} for a flag that names an organization which the database does not have
 */
async function keepDatabase(
  kept: FoundSandbox,
  seed: UnreadSeed,
  config: ServeConfig,
  flags: Partial<Settings>,
  store: Store,
): Promise<Beginning> {
  const granted = config.apiKey.length > 0 ? await grantInStore(config.apiKey, store) : [];
  return {
    granted,
    origin: describeKept(seed.origin, kept.seed),
    isSeedOther: kept.seed !== null && kept.seed.sha256 !== seed.origin.sha256,
    write: async () => {
      if (granted.length > 0) await grant(store, granted);
      const isOther = JSON.stringify({ ...kept.settings, ...flags }) !== JSON.stringify(kept.settings);
      // Whoever starts again would move the world of all that share it.
      if (isOther && store.shared === undefined) {
        await store.updateSettings(DEFAULT_SANDBOX, (settings) => ({ ...settings, ...flags }));
      }
      return findServedKeys(store, seed.findKeys(), granted);
    },
  };
}

/** @throws {ConfigError} for a key that another sandbox has */
async function grant(store: Store, granted: KnownKey[]): Promise<void> {
  try {
    await store.grant(DEFAULT_SANDBOX, granted.map(toApiKey));
  } catch (error) {
    if (!(error instanceof RefusalError) || error.refusal.code !== 'conflict') throw error;
    const { message, details } = error.refusal;
    throw new ConfigError(`--api-key: ${message}: give another key, or delete the sandbox ${details.sandbox_id} first`);
  }
}

function describeKept(now: SeedOrigin, then: SeedOrigin | null): string {
  if (then === null) return `existing data; ${now.name} is used only for an empty database or with --reset`;
  if (then.sha256 === now.sha256) return `existing data, seeded from ${now.name}; --reset starts over`;
  if (basename(then.name) === basename(now.name)) {
    return `existing data, seeded from ${now.name}, which has changed since; --reset uses the new version`;
  }
  return `existing data, seeded from ${then.name}; --reset uses ${now.name}`;
}

const toApiKey = ({ api_key }: KnownKey) => api_key;
