import * as z from 'zod';
import { normalizeTimestamp, toMilliseconds } from '../domain/clock.ts';
import { RATE_LIMIT_CATEGORIES } from '../domain/rate-limits.ts';
import { DEFAULT_SANDBOX } from '../domain/state.ts';
import { type DocumentedResponse, type Examples, integer } from '../http/openapi.ts';
import type { LiveSandbox } from '../sandbox/sandboxes.ts';

/**
 * The sandbox that a path names.
 * @throws the refusal `not_found`
 */
export type FindSandbox = (params: z.output<typeof InSandbox>) => Promise<LiveSandbox>;

/** Parameters of a path under a sandbox. */
export const InSandbox = z.object({
  sandbox_id: z.string().meta({ default: DEFAULT_SANDBOX, description: 'There is one sandbox' }),
});

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

export const refusal = (description: string) => toResponse(description, ErrorResponse);

function toResponse<S extends z.ZodType>(description: string, schema: S, examples?: Examples): DocumentedResponse<S> {
  return { description, content: { 'application/json': { schema, ...(examples && { examples }) } } };
}
