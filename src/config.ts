import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import * as z from 'zod';
import { PERMISSIONS, type Permission } from './domain/api-key.ts';
import { normalizeTimestamp, toMilliseconds } from './domain/clock.ts';
import { LIMITS_MODES } from './domain/rate-limiter.ts';
import { isApiKey, redactKeys } from './domain/redact.ts';
import { escapeControls } from './domain/text.ts';
import {
  ConfigError,
  FLAGS_IN_VARIABLES,
  HEALTH_SETTINGS,
  LOG_LEVELS,
  SEED_FILES,
  SERVE_SETTINGS,
  type Setting,
} from './settings.ts';
import { listUnknownVariables, readVariable, refuseQuotes, type Variables } from './variables.ts';
import { UNKNOWN_FIELDS } from './wire/pydantic.ts';

/** A key that a flag names, for an organization of the database. */
export interface ApiKeyGrant {
  key: string;
  permission: Permission;
  /** Undefined: the first organization. */
  organization_id: string | undefined;
}

const text = z.string().min(1);
const port = z
  .string()
  .regex(/^\d{1,5}$/)
  .transform(Number)
  .pipe(z.number().max(65_535));
const toggle = z.enum(FLAGS_IN_VARIABLES).transform((value) => value === 'true' || value === '1');
/** 24 days: a timer of more than 2^31 ms would end at once. */
const MAX_DURATION_MS = 24 * 24 * 60 * 60_000;
const duration = z
  .string()
  .regex(/^[1-9]\d{0,8}(ms|s|m)$/)
  .transform((value) => Number.parseInt(value, 10) * { ms: 1, s: 1000, m: 60_000 }[value.replace(/\d+/, '') as 'ms'])
  .pipe(z.number().max(MAX_DURATION_MS));
const durationOrNone = z.literal('0').transform(Number).or(duration);
const time = z
  .string()
  .refine((value) => normalizeTimestamp(value) !== undefined)
  .transform((value) => toMilliseconds(normalizeTimestamp(value) ?? ''));
const GRANT = new RegExp(`^([^=@]+)(?:=(${PERMISSIONS.join('|')})(?:@(org_[A-Za-z0-9_-]+))?)?$`);
const grant = z
  .string()
  .regex(GRANT)
  .transform((value): ApiKeyGrant => {
    const [, key = '', permission = 'admin', organization_id] = GRANT.exec(value) ?? [];
    return { key, permission: permission as Permission, organization_id };
  })
  .refine(({ key }) => isApiKey(key));

const ServeConfig = z.object({
  port: port,
  host: text,
  db: text,
  seed: text.optional(),
  reset: toggle.default(false),
  apiKey: z.array(grant).default([]),
  unknownFields: z.enum(UNKNOWN_FIELDS),
  limits: z.enum(LIMITS_MODES),
  clock: time.optional(),
  journalSize: z
    .string()
    .regex(/^\d{1,6}$/)
    .transform(Number)
    .pipe(z.number().max(100_000)),
  control: z.enum(['on', 'off']),
  controlToken: z
    .string()
    .regex(/^[\x21-\x7e]{8,}$/)
    .optional(),
  requestTimeout: duration,
  shutdownDelay: durationOrNone,
  logLevel: z.enum(LOG_LEVELS),
  json: toggle.default(false),
});
/** Durations are milliseconds; `seed` is undefined for the built-in seed. */
export type ServeConfig = z.output<typeof ServeConfig> & {
  /** The number of this process, for whoever finds the database in use. */
  pid: number;
  /** What a person should know of the settings; each is a line of the log. */
  warnings: string[];
};

const HealthConfig = z.object({
  port: port.pipe(z.number().min(1)),
  host: text,
  wait: duration.optional(),
});
export type HealthConfig = z.output<typeof HealthConfig>;

/** Values as the command line gives them, by the name of the setting. */
export type Flags = Record<string, string | boolean | string[] | undefined>;

/**
 * The settings of the server: a flag counts before its variable, and that before the default.
 * @param folder where a seed file is looked for
 * @throws {ConfigError} naming the flag or the variable
 */
export function readServeConfig(
  flags: Flags,
  variables: Variables = process.env,
  folder: string = process.cwd(),
): ServeConfig {
  const config = read(ServeConfig, SERVE_SETTINGS, flags, variables);
  const warnings = listUnknownVariables(variables);
  return { ...config, seed: config.seed ?? findSeedFile(folder), pid: process.pid, warnings };
}

/**
 * The settings of a server that a program starts: neither variables nor a seed file that happens to lie around count.
 * @throws {ConfigError} naming the option
 */
export function readOptions(options: Flags): ServeConfig {
  const { json: _, ...settings } = SERVE_SETTINGS;
  return { ...read(ServeConfig, settings, options, {}, (name) => name), pid: process.pid, warnings: [] };
}

export function readHealthConfig(flags: Flags, variables: Variables = process.env): HealthConfig {
  return read(HealthConfig, HEALTH_SETTINGS, flags, variables);
}

/**
 * Where a server is, without a slash at the end.
 * @throws {ConfigError}
 */
export function readServerUrl(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const isPlain = url !== undefined && /^https?:$/.test(url.protocol) && url.href === url.origin + url.pathname;
  if (isPlain) return value.replace(/\/+$/, '');
  throw new ConfigError(
    `--url: '${escapeControls(redactKeys(value))}' was given; allowed: a URL like http://localhost:4030`,
  );
}

/** Where logs go. */
export const writeToStandardError = (text: string): void => void process.stderr.write(text);

function read<T extends z.ZodType>(
  schema: T,
  settings: Record<string, Setting>,
  flags: Flags,
  variables: Variables,
  toShown: (name: string, flag: string) => string = (_name, flag) => flag,
): z.output<T> {
  const [unknown] = Object.keys(flags).filter((name) => !Object.hasOwn(settings, name));
  if (unknown !== undefined)
    throw new ConfigError(`unknown option ${unknown}; there are ${Object.keys(settings).join(', ')}`);
  const given: Record<string, unknown> = {};
  const sources: Record<string, string> = {};
  for (const [name, setting] of Object.entries(settings)) {
    const { flag, default: fallback } = setting;
    if (fallback !== undefined) given[name] = fallback;
    const value = flags[name];
    const found =
      value === undefined
        ? readVariable(name, setting, variables)
        : {
            value: typeof value === 'boolean' ? String(value) : value,
            source: toShown(name, flag.split(' ', 1)[0] ?? flag),
          };
    if (found === undefined) continue;
    refuseQuotes(found.source, found.value);
    given[name] = found.value;
    sources[name] = found.source;
  }
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [name, index] = parsed.error.issues[0]?.path ?? [];
  const value = given[String(name)];
  const { allowed, isSecret } = settings[String(name)] ?? {};
  const secret = index === undefined ? 'the value' : `value ${Number(index) + 1}`;
  const what = isSecret
    ? `${secret} cannot be used, and is not repeated here`
    : `'${escapeControls(redactKeys(String(value)))}' was given`;
  throw new ConfigError(`${sources[String(name)]}: ${what}; allowed: ${allowed}`);
}

function findSeedFile(folder: string): string | undefined {
  const found = SEED_FILES.filter((name) => existsSync(resolve(folder, name)));
  if (found.length > 1)
    throw new ConfigError(`--seed: ${found.join(' and ')} are both here; name the one that is meant`);
  return found[0] && resolve(folder, found[0]);
}
