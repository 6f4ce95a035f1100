import { fileURLToPath } from 'node:url';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { onTestFinished } from 'vitest';
import type { HealthSource } from '../../src/api/health.ts';
import { buildApp } from '../../src/app.ts';
import type { ApiVersion } from '../../src/domain/api-version.ts';
import { advanceBy, freezeAt, toTimestamp } from '../../src/domain/clock.ts';
import type { LimitsMode } from '../../src/domain/rate-limiter.ts';
import { DEFAULT_SANDBOX, type UnknownFields } from '../../src/domain/state.ts';
import { buildLog, type LogLevel } from '../../src/http/log.ts';
import { Metrics } from '../../src/http/metrics.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { Sandboxes } from '../../src/sandbox/sandboxes.ts';
import { buildSeed } from '../../src/seed/build.ts';
import type { SeedContent } from '../../src/seed/content.ts';
import { DEFAULT_SEED } from '../../src/seed/default.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import type { Store } from '../../src/store/store.ts';
import { findNonconformities, type Parsed } from './conformance.ts';

export const MIGRATIONS = fileURLToPath(new URL('../../migrations', import.meta.url));
/** The files of the inspector, as they were built. */
export const INSPECTOR = fileURLToPath(new URL('../../dist/inspector', import.meta.url));

/** The time at which a test app starts: 2026-01-01T00:00:00Z. */
export const START = Date.UTC(2026, 0, 1);

export const ADMIN = 'sk_test_xyz789';

export const MIB = 1024 * 1024;

/** What a test app says of itself. */
export const INFO = {
  version: '0.0.0-test',
  started_at: '2026-01-01T00:00:00Z',
  url: 'http://localhost:80',
  db: ':memory:',
  journal_size: 100,
};

export interface TestApp {
  app: FastifyInstance;
  store: Store;
  sandboxes: Sandboxes;
  /** The default sandbox as it is now. */
  findSandbox(): Promise<Sandbox>;
  /** Moves the clock, which is frozen at {@link START} at first. */
  advance(milliseconds: number): Promise<void>;
  log: string[];
  /** Sends a request with the admin key, unless `authorization` says otherwise. An answer of 500 fails the test. */
  send(options: SendOptions): Promise<Answer>;
  patch(body: unknown, options?: SendOptions): Promise<Answer>;
  get(options?: SendOptions): Promise<Answer>;
}

export interface SendOptions extends InjectOptions {
  authorization?: string | null;
}

export interface Answer {
  status: number;
  headers: Record<string, string | undefined>;
  text: string;
  json: Parsed;
}

export function openMemoryStore(): Store {
  return openSqliteStore({
    file: ':memory:',
    migrations: MIGRATIONS,
    pid: 1,
    since: toTimestamp(START),
    report: () => {},
  });
}

/** The app on an in-memory database and a frozen clock. */
export async function buildTestApp(
  options: {
    unknownFields?: UnknownFields;
    apiVersion?: ApiVersion;
    seed?: SeedContent;
    level?: LogLevel;
    limits?: LimitsMode;
    control?: { token: string } | 'off';
    metrics?: 'off';
    inspector?: string;
    journalSize?: number;
    maxSandboxes?: number;
    hasFaultHeader?: boolean;
    store?: Store;
    health?: HealthSource;
    isStopping?: () => boolean;
  } = {},
): Promise<TestApp> {
  const log: string[] = [];
  const store = options.store ?? openMemoryStore();
  const { state } = buildSeed(options.seed ?? DEFAULT_SEED, toTimestamp(START));
  const sandboxes = new Sandboxes(store, {
    journalSize: options.journalSize ?? 100,
    maxSandboxes: options.maxSandboxes ?? 1000,
    flags: {
      clock: freezeAt(START),
      limits: options.limits ?? 'headers',
      api_version: options.apiVersion ?? '0.81',
      unknown_fields: options.unknownFields ?? 'ignore',
    },
  });
  await sandboxes.begin(state, {});
  const app = await buildApp({
    sandboxes,
    store: options.health ?? store,
    isStopping: options.isStopping ?? (() => false),
    log: buildLog(options.level ?? 'info', true, (line) => log.push(line)),
    version: '0.0.0-test',
    metrics: options.metrics === 'off' ? undefined : new Metrics('0.0.0-test'),
    hasFaultHeader: options.hasFaultHeader ?? true,
    control:
      options.control === 'off'
        ? undefined
        : { token: options.control?.token, info: INFO, inspector: options.inspector ?? INSPECTOR },
    buildDocs: () => Promise.reject(new Error('the page has tests of its own')),
  });
  onTestFinished(async () => {
    await app.close();
    await store.close();
  });

  const send = async ({ authorization = `Bearer ${ADMIN}`, headers, ...rest }: SendOptions): Promise<Answer> => {
    const sent = authorization === null ? headers : { authorization, ...headers };
    const response = await app.inject({ url: '/v1/organizations', ...rest, headers: sent ?? {} });
    if (response.statusCode === 500) throw new Error(`an unexpected 500: ${log.join('')}`);
    const text = response.body;
    const type = response.headers['content-type'];
    const json = type === 'application/json' && text !== '' ? JSON.parse(text) : undefined;
    const url = String(rest.url ?? '/v1/organizations');
    const problems =
      json && findNonconformities(rest.method ?? 'GET', url, response.statusCode, json, options.apiVersion);
    if (problems?.length > 0) throw new Error(`an answer that no document allows: ${problems.join('; ')}\n${text}`);
    return {
      status: response.statusCode,
      headers: response.headers as Record<string, string | undefined>,
      text,
      json,
    };
  };
  return {
    app,
    store,
    sandboxes,
    findSandbox: async () => {
      const found = await sandboxes.find(DEFAULT_SANDBOX);
      if (found === undefined) throw new Error('there is always a default sandbox');
      return found.sandbox;
    },
    advance: async (ms) => {
      await store.updateSettings(DEFAULT_SANDBOX, (settings) => ({
        ...settings,
        clock: advanceBy(settings.clock, ms),
      }));
    },
    log,
    send,
    patch: (body, more = {}) =>
      send({
        method: 'PATCH',
        ...more,
        headers: { 'content-type': 'application/json', ...more.headers },
        payload: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
      }),
    get: (more = {}) => send({ method: 'GET', ...more }),
  };
}

/** What the default organization looks like before anything was changed. */
export const ACME = {
  organization_id: 'org_demo123',
  organization_name: 'Acme Corporation',
  logo_url: null,
  account_type: 'pro',
  credit_count: 250_000,
  metadata: {},
  billing_email: null,
  rate_limits: { metadata: 100, data: 60, search: 60, upload: 30, compute: 30 },
  auto_billing_enabled: false,
  billing_cycle_start: 1,
  current_month_usage: 0,
  created_at: '2025-01-01T00:00:00Z',
  updated_at: '2025-01-01T00:00:00Z',
  users: null,
};

/** The whole 422 for these errors. */
export function validationError(...errors: { type: string; loc: unknown[]; msg: string; ctx?: unknown }[]) {
  const validation_errors = errors.map(({ type, loc, msg, ctx }) => ({
    type,
    location: loc,
    message: msg,
    ...(ctx !== undefined && { ctx }),
  }));
  return {
    success: false,
    status: 422,
    error: { type: 'ValidationError', message: 'Validation error', details: { validation_errors } },
    detail: errors,
  };
}

/** The whole body of any other error. */
export const errorBody = (status: number, type: string, message: string, details: unknown = {}) => ({
  success: false,
  status,
  error: { type, message, details },
});
