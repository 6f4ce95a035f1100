import { randomUUID } from 'node:crypto';
import type { BuildDocs } from './api/documents.ts';
import { buildApiDocument, type OpenApiVersion } from './api/operations.ts';
import { type AppDependencies, buildApp } from './app.ts';
import { isLoopback } from './control/guard.ts';
import type { ServerInfo } from './control/info.ts';
import type { Permission } from './domain/api-key.ts';
import { type ApiVersion, DEFAULT_API_VERSION } from './domain/api-version.ts';
import { freezeAt, toTimestamp } from './domain/clock.ts';
import { buildRandom } from './domain/random.ts';
import { clearInterval, RealDate, setInterval, setTimeout } from './domain/real-time.ts';
import { DEFAULT_SANDBOX, DEFAULT_SETTINGS, type Settings } from './domain/state.ts';
import { toBadRequest } from './http/bad-request.ts';
import { listen } from './http/listener.ts';
import { buildLateLog, buildLog, buildStandardError } from './http/log.ts';
import { Metrics } from './http/metrics.ts';
import type { OpenApiNode } from './http/openapi.ts';
import { Sandboxes } from './sandbox/sandboxes.ts';
import { Tally } from './sandbox/tally.ts';
import { DEMO_KEY } from './seed/default.ts';
import { openSeed } from './seed/unread.ts';
import { ConfigError } from './setting.ts';
import type { ServeConfig } from './settings.ts';
import { begin, beginEarly } from './start/beginning.ts';
import { checkShared, openStore, toShownDb } from './start/open-store.ts';
import { findFirstOrganization, findKey, lendKey, type ServedKey } from './start/served-keys.ts';
import { type Report, StorageError } from './store/errors.ts';
import { timeStore } from './store/timed-store.ts';
import { projectFile, readVersion } from './version.ts';

export type { OpenApiVersion, ServedKey };

export interface RunningServer {
  url: string;
  /** Where the data is: a path, `:memory:`, or a URL without its password. */
  db: string;
  /** The version of the API that the default sandbox speaks. */
  apiVersion: ApiVersion;
  /** Where the data came from, in words for a person. */
  origin: string;
  /** Keys that this process knows in plain and the database has. */
  apiKeys: ServedKey[];
  /** A key of the first organization that has just this permission, if one is known. */
  findKey(permission: Permission): Promise<string | undefined>;
  /** The first organization. */
  findOrganizationId(): Promise<string>;
  /** A new key of the first organization, random and in memory only: gone when the server closes. */
  lendKey(permission: Permission): Promise<string>;
  /** What the control plane demands; undefined when it demands no token, or is off. */
  controlToken: string | undefined;
  /** What clients did that they probably did not mean, a sentence each. */
  listFindings(): string[];
  /** After the shutdown delay: answers what is in flight, flushes, and lets go of port and database. */
  close(): Promise<void>;
}

/**
 * Starts a server that shares nothing with any other: takes its port, opens its database, seeds that when it
 * is empty, and answers. Whoever asks earlier waits. A start that fails leaves the data as it was: where there was no
 * database there is none when the port, the seed or a flag is to blame.
 * @param writeLog takes log lines, keys in them already masked
 * @param isStrict whether {@link RunningServer.listFindings} has anything
 * @throws {SeedFileError} {@link StorageError} {@link ListenError} {@link ConfigError} whose message is meant for a person
 */
export async function startServer(
  config: ServeConfig,
  writeLog = buildStandardError(config.json),
  isStrict = false,
): Promise<RunningServer> {
  checkRandomSeed(config);
  checkShared(config);
  const flags = toSettings(config);
  const started_at = toTimestamp(RealDate.now());
  const seed = openSeed(config.seed, config.seedText);
  const early = await beginEarly(seed, config, flags);
  const log = buildLateLog();
  for (const warning of config.warnings) log.report('warn', warning);
  // What is not HTTP belongs to no sandbox.
  const random = buildRandom(config.randomSeed, 'not HTTP');
  const metrics = config.metrics === 'on' ? new Metrics(readVersion()) : undefined;
  const listener = await listen({
    ...config,
    toBadRequest: (unreadable) => {
      metrics?.countUnreadable(unreadable.request?.method);
      return toBadRequest(unreadable, random, log.request);
    },
  });
  const opened: { close(): unknown }[] = [listener];
  let closing: Promise<void> | undefined;
  try {
    const migrations = projectFile('migrations');
    const untimed = await openStore(config, { migrations, since: started_at, report: log.report });
    opened.push(untimed);
    const store = metrics === undefined ? untimed : timeStore(untimed, metrics.observeStore);
    const beginning = await begin(early, seed, config, { flags, store });
    const { journalSize, maxSandboxes, randomSeed } = config;
    const tally = isStrict ? new Tally() : undefined;
    const sandboxes = new Sandboxes(store, { journalSize, flags, maxSandboxes, randomSeed, tally });
    opened.splice(1, 0, sweepNowAndThen(sandboxes, log.report), sandboxes);
    const control = toControl(config, {
      version: readVersion(),
      started_at,
      url: listener.url,
      db: toShownDb(config.db),
      journal_size: journalSize,
    });
    const app = await buildApp({
      sandboxes,
      store,
      isStopping: () => closing !== undefined,
      log: buildLog(config.logLevel, config.json, writeLog),
      version: readVersion(),
      control,
      metrics,
      hasFaultHeader: (config.faultHeader ?? (isLoopback(config.host) ? 'on' : 'off')) === 'on',
      buildDocs: buildDocsOf(sandboxes, control, metrics),
    });
    opened.splice(1, 0, app);
    await app.ready();
    log.attach(app.log);
    // A person reads it in the banner.
    if (config.json && beginning.isSeedOther) app.log.warn(beginning.origin);
    const apiKeys = await beginning.write(store, sandboxes);
    listener.serve(app.routing);
    store.announce(listener.url);
    return {
      url: listener.url,
      db: toShownDb(config.db),
      apiVersion: (await store.findSandbox(DEFAULT_SANDBOX))?.settings.api_version ?? DEFAULT_API_VERSION,
      origin: beginning.origin,
      apiKeys,
      findKey: (permission) => findKey(store, apiKeys, permission),
      findOrganizationId: () => findFirstOrganization(store),
      lendKey: (permission) => lendKey(store, sandboxes, permission),
      controlToken: control?.token,
      listFindings: () => tally?.list() ?? [],
      close: () => {
        closing ??= delay(config.shutdownDelay).then(() => {
          sandboxes.endWaits();
          return closeAll(opened);
        });
        return closing;
      },
    };
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
}

/** Real milliseconds between two looks at what has expired. */
const SWEEP_MS = 10_000;

/** A storage that cannot be written has been reported; whatever else goes wrong is reported here. */
function sweepNowAndThen(sandboxes: Sandboxes, report: Report): { close(): void } {
  const sweep = () =>
    sandboxes.sweep().catch((error) => {
      if (!(error instanceof StorageError)) report('error', `sandboxes that have expired stay: ${error}`);
    });
  const timer = setInterval(sweep, SWEEP_MS).unref();
  return { close: () => clearInterval(timer) };
}

type Control = AppDependencies['control'];

const buildDocsOf =
  (sandboxes: Sandboxes, control: Control, metrics: Metrics | undefined): BuildDocs =>
  async (document, log) => {
    const { buildDocs } = await import('./api/docs.ts');
    return buildDocs({
      document,
      assets: projectFile('dist/swagger-ui'),
      // The documented example key: no other may be on a page that everybody can read.
      demoKey: DEMO_KEY,
      isUsable: (key) => sandboxes.takesInDefault(key),
      // A page that everybody can read has no token to send.
      hasControl: control !== undefined && control.token === undefined,
      metrics,
      log,
    });
  };

/** One after another; one that fails keeps none of the others open. */
const closeAll = (opened: { close(): unknown }[]) =>
  opened.reduce((before, each) => before.finally(() => each.close()), Promise.resolve());

/** Real milliseconds; none at all for 0. */
const delay = (ms: number) => new Promise<void>((resolve) => (ms > 0 ? setTimeout(resolve, ms) : resolve()));

/** The OpenAPI document of what a server with the default settings serves. */
export function readOpenApiDocument(openapi: OpenApiVersion, apiVersion: ApiVersion): OpenApiNode {
  return buildApiDocument(readVersion(), { ...DEFAULT_SETTINGS, api_version: apiVersion }, openapi);
}

/** @throws {ConfigError} where strangers could foresee keys */
function checkRandomSeed({ randomSeed, host }: ServeConfig): void {
  if (randomSeed === undefined || isLoopback(host)) return;
  throw new ConfigError(`--random-seed: --host ${host} can be reached by others, who could foresee every key`);
}

/** What flags set, whatever the state says. */
const toSettings = ({ limits, clock, apiVersion, unknownFields }: ServeConfig): Partial<Settings> => ({
  ...(limits !== undefined && { limits }),
  ...(unknownFields !== undefined && { unknown_fields: unknownFields }),
  ...(apiVersion !== undefined && { api_version: apiVersion }),
  ...(clock !== undefined && { clock: freezeAt(clock) }),
});

/** How the control plane is guarded: by a token where strangers could reach it, or one was given. Undefined when it is off. */
function toControl({ control, controlToken, host }: ServeConfig, info: ServerInfo): Control {
  if (control === 'off') return undefined;
  const token = controlToken ?? (isLoopback(host) ? undefined : randomUUID());
  return { token, info, inspector: projectFile('dist/inspector') };
}
