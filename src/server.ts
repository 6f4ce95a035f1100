import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import { buildOpenApiDocument } from './api/openapi.ts';
import { buildApp } from './app.ts';
import type { ApiKeyGrant, ServeConfig } from './config.ts';
import { isLoopback } from './control/guard.ts';
import { DEFAULT_SEED, DEMO_KEY } from './default-seed.ts';
import { hashApiKey, type Permission } from './domain/api-key.ts';
import { type ClockSetting, REAL_TIME, SettableClock, systemClock, toTimestamp } from './domain/clock.ts';
import { DEFAULT_SANDBOX } from './domain/state.ts';
import { listen } from './listener.ts';
import { buildLogStream } from './log.ts';
import { Sandbox } from './sandbox/sandbox.ts';
import { Sandboxes } from './sandbox/sandboxes.ts';
import { buildSeed, type KnownKey, type Seed, toKnownKey } from './seed.ts';
import { ConfigError } from './settings.ts';
import { openSqliteStore } from './store/sqlite.ts';
import type { Store } from './store/store.ts';
import { toBadRequest } from './wire/envelope.ts';

const projectFile = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));

/** The version of this package. */
export function readVersion(): string {
  return JSON.parse(readFileSync(projectFile('package.json'), 'utf8')).version;
}

export interface RunningServer {
  url: string;
  /** Where the data is: a path, or `:memory:`. */
  db: string;
  /** Where the data came from, in words for a person. */
  origin: string;
  /** Keys that this process knows in plain and the database has. */
  apiKeys: ServedKey[];
  /** A key of the first organization that has just this permission, if one is known. */
  findKey(permission: Permission): Promise<string | undefined>;
  /** A new key of the first organization, random and in memory only: gone when the server closes. */
  lendKey(permission: Permission): Promise<string>;
  /** What the control plane demands; undefined when it demands no token, or is off. */
  controlToken: string | undefined;
  /** Answers what is in flight, flushes, and lets go of port and database. */
  close(): Promise<void>;
}

export interface ServedKey extends KnownKey {
  account_type: string;
  /** Whether a flag or a variable gave it: who gave it knows it, so nobody is shown more than its prefix. */
  isGiven: boolean;
}

/**
 * Starts a server that shares nothing with any other: opens its database, takes its port, fills the database from the
 * seed when it is empty, and answers. A start that fails leaves the data as it was.
 * @param writeLog takes log lines, keys in them already cut
 * @throws {SeedFileError} {@link StorageError} {@link ListenError} {@link ConfigError} whose message is meant for a person
 */
export async function startServer(config: ServeConfig, writeLog: (text: string) => void): Promise<RunningServer> {
  const firstClock = toClockSetting(config.clock);
  const now = toTimestamp(firstClock.frozen_at ?? systemClock.now());
  const seed = await loadSeed(config.seed, now);
  const file = config.db;
  let app: FastifyInstance | undefined;
  const store = openSqliteStore({
    file,
    migrations: projectFile('migrations'),
    pid: config.pid,
    since: now,
    report: (level, text) => app?.log[level](text),
  });
  const cleanUp: (() => Promise<void>)[] = [() => store.close()];
  let closing: Promise<void> | undefined;
  const close = () => {
    // One step that fails keeps none of the others from letting go.
    closing ??= cleanUp.reduceRight((before, step) => before.finally(step), Promise.resolve());
    return closing;
  };
  try {
    const kept = config.reset ? undefined : await store.findSandbox(DEFAULT_SANDBOX);
    const granted = await toGrantedKeys(config.apiKey, kept ? store : undefined, seed);

    const sandbox = new Sandbox({
      sandbox_id: DEFAULT_SANDBOX,
      tiers: kept?.tiers ?? seed.state.tiers,
      clock: new SettableClock(config.clock === undefined && kept ? kept.clock : firstClock),
      store,
      limitsMode: config.limits,
      journalSize: config.journalSize,
      firstClock,
    });
    const sandboxes = new Sandboxes(store);
    sandboxes.add(sandbox);
    const control = toControl(config);
    const served = await buildApp({
      sandboxes,
      store,
      isStopping: () => closing !== undefined,
      logger: { level: config.logLevel, stream: buildLogStream(config.json, writeLog) },
      unknownFields: config.unknownFields,
      version: readVersion(),
      control,
      buildDocs: async (document) => {
        const { buildDocs } = await import('./docs.ts');
        const demoKey = await findDemoKey(store);
        // A page that everybody can read has no token to send.
        const hasControl = control !== undefined && control.token === undefined;
        return buildDocs({ document, assets: projectFile('dist/swagger-ui'), demoKey, hasControl });
      },
    });
    app = served;
    cleanUp.push(() => served.close());
    await served.ready();
    for (const warning of config.warnings) served.log.warn(warning);

    // The port is taken before anything is written; whoever asks that early waits for what is written.
    const early: Parameters<typeof app.routing>[] = [];
    let isWritten = false;
    const listener = await listen({
      ...config,
      toBadRequest,
      onRequest: (request, response) => {
        if (isWritten) served.routing(request, response);
        else early.push([request, response]);
      },
    });
    cleanUp.push(() => listener.close());
    const grantedKeys = granted.map(({ api_key }) => api_key);
    if (kept) {
      await Promise.all([sandbox.grantApiKeys(grantedKeys), sandbox.setClock(() => sandbox.clock.setting)]);
    } else {
      await sandbox.fill(seed.state, grantedKeys);
    }
    isWritten = true;
    for (const exchange of early) served.routing(...exchange);
    store.announce(listener.url);
    const apiKeys = await findServedKeys(store, seed.knownKeys, granted);
    return {
      url: listener.url,
      db: file,
      origin: kept
        ? `kept as it was; ${seed.source} fills an empty database only, or one that starts with --reset`
        : `filled from ${seed.source}`,
      apiKeys,
      findKey: (permission) => findKey(store, apiKeys, permission),
      lendKey: (permission) => lendKey(store, permission),
      controlToken: control?.token,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The keys that flags name, each for an organization that there is (in the store that is kept) or will be (by the seed). */
async function toGrantedKeys(grants: ApiKeyGrant[], kept: Store | undefined, seed: Seed): Promise<KnownKey[]> {
  if (grants.length === 0) return [];
  const seeded = seed.state.organizations.slice(0, LISTED_ORGANIZATIONS).map(({ organization_id }) => organization_id);
  const some = (await kept?.listOrganizationIds(DEFAULT_SANDBOX, LISTED_ORGANIZATIONS)) ?? seeded;
  const granted: KnownKey[] = [];
  for (const { key, permission, organization_id = some[0] ?? '' } of grants) {
    const found = kept
      ? await kept.findOrganization(DEFAULT_SANDBOX, organization_id)
      : seed.state.organizations.find((organization) => organization.organization_id === organization_id);
    if (found === undefined) {
      throw new ConfigError(`--api-key: no organization '${organization_id}'; there are ${some.join(', ')}`);
    }
    granted.push(toKnownKey(key, organization_id, permission, '--api-key'));
  }
  return granted;
}

/** Organizations that a message names at most. */
const LISTED_ORGANIZATIONS = 20;

async function findKey(store: Store, apiKeys: ServedKey[], permission: Permission): Promise<string | undefined> {
  const [first] = await store.listOrganizationIds(DEFAULT_SANDBOX, 1);
  const isWanted = ({ api_key }: ServedKey) =>
    api_key.status === 'active' &&
    api_key.expires_at === null &&
    api_key.organization_id === first &&
    api_key.permissions.join() === permission;
  const wanted = apiKeys.filter(isWanted);
  return (wanted.find(({ isGiven }) => isGiven) ?? wanted[0])?.key;
}

async function lendKey(store: Store, permission: Permission): Promise<string> {
  const [first = ''] = await store.listOrganizationIds(DEFAULT_SANDBOX, 1);
  const { key, api_key } = toKnownKey(
    `sk_test_${randomBytes(24).toString('base64url')}`,
    first,
    permission,
    'generated',
  );
  store.lendApiKey(DEFAULT_SANDBOX, api_key);
  return key;
}

/** The OpenAPI document of what a server with the default settings serves. */
export const readOpenApiDocument = () => buildOpenApiDocument(readVersion(), 'ignore');

/** Where the clock stands when a flag says so; else real time. */
function toClockSetting(frozen_at: number | undefined): ClockSetting {
  return frozen_at === undefined ? REAL_TIME : new SettableClock(REAL_TIME).frozenAt(frozen_at);
}

/** How the control plane is guarded: by a token where strangers could reach it, or one was given. Undefined when it is off. */
function toControl({ control, controlToken, host }: ServeConfig): { token: string | undefined } | undefined {
  if (control === 'off') return undefined;
  return { token: controlToken ?? (isLoopback(host) ? undefined : randomUUID()) };
}

/** The documented example key, where it can be used: no other may stand on a page that everybody can read. */
async function findDemoKey(store: Store): Promise<string | undefined> {
  const found = await store.findCaller(hashApiKey(DEMO_KEY));
  return found?.api_key.status === 'active' ? DEMO_KEY : undefined;
}

async function loadSeed(file: string | undefined, now: string): Promise<Seed> {
  if (file === undefined) return buildSeed(DEFAULT_SEED, 'the built-in seed', now);
  // YAML takes longer to load than everything else that a start needs.
  const { readSeedFile } = await import('./seed-file.ts');
  return readSeedFile(file, now);
}

/** The known keys that the database has, as it has them; each once. */
async function findServedKeys(store: Store, seeded: KnownKey[], given: KnownKey[]): Promise<ServedKey[]> {
  const served = new Map<string, ServedKey>();
  const known = [
    ...seeded.map((key) => ({ ...key, isGiven: false })),
    ...given.map((key) => ({ ...key, isGiven: true })),
  ];
  for (const { key, api_key, isGiven } of known) {
    const found = await store.findCaller(api_key.key_hash);
    if (found === undefined) continue;
    const { account_type } = found.organization;
    served.set(key, { key, api_key: found.api_key, account_type, isGiven });
  }
  return [...served.values()];
}
