import * as z from 'zod';
import { normalizeTimestamp, toMilliseconds } from '../domain/clock.ts';
import { RATE_LIMIT_CATEGORIES } from '../domain/rate-limits.ts';
import { DEFAULT_SANDBOX, DEFAULT_SETTINGS } from '../domain/state.ts';
import { type DocumentedResponse, type EmptyResponse, type Examples, integer } from '../http/openapi.ts';
import type { LiveSandbox } from '../sandbox/sandboxes.ts';

/**
 * The sandbox that a path names.
 * @throws the refusal `not_found`
 */
export type FindSandbox = (params: z.output<typeof InSandbox>) => Promise<LiveSandbox>;

const DEFAULT_LIMIT = 100;
export const MAX_LIMIT = 1000;
/** A number in a query. */
export const number = (description: string, minimum = 0, maximum = 999_999_999_999_999) =>
  z
    .string()
    .refine((text) => /^\d{1,15}$/.test(text), 'expected a whole number')
    .transform(Number)
    .refine((value) => value >= minimum && value <= maximum, `expected ${minimum} to ${maximum}`)
    .meta({ type: 'integer', minimum, maximum, description });

/** Parameters of a path under a sandbox. */
export const InSandbox = z.object({
  sandbox_id: z.string().meta({ default: DEFAULT_SANDBOX, description: 'As POST /_mock/sandboxes gave it' }),
});

/** The query of a list that is answered in parts. */
export const Paging = z.strictObject({
  limit: number('Items of a page', 1, MAX_LIMIT).default(DEFAULT_LIMIT),
  cursor: number('The next of the page before').default(0),
});
export const next = integer().nullable().describe('The cursor of the next page; null on the last one');

/** What a sandbox may be called that a client names. */
export const SANDBOX_ID = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'expected letters, digits, _ and -, 64 at most')
  .meta({ default: DEFAULT_SANDBOX });

/** Bytes that a body with a seed may have. */
export const SEED_LIMIT = 64 * 1024 * 1024;

/** What a reset, a restore or an import replaces. */
export const listReplaced = () => ['organizations', 'api_keys', ...Object.keys(DEFAULT_SETTINGS), 'requests'];

/** What a reset, a restore or an import leaves. */
export const Undo = {
  before: z
    .string()
    .nullable()
    .describe('The snapshot that has what was there before: restore it, and all but the requests is back'),
};

/** The body of what needs none: an empty object, or no body at all. */
export const NoMembers = z.strictObject({});

export const time = () => z.string().meta({ format: 'date-time' });
/** A time as it is sent; the outcome is in milliseconds since 1970. A date alone is taken as its first moment, too. */
export const sentTime = () =>
  z
    .string()
    .transform((text, context) => {
      const normalized = normalizeTimestamp(text);
      if (normalized !== undefined) return toMilliseconds(normalized);
      context.addIssue({ code: 'custom', message: 'expected a time like 2026-01-01T00:00:00Z' });
      return z.NEVER;
    })
    .meta({ format: 'date-time' });
export const category = z.enum(RATE_LIMIT_CATEGORIES);

const ErrorResponse = z
  .strictObject({
    success: z.literal(false),
    status: integer(),
    error: z.strictObject({ type: z.string(), message: z.string(), details: z.record(z.string(), z.unknown()) }),
    detail: z
      .array(z.strictObject({ type: z.string(), loc: z.array(z.union([z.string(), integer()])), msg: z.string() }))
      .optional()
      .describe('Of a 422: where, and what would be right'),
  })
  .meta({ id: 'ErrorResponse' });

/** What a route answers when it did what it was asked to. */
export const done = <S extends z.ZodType>(schema: S, value: z.input<S>) =>
  toResponse('Done', schema, { example: { value } });

/** What a route without an answer documents. */
export const GONE: EmptyResponse = { description: 'Done' };

export const refusal = (description: string) => toResponse(description, ErrorResponse);

function toResponse<S extends z.ZodType>(description: string, schema: S, examples?: Examples): DocumentedResponse<S> {
  return { description, content: { 'application/json': { schema, ...(examples && { examples }) } } };
}
