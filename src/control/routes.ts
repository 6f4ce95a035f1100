import * as z from 'zod';
import { DEFAULT_SANDBOX } from '../domain/state.ts';
import type { DocumentedResponse, Examples } from '../http/openapi.ts';
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
/** Without the bounds of safe integers, which Zod would add. */
export const integer = () => z.number().meta({ type: 'integer' });

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
