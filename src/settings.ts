import * as z from 'zod';
import { PERMISSIONS } from './domain/api-key.ts';
import { API_VERSIONS } from './domain/api-version.ts';
import { normalizeTimestamp, toMilliseconds as toTime } from './domain/clock.ts';
import { LIMITS_MODES } from './domain/rate-limiter.ts';
import { isApiKey, KEY_FORM } from './domain/redact.ts';
import { DEFAULT_SETTINGS, UNKNOWN_FIELDS } from './domain/state.ts';
import {
  ConfigError,
  duration,
  elseStored,
  integer,
  oneOf,
  readSettings,
  type Setting,
  stored,
  text,
  toggle,
  type Values,
} from './setting.ts';

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export const SEED_FILES = ['mixpeek-mock.yaml', 'mixpeek-mock.yml', 'mixpeek-mock.json'];
const KEY_TO_ALLOW = new RegExp(
  `^(?<key>[^=@]+)(?:=(?<permission>${PERMISSIONS.join('|')})(?:@(?<organization_id>org_[A-Za-z0-9_-]+))?)?$`,
);
/** A key to allow; of the first organization, if none is named. */
const KeyToAllow = z.preprocess(
  (value) => KEY_TO_ALLOW.exec(String(value))?.groups,
  z.object({
    key: z.string().refine(isApiKey),
    permission: z.enum(PERMISSIONS).default('admin'),
    organization_id: z.string().optional(),
  }),
);
export type ApiKeyGrant = z.output<typeof KeyToAllow>;

/** Every setting of the server. */
export const SERVE_SETTINGS = {
  port: {
    flag: '--port <number>',
    short: '-p',
    default: '4030',
    description: 'port to listen on; 0 takes a free one',
    ...integer(0, 65_535),
  },
  host: {
    flag: '--host <address>',
    default: 'localhost',
    description: 'address to listen on; localhost means 127.0.0.1 and ::1',
    ...text('a host name or an IP address'),
  },
  db: {
    flag: '--db <file>',
    default: '.mixpeek-mock/mock.db',
    description: 'SQLite file, :memory: to keep nothing, or postgres://… for several servers that share it',
    ...text('a path, :memory:, or postgres://USER:PASSWORD@HOST:PORT/DATABASE'),
  },
  waitForDb: {
    flag: '--wait-for-db <duration>',
    description: 'with --db postgres://…: how long to wait at the start until it answers',
    ...duration,
    schema: duration.schema.optional(),
  },
  seed: {
    flag: '--seed <file>',
    description: `YAML or JSON to seed an empty database with; ${SEED_FILES[0]}, .yml or .json in this folder is found automatically`,
    schema: z.string().min(1).optional(),
    allowed: 'a path',
  },
  reset: { flag: '--reset', description: 'start over from the seed', ...toggle },
  apiKey: {
    flag: '--api-key <key>',
    description: 'allow this key too: KEY, KEY=permission or KEY=permission@organization_id (repeatable)',
    schema: z.array(KeyToAllow).default([]),
    allowed: `KEY, KEY=permission or KEY=permission@organization_id: KEY is ${KEY_FORM}; permission is one of ${PERMISSIONS.join(', ')}; organization_id begins with org_`,
    isRepeatable: true,
    isSecret: true,
  },
  unknownFields: {
    flag: '--unknown-fields <mode>',
    description: `members that the API does not know: ignore, as the real service does, or reject with a 422; ${elseStored(DEFAULT_SETTINGS.unknown_fields)}`,
    ...stored(UNKNOWN_FIELDS),
  },
  apiVersion: {
    flag: '--api-version <version>',
    description: `version of the API; ${elseStored(DEFAULT_SETTINGS.api_version)}`,
    ...stored(API_VERSIONS),
  },
  limits: {
    flag: '--limits <mode>',
    description: `rate limits: off, headers (counted and reported, never refused), or enforce (a 429 beyond the limit); ${elseStored(DEFAULT_SETTINGS.limits)}`,
    ...stored(LIMITS_MODES),
  },
  clock: {
    flag: '--clock <time>',
    description: 'freeze the clock at this time; the control plane can move and start it',
    schema: z.string().transform(normalizeTimestamp).pipe(z.string()).transform(toTime).optional(),
    allowed: 'a time like 2026-01-01T00:00:00Z',
  },
  journalSize: {
    flag: '--journal-size <number>',
    default: '1000',
    description: 'requests that the journal keeps; 0 for none',
    ...integer(0, 100_000),
  },
  maxSandboxes: {
    flag: '--max-sandboxes <number>',
    default: '1000',
    description: 'sandboxes that there may be besides default',
    ...integer(1, 1_000_000),
  },
  randomSeed: {
    flag: '--random-seed <number>',
    description: 'ids, keys and request ids that are generated follow from this number; on loopback only',
    ...integer(0, 999_999),
    schema: integer(0, 999_999).schema.optional(),
  },
  control: {
    flag: '--control <mode>',
    default: 'on',
    description: 'the control plane under /_mock: on, or off',
    ...oneOf(['on', 'off']),
  },
  metrics: {
    flag: '--metrics <mode>',
    default: 'on',
    description: 'GET /metrics for Prometheus: on, or off',
    ...oneOf(['on', 'off']),
  },
  faultHeader: {
    flag: '--fault-header <mode>',
    description:
      'whether a request may ask for a fault in X-Mixpeek-Mock-Fault: on, or off; without it on where only this machine can ask',
    ...oneOf(['on', 'off']),
    schema: z.enum(['on', 'off']).optional(),
  },
  controlToken: {
    flag: '--control-token <token>',
    description:
      'token that the control plane requires; generated and printed if none is given and --host is not loopback',
    schema: z.optional(z.string().regex(/^[\x21-\x7e]{8,}$/)),
    allowed: '8 characters or more, printable ASCII without whitespace',
    isSecret: true,
  },
  requestTimeout: {
    flag: '--request-timeout <duration>',
    default: '30s',
    description: 'how long a client may take to send a request',
    ...duration,
  },
  shutdownDelay: {
    flag: '--shutdown-delay <duration>',
    default: '0',
    description: 'how long to keep serving after the first signal, with /readyz a 503; a second signal stops at once',
    schema: z.literal('0').transform(Number).or(duration.schema),
    allowed: `0, or ${duration.allowed}`,
  },
  logLevel: { flag: '--log-level <level>', default: 'info', description: 'what is logged', ...oneOf(LOG_LEVELS) },
  json: {
    flag: '--json',
    description: 'for programs: a ready line in JSON on standard output, logs in JSON on standard error',
    ...toggle,
  },
} satisfies Record<string, Setting>;

/** The settings of `serve`: those of the server, and what is for a person at a terminal. */
export const SERVE_COMMAND_SETTINGS = {
  ...SERVE_SETTINGS,
  open: { flag: '--open', description: 'open the inspector in the default browser', ...toggle, isFlagOnly: true },
} satisfies Record<string, Setting>;

/** The settings of `health`: where to ask, and how long to wait for an answer. */
export const HEALTH_SETTINGS = {
  port: { ...SERVE_SETTINGS.port, description: 'port of the server that is asked', ...integer(1, 65_535) },
  host: { ...SERVE_SETTINGS.host, description: 'address of the server that is asked' },
  wait: {
    flag: '--wait <duration>',
    description: 'keep asking until the server answers, this long at most',
    ...duration,
    schema: duration.schema.optional(),
  },
} satisfies Record<string, Setting>;

export type HealthConfig = Values<typeof HEALTH_SETTINGS>;

/** What a server is started with; `seed` is undefined for the built-in one. */
export interface ServeConfig extends Values<typeof SERVE_SETTINGS> {
  /** The content of a seed in JSON, in place of a file, where a program gives one. */
  seedText: string | undefined;
  /** Of this process, for whoever finds the database in use. */
  pid: number;
  /** Lines of the log. */
  warnings: string[];
}

/**
 * The settings of a server that a program starts. Variables and a seed file in the current folder do not count.
 * @throws {ConfigError} naming the option
 */
export function readOptions(options: Record<string, unknown>): ServeConfig {
  const { json: _, ...settings } = SERVE_SETTINGS;
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(settings, name));
  if (unknown !== undefined) {
    throw new ConfigError(`unknown option ${unknown}; there are ${Object.keys(settings).join(', ')}`);
  }
  const isContent = typeof options.seed === 'object' && options.seed !== null;
  const seedText = isContent ? JSON.stringify(options.seed) : undefined;
  const config = readSettings(SERVE_SETTINGS, (source, { isRepeatable }) => {
    const value = isContent && source === 'seed' ? undefined : options[source];
    if (value === undefined) return undefined;
    return { source, value: isRepeatable ? [value].flat().map(String) : String(value) };
  });
  return { ...config, seedText, pid: process.pid, warnings: [] };
}
