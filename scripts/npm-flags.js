// npm takes every flag before `--` as a setting of its own: `npm start --reset` would start without --reset, with a warning
// at most. What npm took is in `npm_config_…` (the same in npm 10 and 11), and the value of `--port 4031`, a flag that npm
// does not know to have one, is an argument of the script.
import { readFileSync } from 'node:fs';
import { delimiter } from 'node:path';

/** The flags of the program, as `--help` shows them, but for `--json`: npm has a flag of that name. */
export function readFlags() {
  const settings = ['../src/settings.ts', '../src/cli/control-settings.ts'].map((file) =>
    readFileSync(new URL(file, import.meta.url), 'utf8'),
  );
  const flags = [...settings.join('').matchAll(/\bflag: '(--[^']+)'/g)].map(([, flag]) => flag);
  return flags.filter((flag) => flag !== '--json');
}

const SECRETS = ['--api-key', '--control-token'];
const SEED_COMMANDS = ['init', 'validate', 'schema'];
const CONTROL_COMMANDS = ['reset', 'snapshot', 'restore', 'state', 'requests', 'sandboxes'];
const COMMANDS = ['serve', 'exec', 'health', 'openapi', 'help', ...SEED_COMMANDS, ...CONTROL_COMMANDS];

const variableOf = (flag) => `npm_config_${flag.split(' ')[0].slice(2).replaceAll('-', '_')}`;

/**
 * What a person has to type before flags: npm hides them behind `--`. Undefined where no package manager ran `start`.
 * @param {NodeJS.ProcessEnv} env
 */
export function toCommand(env) {
  if (env.npm_lifecycle_event !== 'start') return undefined;
  const [manager] = (env.npm_config_user_agent ?? 'npm').split('/');
  return manager === 'npm' ? 'npm start --' : `${manager} start`;
}

/** pnpm passes on the `--` that npm needs. */
export const withoutSeparator = (args) => (args[0] === '--' ? args.slice(1) : args);

/**
 * What npm kept from the program, and how to type it; undefined where nothing is missing.
 * @param {string[]} args those of the script
 * @param {NodeJS.ProcessEnv} env
 * @returns {{ message: string, isCertain: boolean } | undefined} not certain where something else may have set it
 */
export function findSwallowedFlags(args, env) {
  if (toCommand(env) !== 'npm start --') return undefined;
  const values = args.slice(
    0,
    [...args, '-'].findIndex((arg) => arg.startsWith('-')),
  );
  const command = COMMANDS.includes(values[0]) ? [values.shift()] : [];
  const swallowed = readFlags().filter((flag) => isGiven(flag, env[variableOf(flag)]));
  // npm's own -p is --parseable.
  if (env.npm_config_parseable === 'true' && /^\d+$/.test(values[0] ?? '')) swallowed.push('-p <number>');
  if (swallowed.length === 0) return undefined;
  const typed = swallowed.map((flag) => toTyped(flag, env, swallowed.length === 1 && values.length === 1 && values[0]));
  const rest = args.length > values.length + command.length ? ' …' : '';
  const isCertain = !isNested(env) && !swallowed.every((flag) => isInNpmrc(flag, env));
  const example = `npm start -- ${[...command, ...typed].join(' ')}${rest}`;
  const names = swallowed.map((flag) => flag.split(' ')[0]).join(', ');
  const message = isCertain
    ? `npm took ${names} for itself; what is meant for mixpeek-mock goes behind --: ${example}`
    : `${names} is set for npm (by an outer script, or an .npmrc) and not for mixpeek-mock; if it is meant: ${example}`;
  return { message, isCertain };
}

/** `--no-reset` and `--port=` come as empty values. */
const isGiven = (flag, value) => value !== undefined && value !== '' && (flag.includes(' ') || value !== 'false');

function toTyped(flag, env, nextValue) {
  const [name, placeholder] = flag.split(' ');
  if (placeholder === undefined) return name;
  const value = env[variableOf(flag)];
  // Without `=` npm took the flag for a switch. Two such values could stand in any order.
  const given = value === undefined || value === 'true' ? nextValue || placeholder : value;
  return `${name} ${SECRETS.includes(name) || !/^[\w.:/@=-]+$/.test(given) ? placeholder : given}`;
}

/** Each npm that runs a script puts such a folder on PATH: with two of them the flag may be an outer script's. */
const isNested = (env) =>
  (env.PATH ?? '').split(delimiter).filter((folder) => /[\\/]node-gyp-bin$/.test(folder)).length > 1;

function isInNpmrc(flag, env) {
  const name = flag.split(' ')[0].slice(2);
  return ['.npmrc', env.npm_config_userconfig, env.npm_config_globalconfig].some((file) => {
    try {
      return new RegExp(`^\\s*${name}\\s*=`, 'm').test(readFileSync(file, 'utf8'));
    } catch {
      return false;
    }
  });
}
