import * as z from 'zod';
import type { Permission } from '../domain/api-key.ts';
import type { Refusal } from '../domain/errors.ts';
import { once } from '../domain/once.ts';
import type { RateLimitCategory } from '../domain/rate-limits.ts';
import type { Settings } from '../domain/state.ts';
import { BODY_LIMIT, INTERNAL_ERROR, toErrorAnswer } from '../http/envelope.ts';
import { type AddRoute, type DocumentedResponse, type Examples, integer, type OpenApiNode } from '../http/openapi.ts';

/** What every operation of the API says besides its schema: what its key must be allowed, and what it is charged to. */
export interface Operation {
  permission: Permission;
  category: RateLimitCategory;
  /** What a 429 calls the operation. */
  api_name: string;
}

/** A route of the API that needs no key is charged to nobody. */
export type AddApiRoute = AddRoute<{ config: Operation | { permission: 'none'; isJournaled: false; isProbe: true } }>;

/** The settings that a document is written for. */
export type Documented = Pick<Settings, 'api_version' | 'unknown_fields'>;

const header = (description: string, example: string) => ({ description, schema: { type: 'string' }, example });
const count = (description: string, example: number) => ({ description, schema: { type: 'integer' }, example });

/** The headers of responses, for the OpenAPI document. */
export const HEADERS = {
  'X-Request-Id': header("The caller's, if it sent one, else a new one", 'req_0123456789abcdef01234567'),
  'X-Mixpeek-Mock-Hint': header('What to do next; not of the real service', 'rate_limits.data: must be an integer'),
  'X-RateLimit-Limit': count('Requests per minute; these four are absent with --limits off', 100),
  'X-RateLimit-Remaining': count('Requests that would pass at once', 99),
  'X-RateLimit-Reset': count('When all of them are there again, in Unix seconds', 1_767_225_601),
  'X-RateLimit-Window': count('Seconds in which that many pass', 60),
  'Retry-After': count('Seconds until one more passes', 1),
  'WWW-Authenticate': header('The scheme that is asked for', 'Bearer'),
} satisfies OpenApiNode;
type HeaderName = keyof typeof HEADERS;

const LIMITS: HeaderName[] = ['X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset', 'X-RateLimit-Window'];
const HINTED: HeaderName[] = ['X-Request-Id', 'X-Mixpeek-Mock-Hint'];

export const openObject = (additionalProperties: true | { type: 'string' } = true) =>
  z.unknown().meta({ type: 'object', additionalProperties });

// What is answered is written as text: schemas of it are for documents, and a start does without.
const envelope = once(() => {
  const error = z
    .object({ message: z.string(), type: z.string(), details: openObject().nullish() })
    .meta({ id: 'ErrorDetail' });
  return { success: z.boolean().default(false), status: integer(), error };
});
const ErrorResponse = once(() => z.object(envelope()).meta({ id: 'ErrorResponse' }));
const HTTPValidationError = once(() => {
  const ValidationError = z
    .object({
      loc: z.array(z.union([z.string(), integer()])).describe('Where: body, then the member'),
      msg: z.string(),
      type: z.string().describe("pydantic's type of the error"),
      ctx: openObject().optional().describe('What the message was made of'),
    })
    .meta({ id: 'ValidationError' });
  return z.object({ ...envelope(), detail: z.array(ValidationError).optional() }).meta({ id: 'HTTPValidationError' });
});

/**
 * What is answered with 200.
 * @param build called when a document asks for the schema
 */
export const answered = <S extends z.ZodType>(
  description: string,
  build: () => S,
  examples: Examples,
  headers: readonly HeaderName[] = ['X-Request-Id', ...LIMITS],
): DocumentedResponse<S> => {
  const json = {
    get schema() {
      return build();
    },
    examples,
  };
  return { description, headers, content: { 'application/json': json } };
};

export const NO_HOST = 'A request needs a Host header';
const TOO_LOW = {
  type: 'greater_than_equal',
  loc: ['body', 'rate_limits', 'search'],
  msg: 'Input should be greater than or equal to 1',
  ctx: { ge: 1 },
};

/** What an operation refuses, with a transcript of each refusal. */
export function buildRefusals({ permission, category, api_name }: Operation, hasBody: boolean) {
  const granted: Permission[] = permission === 'read' ? [] : ['read'];
  const after = [...HINTED, ...LIMITS];
  const limited = { limit: 100, window: '1m', retry_after: 1, category, api_name };
  return {
    400: unreadable(hasBody ? 'There was an error parsing the body' : NO_HOST, after),
    401: refused('No key, or one that is malformed, unknown, revoked or expired', [...HINTED, 'WWW-Authenticate'], {
      code: 'unauthorized',
      message: 'Invalid API key',
      hint: '',
    }),
    403: refused('The key lacks the permission', HINTED, { code: 'forbidden', required: permission, granted }),
    404: refused('Documented for the real service; this server always finds the organization of a key', after, {
      code: 'not_found',
      hint: '',
    }),
    ...(hasBody && {
      413: refused('The body is longer than 1 MiB', after, { code: 'body_too_large', limit_bytes: BODY_LIMIT }),
    }),
    422: refused(
      'The body is refused: all errors, as pydantic reports them',
      after,
      { code: 'invalid_body', errors: [TOO_LOW] },
      HTTPValidationError,
    ),
    429: refused('Beyond the limit, with --limits enforce', [...after, 'Retry-After'], {
      code: 'rate_limited',
      hint: '',
      ...limited,
    }),
    500: refused('A bug of this server', ['X-Request-Id', ...LIMITS], undefined),
    503: refused(
      'The change cannot be kept now, or the storage cannot be read; nothing was changed',
      [...after, 'Retry-After'],
      { code: 'unavailable', hint: '' },
    ),
  };
}

/** @param refusal undefined for what nobody foresaw */
function refused(
  description: string,
  headers: readonly HeaderName[],
  refusal: Refusal | undefined,
  build: () => z.ZodType = ErrorResponse,
): DocumentedResponse {
  const json = {
    get schema() {
      return build();
    },
    // Written when a document asks for it.
    get examples(): Examples {
      const { body } = refusal === undefined ? INTERNAL_ERROR : toErrorAnswer(refusal);
      return { example: { value: JSON.parse(body) } };
    },
  };
  return { description, headers, content: { 'application/json': json } };
}

/** A request that cannot be read is refused before anybody asks what it is. */
export const unreadable = (message: string, headers: readonly HeaderName[]) =>
  refused('The request cannot be read', headers, { code: 'bad_request', message, hint: '' });

const plainly = (description: string): DocumentedResponse => ({
  description,
  content: {
    'application/json': {
      get schema() {
        return ErrorResponse();
      },
    },
  },
});

/** Refusals of a path by another method, or by what comes before every operation. */
export const OF_ANY_METHOD = {
  405: plainly('The path does not have the method'),
  413: plainly('The body is longer than 1 MiB'),
  501: plainly('The real service may have the path, this server does not'),
};
