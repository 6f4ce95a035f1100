import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { ServeConfig } from './config.ts';
import type { ClockSetting } from './domain/clock.ts';
import type { Tiers } from './domain/rate-limits.ts';
import type { SeedOrigin } from './domain/state.ts';
import type { Sandbox } from './sandbox/sandbox.ts';
import type { KnownKey } from './seed-build.ts';
import { grantInSeed, grantInStore } from './served-keys.ts';
import type { KeptSandbox, Store } from './store/store.ts';
import type { UnreadSeed } from './unread-seed.ts';

/** What a start makes of its database, all of it known before anything is written. */
export interface Beginning {
  tiers: Tiers;
  clock: ClockSetting;
  /** The keys that flags name. */
  granted: KnownKey[];
  /** Keys that the seed may have given to the database. */
  seededKeys: string[];
  /** Where the data came from, in words for a person. */
  origin: string;
  /** Whether the seed is not the one that filled the database. */
  isSeedOther: boolean;
  /** Writes it. */
  write(sandbox: Sandbox): Promise<void>;
}

/** Whether there is something that may be kept. */
export const hasDatabase = (file: string): boolean => file !== ':memory:' && existsSync(file);

/**
 * Fills the database from the seed.
 * @throws {SeedFileError} {@link ConfigError} for a flag that names an organization which the seed has not
 */
export async function beginAnew(
  seed: UnreadSeed,
  config: ServeConfig,
  firstClock: ClockSetting,
  now: string,
): Promise<Beginning> {
  const { state, knownKeys } = await seed.read(now);
  const granted = await grantInSeed(config.apiKey, state);
  return {
    tiers: state.tiers,
    clock: firstClock,
    granted,
    seededKeys: knownKeys.map(({ key }) => key),
    origin: `filled from ${seed.origin.name}`,
    isSeedOther: false,
    write: (sandbox) => sandbox.fill(state, granted.map(toApiKey), seed.origin),
  };
}

/**
 * Keeps the database as it is. Of the seed nothing is read but its keys.
 * @throws {ConfigError} for a flag that names an organization which the database has not
 */
export async function keepDatabase(
  kept: KeptSandbox,
  seed: UnreadSeed,
  config: ServeConfig,
  firstClock: ClockSetting,
  store: Store,
): Promise<Beginning> {
  const isClockSet = config.clock !== undefined;
  const granted = config.apiKey.length > 0 ? await grantInStore(config.apiKey, store) : [];
  return {
    tiers: kept.tiers,
    clock: isClockSet ? firstClock : kept.clock,
    granted,
    seededKeys: seed.findKeys(),
    origin: describeKept(seed.origin, kept.seed),
    isSeedOther: kept.seed !== null && kept.seed.sha256 !== seed.origin.sha256,
    write: async (sandbox) => {
      if (granted.length > 0) await sandbox.grantApiKeys(granted.map(toApiKey));
      if (isClockSet) await sandbox.setClock(() => firstClock);
    },
  };
}

function describeKept(now: SeedOrigin, then: SeedOrigin | null): string {
  if (then === null) return `kept as it was; ${now.name} fills an empty database only, or one that starts with --reset`;
  if (then.sha256 === now.sha256) return `kept as it was since ${now.name} filled it; --reset starts over`;
  if (basename(then.name) === basename(now.name)) {
    return `kept as it was; ${now.name} changed since it filled this database: --reset takes it`;
  }
  return `kept as it was since ${then.name} filled it; --reset takes ${now.name}`;
}

const toApiKey = ({ api_key }: KnownKey) => api_key;
