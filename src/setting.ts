import * as z from 'zod';
import { redactKeys } from './domain/redact.ts';
import { escapeControls } from './domain/text.ts';

/** All there is to know about a setting but its effect. */
export interface Setting {
  /** As in `--help`. */
  flag: string;
  short?: string;
  description: string;
  /** Reads the text of a value, or the list of texts of a repeatable one; the default, if there is none. */
  schema: z.ZodType;
  /** For the message that refuses a value. */
  allowed: string;
  default?: string;
  isRepeatable?: boolean;
  /** A message does not repeat the value, and a variable may name a file that has it. */
  isSecret?: boolean;
  /** It has no variable: what one command is to do must not be what every command does. */
  isFlagOnly?: boolean;
}

/** A value cannot be used. The message is one line: the flag, what was given, what is allowed. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

export type Values<T extends Record<string, Setting>> = { [Name in keyof T]: z.output<T[Name]['schema']> };

/** The text of a value, and where it is from: a flag, a variable, an option. */
export interface Given {
  value: string | string[];
  source: string;
}

/**
 * The value of each setting: what is given, else its default.
 * @throws {ConfigError} naming the source
 */
export function readSettings<T extends Record<string, Setting>>(
  settings: T,
  find: (name: string, setting: Setting) => Given | undefined,
): Values<T> {
  const values = Object.entries(settings).map(([name, setting]) => [name, readSetting(setting, find(name, setting))]);
  return Object.fromEntries(values);
}

function readSetting({ schema, default: fallback, allowed, isSecret }: Setting, given: Given | undefined): unknown {
  if (given !== undefined) refuseQuotes(given);
  const parsed = schema.safeParse(given?.value ?? fallback);
  if (parsed.success) return parsed.data;
  const { value = '', source } = given ?? {};
  const [index] = parsed.error.issues[0]?.path ?? [];
  const secret = index === undefined ? 'the value' : `value ${Number(index) + 1}`;
  // A URL may have a token for its password.
  const masked = redactKeys(String(value).replace(/(?<=:\/\/).*@/s, '…@'));
  const shown = `'${escapeControls(masked)}' was given`;
  const problem = isSecret ? `${secret} cannot be used, and is not repeated here` : shown;
  throw new ConfigError(`${source}: ${problem}; allowed: ${allowed}`);
}

/**
 * Shells and YAML remove quotes; `.env` files and cmd.exe may keep them, and `"mock.db"` is another file.
 * @throws {ConfigError} naming the source, but not the value
 */
export function refuseQuotes({ source, value }: Given): void {
  if ([value].flat().some((one) => /^(["'`]).*\1$/s.test(one))) {
    throw new ConfigError(`${source}: there are quotes around the value: write it without them`);
  }
}

// What the text of a value becomes, and what is allowed, in words.
export const text = (allowed: string) => ({ schema: z.string().min(1), allowed });
export const oneOf = <const T extends readonly string[]>(values: T) => ({
  schema: z.enum(values),
  allowed: values.join(', '),
});
/** What a state has too: a flag takes precedence over what is stored. */
export const stored = <const T extends readonly string[]>(values: T) => ({
  ...oneOf(values),
  schema: z.enum(values).optional(),
});
/** What holds without such a flag, for its description. */
export const elseStored = (fallback: string) => `without it what the database or the seed says, else ${fallback}`;
/** A flag takes no value; its variable has one. */
export const toggle = {
  schema: z.stringbool({ truthy: ['true', '1'], falsy: ['false', '0'], case: 'sensitive' }).default(false),
  allowed: 'true, false, 1, 0',
};
export const integer = (min: number, max: number) => ({
  schema: z.preprocess((value) => Number(/^\d{1,7}$/.exec(String(value))?.[0]), z.number().min(min).max(max)),
  allowed: `${min} to ${max}`,
});
export function toMilliseconds(value: unknown): number {
  const [, count, unit] = /^([1-9]\d{0,8})(ms|s|m)$/.exec(String(value)) ?? [];
  return Number(count) * (unit === 'ms' ? 1 : unit === 's' ? 1000 : 60_000);
}
export const duration = {
  // A timer of more than 2^31 ms, 24.8 days, would end at once.
  schema: z.preprocess(toMilliseconds, z.number().max(24 * 24 * 60 * 60_000)),
  allowed: 'a duration like 500ms, 30s or 2m; at most 24 days',
};
