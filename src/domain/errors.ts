import type { Permission } from './api-key.ts';
import type { RateLimitCategory } from './rate-limits.ts';

/** An error of a request body as pydantic v2 reports it. */
export interface BodyError {
  type: string;
  loc: (string | number)[];
  msg: string;
  ctx?: Record<string, unknown>;
}

/** The code of a system error, like `ENOENT`; else its message. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}

/** Every refusal, with what its response needs. */
export type Refusal =
  | { code: 'bad_request'; message: string; hint: string }
  | { code: 'unauthorized'; message: string; hint: string }
  | { code: 'forbidden'; required: Permission; granted: readonly Permission[] }
  | { code: 'foreign_origin'; message: string; hint: string }
  | { code: 'not_found'; hint: string; message?: string; details?: Record<string, unknown> }
  | { code: 'conflict'; message: string; hint: string; details: Record<string, unknown> }
  | { code: 'precondition_failed' }
  | { code: 'range_not_satisfiable' }
  | { code: 'method_not_allowed'; allowed: readonly string[] }
  | { code: 'body_too_large'; limit_bytes: number }
  | { code: 'invalid_body'; errors: BodyError[] }
  | { code: 'not_implemented'; served: readonly string[] }
  | { code: 'incomplete'; message: string; hint: string }
  | { code: 'unavailable'; hint: string }
  | {
      code: 'rate_limited';
      hint: string;
      /** Requests per minute. */
      limit: number;
      window: string;
      /** Whole seconds, at least 1. */
      retry_after: number;
      category: RateLimitCategory;
      /** The resource and the operation: `organizations.update`. */
      api_name: string;
    };

/** Thrown where a request is refused; `http/envelope.ts` turns it into a response. */
export class RefusalError extends Error {
  override name = 'RefusalError';
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.code);
    this.refusal = refusal;
  }
}

export const badRequest = (message: string, hint: string) => new RefusalError({ code: 'bad_request', message, hint });
export const unauthorized = (message: string, hint: string) =>
  new RefusalError({ code: 'unauthorized', message, hint });
export const foreignOrigin = (message: string, hint: string) =>
  new RefusalError({ code: 'foreign_origin', message, hint });
export const notFound = (hint: string, more: { message?: string; details?: Record<string, unknown> } = {}) =>
  new RefusalError({ code: 'not_found', hint, ...more });
export const conflict = (message: string, hint: string, details: Record<string, unknown> = {}) =>
  new RefusalError({ code: 'conflict', message, hint, details });
export const methodNotAllowed = (allowed: readonly string[]) =>
  new RefusalError({ code: 'method_not_allowed', allowed });
export const invalidBody = (errors: BodyError[]) => new RefusalError({ code: 'invalid_body', errors });
/** What is asked can no longer be answered: unlike with `unavailable`, asking again changes nothing. */
export const incomplete = (message: string, hint: string) => new RefusalError({ code: 'incomplete', message, hint });
export const unavailable = (hint: string) => new RefusalError({ code: 'unavailable', hint });
