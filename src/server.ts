import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildApp } from './app.ts';
import { type ApiKeyGrant, ConfigError, type ServeConfig } from './config.ts';
import { DEFAULT_SEED } from './default-seed.ts';
import { systemClock, toTimestamp } from './domain/clock.ts';
import { DEFAULT_SANDBOX } from './domain/state.ts';
import { listen } from './listener.ts';
import { buildLogStream } from './log.ts';
import { Sandbox } from './sandbox/sandbox.ts';
import { Sandboxes } from './sandbox/sandboxes.ts';
import { buildSeed, type KnownKey, type Seed, toKnownKey } from './seed.ts';
import { openSqliteStore } from './store/sqlite.ts';
import type { Store } from './store/store.ts';
import { toBadRequest } from './wire/envelope.ts';

const projectFile = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));

/** The version of this package. */
export function readVersion(): string {
  return JSON.parse(readFileSync(projectFile('package.json'), 'utf8')).version;
}

export interface MockServer {
  url: string;
  /** Where the data is: a path, or `:memory:`. */
  db: string;
  /** Where the data came from, in words for a person. */
  origin: string;
  /** Keys that this process knows in plain and the database has. */
  apiKeys: ServedKey[];
  /** Answers what is in flight, flushes, and lets go of port and database. */
  close(): Promise<void>;
}

export interface ServedKey extends KnownKey {
  account_type: string;
}

/**
 * Starts a server that shares nothing with any other: opens its database, fills it from the seed when it is empty, and
 * listens.
 * @param writeLog takes log lines, keys in them already cut
 * @throws {SeedFileError} {@link StorageError} {@link ListenError} {@link ConfigError} whose message is meant for a person
 */
export async function createMockServer(config: ServeConfig, writeLog: (text: string) => void): Promise<MockServer> {
  const clock = systemClock;
  const now = toTimestamp(clock.now());
  const seed = await loadSeed(config.seed, now);
  const store = openSqliteStore({
    file: config.db,
    migrations: projectFile('migrations'),
    pid: config.pid,
    since: now,
  });
  try {
    const isSeeded = config.reset || (await store.findTiers(DEFAULT_SANDBOX)) === undefined;
    if (isSeeded) await store.replaceState(DEFAULT_SANDBOX, seed.state);
    const granted = await grantKeys(store, config.apiKey);
    const tiers = await store.findTiers(DEFAULT_SANDBOX);
    if (tiers === undefined) throw new Error('the default sandbox is gone');
    const sandboxes = new Sandboxes(store);
    sandboxes.add(new Sandbox(DEFAULT_SANDBOX, tiers, clock, store));

    const app = await buildApp({
      sandboxes,
      logger: { level: config.logLevel, stream: buildLogStream(config.json, writeLog) },
      unknownFields: config.unknownFields,
      version: readVersion(),
    });
    await app.ready();
    const { host, port, requestTimeout } = config;
    const listener = await listen({ host, port, requestTimeout, onRequest: app.routing, toBadRequest });
    store.announce(listener.url);
    return {
      url: listener.url,
      db: config.db,
      origin: isSeeded
        ? `filled from ${seed.source}`
        : `kept as it was, ${seed.source} was not read; --reset starts over`,
      apiKeys: await findServedKeys(store, [...seed.knownKeys, ...granted]),
      close: async () => {
        await listener.close();
        await app.close();
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function loadSeed(file: string | undefined, now: string): Promise<Seed> {
  if (file === undefined) return buildSeed(DEFAULT_SEED, 'the built-in seed', now);
  // YAML takes longer to load than everything else that a start needs.
  const { readSeedFile } = await import('./seed-file.ts');
  return readSeedFile(file, now);
}

/** Makes sure that the keys which flags name can be used. */
async function grantKeys(store: Store, grants: ApiKeyGrant[]): Promise<KnownKey[]> {
  if (grants.length === 0) return [];
  const organizationIds = await store.listOrganizationIds(DEFAULT_SANDBOX, LISTED_ORGANIZATIONS);
  const [first = ''] = organizationIds;
  const granted: KnownKey[] = [];
  for (const { key, permission, organization_id = first } of grants) {
    if ((await store.findOrganization(DEFAULT_SANDBOX, organization_id)) === undefined) {
      throw new ConfigError(`--api-key: no organization '${organization_id}'; there are ${organizationIds.join(', ')}`);
    }
    granted.push(toKnownKey(key, organization_id, permission, '--api-key'));
  }
  await store.putApiKeys(
    DEFAULT_SANDBOX,
    granted.map(({ api_key }) => api_key),
  );
  return granted;
}

/** Organizations that a message names at most. */
const LISTED_ORGANIZATIONS = 20;

/** The known keys that the database has, as it has them; each once. */
async function findServedKeys(store: Store, knownKeys: KnownKey[]): Promise<ServedKey[]> {
  const served = new Map<string, ServedKey>();
  for (const { key, api_key } of knownKeys) {
    const found = await store.findApiKey(api_key.key_hash);
    if (found === undefined) continue;
    const organization = await store.findOrganization(found.sandbox_id, found.api_key.organization_id);
    if (organization === undefined) continue;
    served.set(key, { key, api_key: found.api_key, account_type: organization.account_type });
  }
  return [...served.values()];
}
