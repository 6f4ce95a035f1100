import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import { buildApiDocument, listOperations } from './api/operations.ts';
import { buildApp } from './app.ts';
import { isLoopback } from './control/guard.ts';
import type { Permission } from './domain/api-key.ts';
import { freezeAt, REAL_TIME, timeOf, toTimestamp } from './domain/clock.ts';
import { setTimeout } from './domain/real-time.ts';
import { DEFAULT_SANDBOX, type Settings } from './domain/state.ts';
import { toBadRequest } from './http/bad-request.ts';
import { listenEarly } from './http/early-listener.ts';
import { buildLogStream, writeToStandardError } from './http/log.ts';
import { Sandboxes } from './sandbox/sandboxes.ts';
import { DEMO_KEY } from './seed/default.ts';
import { openSeed } from './seed/unread.ts';
import type { ServeConfig } from './settings.ts';
import { beginAnew, hasDatabase, keepDatabase } from './start/beginning.ts';
import { findKey, findServedKeys, lendKey, type ServedKey } from './start/served-keys.ts';
import { openSqliteStore } from './store/sqlite.ts';
import type { Report, Store } from './store/store.ts';

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
  /** After the shutdown delay: answers what is in flight, flushes, and lets go of port and database. */
  close(): Promise<void>;
}

/**
 * Starts a server that shares nothing with any other: takes its port, opens its database, fills that from the seed when it
 * is empty, and answers. Whoever asks earlier waits. A start that fails leaves the data as it was: where there was no
 * database there is none when the port, the seed or a flag is to blame.
 * @param writeLog takes log lines, keys in them already masked
 * @throws {SeedFileError} {@link StorageError} {@link ListenError} {@link ConfigError} whose message is meant for a person
 */
export async function startServer(config: ServeConfig, writeLog = writeToStandardError): Promise<RunningServer> {
  const flags = toSettings(config);
  const now = toTimestamp(timeOf(flags.clock ?? REAL_TIME));
  const seed = openSeed(config.seed);
  // What is certain to be needed is read before anything is opened.
  const isNew = config.reset || !hasDatabase(config.db);
  const early = isNew ? await beginAnew(seed, config, now) : undefined;
  const opened: { app?: FastifyInstance; store?: Store } = {};
  const listener = await listenEarly({
    ...config,
    toBadRequest: (unreadable) => toBadRequest(unreadable, (refused) => opened.app?.log.info(refused, 'request')),
  });
  const letGo = () => {
    // One step that fails keeps none of the others from letting go.
    const steps = [() => listener.close(), () => opened.app?.close(), () => opened.store?.close()];
    return steps.reduce((before, step) => before.finally(step), Promise.resolve());
  };
  let closing: Promise<void> | undefined;
  try {
    const reports: Parameters<Report>[] = config.warnings.map((text) => ['warn', text]);
    const store = openSqliteStore({
      file: config.db,
      migrations: projectFile('migrations'),
      pid: config.pid,
      since: now,
      report: (level, text) => void (opened.app ? opened.app.log[level](text) : reports.push([level, text])),
    });
    opened.store = store;
    const kept = config.reset ? undefined : await store.findSandbox(DEFAULT_SANDBOX);
    const beginning = kept
      ? await keepDatabase(kept, seed, config, flags, store)
      : (early ?? (await beginAnew(seed, config, now)));
    const sandboxes = new Sandboxes(store, { journalSize: config.journalSize, flags });
    const control = toControl(config);
    const app = await buildApp({
      sandboxes,
      store,
      isStopping: () => closing !== undefined,
      logger: { level: config.logLevel, stream: buildLogStream(config.json, writeLog) },
      unknownFields: config.unknownFields,
      version: readVersion(),
      control,
      buildDocs: async (document, log) => {
        const { buildDocs } = await import('./api/docs.ts');
        return buildDocs({
          document,
          assets: projectFile('dist/swagger-ui'),
          // The documented example key: no other may stand on a page that everybody can read.
          demoKey: DEMO_KEY,
          isUsable: async (key) => {
            const found = await sandboxes.findCaller(key);
            return found !== undefined && 'apiKey' in found;
          },
          // A page that everybody can read has no token to send.
          hasControl: control !== undefined && control.token === undefined,
          log,
        });
      },
    });
    opened.app = app;
    await app.ready();
    for (const [level, text] of reports) app.log[level](text);
    // A person reads it in the banner.
    if (config.json && beginning.isSeedOther) app.log.warn(beginning.origin);
    await beginning.write(store, sandboxes);
    listener.serve(app.routing);
    store.announce(listener.url);
    const apiKeys = await findServedKeys(store, beginning.seededKeys, beginning.granted);
    return {
      url: listener.url,
      db: config.db,
      origin: beginning.origin,
      apiKeys,
      findKey: (permission) => findKey(store, apiKeys, permission),
      lendKey: (permission) => lendKey(store, permission),
      controlToken: control?.token,
      close: () => {
        closing ??= delay(config.shutdownDelay).then(letGo);
        return closing;
      },
    };
  } catch (error) {
    await letGo();
    throw error;
  }
}

/** Real milliseconds; none at all for 0. */
const delay = (ms: number) => new Promise<void>((resolve) => (ms > 0 ? setTimeout(resolve, ms) : resolve()));

/** The OpenAPI document of what a server with the default settings serves. */
export function readOpenApiDocument() {
  const version = readVersion();
  return buildApiDocument(listOperations(version, 'ignore'), version);
}

/** What flags set, whatever the state says. */
const toSettings = ({ limits, clock }: ServeConfig): Partial<Settings> => ({
  limits,
  ...(clock !== undefined && { clock: freezeAt(clock) }),
});

/** How the control plane is guarded: by a token where strangers could reach it, or one was given. Undefined when it is off. */
function toControl({ control, controlToken, host }: ServeConfig): { token: string | undefined } | undefined {
  if (control === 'off') return undefined;
  return { token: controlToken ?? (isLoopback(host) ? undefined : randomUUID()) };
}
