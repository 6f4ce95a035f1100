import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { ConfigError, type Given, readSettings, type Setting, toggle } from '../setting.ts';
import {
  HEALTH_SETTINGS,
  type HealthConfig,
  SEED_FILES,
  SERVE_COMMAND_SETTINGS,
  SERVE_SETTINGS,
  type ServeConfig,
} from '../settings.ts';
import { CONTROL_SETTINGS } from './control-settings.ts';
import { listUnknownVariables, readVariable, toVariable, type Variables } from './variables.ts';

/** Values as the command line gives them, by the name of the setting. */
export type Flags = Record<string, string | boolean | string[] | undefined>;

/** Those of `exec`: a server that nobody else knows of, and that leaves nothing, whatever variables say to other servers. */
export const EXEC_SETTINGS = {
  ...SERVE_SETTINGS,
  port: { ...SERVE_SETTINGS.port, default: '0', isFlagOnly: true },
  db: { ...SERVE_SETTINGS.db, default: ':memory:', isFlagOnly: true },
  reset: { ...SERVE_SETTINGS.reset, isFlagOnly: true },
  shutdownDelay: { ...SERVE_SETTINGS.shutdownDelay, isFlagOnly: true },
  logLevel: { ...SERVE_SETTINGS.logLevel, default: 'warn' },
  strict: {
    flag: '--strict',
    description:
      'end with 3 where the command succeeds, but a fault rule never fired, or something was asked for that is not there',
    ...toggle,
    isFlagOnly: true,
  },
  verbose: { flag: '--verbose', description: 'show the banner, on standard error', ...toggle, isFlagOnly: true },
} satisfies Record<string, Setting>;

/** What `serve` is started with. */
export interface ServeCommandConfig extends ServeConfig {
  /** Whether to open the inspector. */
  open: boolean;
}

/**
 * The settings of `serve`: a flag takes precedence over its variable, a variable over the default.
 * @param folder where a seed file is searched for
 * @throws {ConfigError} naming the flag or the variable
 */
export function readServeConfig(
  flags: Flags,
  variables: Variables = process.env,
  folder: string = process.cwd(),
): ServeCommandConfig {
  const config = readServer(SERVE_COMMAND_SETTINGS, flags, variables, folder);
  if (!config.open || config.control === 'on') return config;
  const warning = '--open is ignored: with --control off there is no inspector';
  return { ...config, open: false, warnings: [...config.warnings, warning] };
}

/** @throws {ConfigError} naming the flag or the variable */
export const readExecConfig = (flags: Flags) => readServer(EXEC_SETTINGS, flags, process.env, process.cwd());

function readServer<T extends typeof SERVE_SETTINGS>(settings: T, flags: Flags, variables: Variables, folder: string) {
  const config = readConfig(settings, flags, variables);
  const warnings = listUnknownVariables(variables);
  return { ...config, seed: config.seed ?? findSeedFile(folder), seedText: undefined, pid: process.pid, warnings };
}

/** @throws {ConfigError} naming the flag or the variable */
export const readHealthConfig = (flags: Flags, variables?: Variables): HealthConfig =>
  readConfig(HEALTH_SETTINGS, flags, variables);

/**
 * The settings of a command that changes a running server: with a typo in a variable it might change another one.
 * @throws {ConfigError} naming the flag or the variable
 */
export function readCommandConfig<T extends Record<string, Setting>>(settings: T, flags: Flags) {
  listUnknownVariables(process.env);
  return readConfig(settings, flags);
}

const readConfig = <T extends Record<string, Setting>>(settings: T, flags: Flags, variables: Variables = process.env) =>
  readSettings(settings, (name, setting) => find(name, setting, flags, variables));

function find(name: string, setting: Setting, flags: Flags, variables: Variables): Given | undefined {
  const value = flags[name];
  if (value === undefined) return setting.isFlagOnly ? undefined : readVariable(name, setting, variables);
  return { source: setting.flag.replace(/ .*/, ''), value: typeof value === 'boolean' ? String(value) : value };
}

/**
 * The URL of a server, without a slash at the end.
 * @throws {ConfigError}
 */
export const readServerUrl = (url: string): string => readConfig({ url: CONTROL_SETTINGS.url }, { url }, {}).url;

/** Adds the flags of a command, and to its help the variables. */
export function addSettings(command: Command, settings: Record<string, Setting>): Command {
  command.addHelpText('after', '\nA flag takes precedence over its variable, a variable over the default.');
  for (const [name, setting] of Object.entries(settings)) {
    const { flag, short, description, default: fallback, isRepeatable, isFlagOnly } = setting;
    const facts = [fallback && `default: ${fallback}`, !isFlagOnly && toVariable(name)].filter(Boolean).join(', ');
    const text = facts === '' ? description : `${description} (${facts})`;
    const flags = short === undefined ? flag : `${short}, ${flag}`;
    if (isRepeatable) command.option(flags, text, (value, earlier: string[] = []) => [...earlier, value]);
    else command.option(flags, text);
  }
  return command;
}

function findSeedFile(folder: string): string | undefined {
  const found = SEED_FILES.filter((name) => existsSync(resolve(folder, name)));
  if (found.length > 1) throw new ConfigError(`--seed: ${found.join(' and ')} are both here; name the one to use`);
  return found[0] && resolve(folder, found[0]);
}
