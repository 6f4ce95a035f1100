import * as z from 'zod';
import { normalizeTimestamp, TIMESTAMP_SHAPE } from '../domain/clock.ts';
import { MAX_RATE_LIMIT } from '../domain/rate-limits.ts';
import { isStorable } from '../domain/text.ts';
import { validateEmail } from '../pydantic/email.ts';
import type { SeedIssue } from './issues.ts';
import { JsonText } from './source.ts';
import { didYouMean, toFound, toMessage } from './words.ts';

/** After this many problems checking stops: nobody reads more, and a large file may have millions. */
export const MAX_ISSUES = 50;

/**
 * What the JSON Schema of a seed says of a schema that zod cannot see: what a refinement demands, or what is behind a
 * transform. Patterns are those that every engine of regular expressions reads.
 */
export const KEYWORDS = z.registry<{ writtenAs?: () => unknown; [keyword: string]: unknown }>();

/** What became of a value: itself as it is used, or what is wrong with it. */
interface Checked<T> {
  data?: T;
  issues?: SeedIssue[];
}

/** An object without unknown members. */
export const strictObject = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? Object.keys(shape).join() : undefined),
  });

/**
 * An item of a list that was checked while the list was read: what it was read from need not be kept until all are read, which
 * takes a quarter less time and memory.
 */
export class CheckedItem<T> {
  readonly checked: Checked<T>;

  constructor(checked: Checked<T>) {
    this.checked = checked;
  }
}

/** A list whose items are checked one by one, so that checking can stop. */
export const list = <Item extends z.ZodType>(item: Item, ifEmpty?: string) =>
  z
    .array(z.unknown())
    .transform((given, context): z.output<Item>[] => {
      if (given.length === 0 && ifEmpty !== undefined) context.addIssue({ code: 'custom', message: ifEmpty });
      const items: z.output<Item>[] = [];
      let count = 0;
      for (const [index, value] of given.entries()) {
        const { data, issues = [] } =
          value instanceof CheckedItem ? (value.checked as Checked<z.output<Item>>) : check(item, value);
        if (data !== undefined) items.push(data);
        for (const { path, message } of issues) context.addIssue({ code: 'custom', path: [index, ...path], message });
        count += issues.length;
        if (count >= MAX_ISSUES) break;
      }
      return items;
    })
    .register(KEYWORDS, { writtenAs: () => (ifEmpty === undefined ? z.array(item) : z.array(item).min(1)) });

export const oneOf = <const Values extends readonly string[]>(values: Values) =>
  z.enum(values, { error: ({ input }) => didYouMean(typeof input === 'string' ? input : '', values) });

export const storable = z
  .string()
  .refine(isStorable, 'null characters and unpaired surrogates are not allowed')
  .register(KEYWORDS, { pattern: '^[^\\x00]*$' });

export const wholeNumber = (min: number, max: number) =>
  z
    .custom<number>((value) => Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max, {
      error: ({ input }) =>
        `expected a whole number from ${min} to ${max}${typeof input === 'number' ? '' : `, found ${toFound(input)}`}`,
    })
    .meta({ type: 'integer', minimum: min, maximum: max });
export const count = wholeNumber(0, Number.MAX_SAFE_INTEGER);
export const limit = wholeNumber(1, MAX_RATE_LIMIT);

export const timestamp = z
  .string()
  .transform((text, context) => {
    const normalized = normalizeTimestamp(text);
    if (normalized !== undefined) return normalized;
    context.addIssue({ code: 'custom', message: 'expected a time like 2027-01-01T00:00:00Z' });
    return z.NEVER;
  })
  .register(KEYWORDS, { pattern: TIMESTAMP_SHAPE.source });

export const email = storable
  .transform((text, context) => {
    const verdict = validateEmail(text);
    if ('address' in verdict) return verdict.address;
    context.addIssue({ code: 'custom', message: `is not an e-mail address: ${verdict.reason}` });
    return z.NEVER;
  })
  .register(KEYWORDS, { pattern: '^[^\\x00]+@[^\\x00]+$' });

export const jsonText = (isValid: (text: string) => boolean, what: string, type: z.GlobalMeta) =>
  z
    .custom<JsonText>((value) => value instanceof JsonText && isValid(value.text), { error: `expected ${what}` })
    .transform(({ text }) => text)
    .meta(type);
export const isObject = (text: string) => text.startsWith('{');
const Objects = z.array(z.looseObject({}));
export const isArrayOfObjects = (text: string) => Objects.safeParse(JSON.parse(text)).success;

export const isObjectOfStrings = (text: string) =>
  isObject(text) && Object.values<unknown>(JSON.parse(text)).every((value) => typeof value === 'string');

/** What a schema gives, or its problems in our words. */
export function check<T extends z.ZodType>(schema: T, input: unknown): Checked<z.output<T>> {
  const parsed = schema.safeParse(input, { error: toMessage });
  return parsed.success ? { data: parsed.data } : { issues: parsed.error.issues.flatMap(toSeedIssues) };
}

function toSeedIssues({ path, message, ...issue }: z.core.$ZodIssue): SeedIssue[] {
  if (issue.code !== 'unrecognized_keys') return [{ path, message }];
  // `strictObject` put the names that it knows into the message.
  const known = message.split(',');
  return issue.keys.slice(0, MAX_ISSUES).map((key) => ({
    path: [...path, key],
    message: `unknown member: ${didYouMean(key, known)}`,
  }));
}
