import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { redactKeys } from '../domain/redact.ts';
import { escapeControls } from '../domain/text.ts';
import {
  ConfigError,
  type Given,
  HEALTH_SETTINGS,
  type HealthConfig,
  readSettings,
  SEED_FILES,
  SERVE_SETTINGS,
  type ServeConfig,
  type Setting,
} from '../settings.ts';
import { listUnknownVariables, readVariable, type Variables } from './variables.ts';

/** Values as the command line gives them, by the name of the setting. */
export type Flags = Record<string, string | boolean | string[] | undefined>;

/**
 * The settings of the server: a flag takes precedence over its variable, a variable over the default.
 * @param folder where a seed file is searched for
 * @throws {ConfigError} naming the flag or the variable
 */
export function readServeConfig(
  flags: Flags,
  variables: Variables = process.env,
  folder: string = process.cwd(),
): ServeConfig {
  const config = readSettings(SERVE_SETTINGS, (name, setting) => find(name, setting, flags, variables));
  const warnings = listUnknownVariables(variables);
  return { ...config, seed: config.seed ?? findSeedFile(folder), seedText: undefined, pid: process.pid, warnings };
}

/** @throws {ConfigError} naming the flag or the variable */
export function readHealthConfig(flags: Flags, variables: Variables = process.env): HealthConfig {
  return readSettings(HEALTH_SETTINGS, (name, setting) => find(name, setting, flags, variables));
}

function find(name: string, setting: Setting, flags: Flags, variables: Variables): Given | undefined {
  const value = flags[name];
  if (value === undefined) return readVariable(name, setting, variables);
  return { source: setting.flag.replace(/ .*/, ''), value: typeof value === 'boolean' ? String(value) : value };
}

/**
 * The URL of a server, without a slash at the end.
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

function findSeedFile(folder: string): string | undefined {
  const found = SEED_FILES.filter((name) => existsSync(resolve(folder, name)));
  if (found.length > 1) throw new ConfigError(`--seed: ${found.join(' and ')} are both here; name the one to use`);
  return found[0] && resolve(folder, found[0]);
}
