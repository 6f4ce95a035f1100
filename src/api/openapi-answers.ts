import { type ErrorAnswer, toErrorAnswer } from '../wire/envelope.ts';

/** What can come back, for the OpenAPI document. */
interface Answer {
  description: string;
  headers: string[];
  schema: string;
  example: unknown;
}

const header = (description: string, example: string) => ({ description, schema: { type: 'string' }, example });
const count = (description: string, example: number) => ({ description, schema: { type: 'integer' }, example });

export const HEADERS = {
  'X-Request-Id': header("The caller's, if it sent one, else a new one", 'req_0123456789abcdef01234567'),
  'X-Mixpeek-Mock-Hint': header('What to do next; not of the real service', 'rate_limits.data: must be an integer'),
  'X-RateLimit-Limit': count('Requests per minute; these four are absent with --limits off', 100),
  'X-RateLimit-Remaining': count('Requests that would pass at once', 99),
  'X-RateLimit-Reset': count('When all of them are there again, in Unix seconds', 1_767_225_601),
  'X-RateLimit-Window': count('Seconds in which that many pass', 60),
  'Retry-After': count('Seconds until one more passes', 1),
  'WWW-Authenticate': header('The scheme that is asked for', 'Bearer'),
};

const ORGANIZATION = {
  organization_id: 'org_demo123',
  organization_name: 'Acme Corporation',
  logo_url: null,
  account_type: 'pro',
  credit_count: 250_000,
  metadata: { region: 'eu' },
  billing_email: 'billing@example.com',
  rate_limits: { metadata: 100, data: 60, search: 500, upload: 30, compute: 30 },
  auto_billing_enabled: false,
  billing_cycle_start: 1,
  current_month_usage: 0,
  created_at: '2025-01-01T00:00:00Z',
  updated_at: '2026-01-01T12:00:00.250000Z',
  users: null,
};

const exampleOf = ({ body }: ErrorAnswer): unknown => JSON.parse(body);
const ALWAYS = ['X-Request-Id'];
const HINTED = ['X-Request-Id', 'X-Mixpeek-Mock-Hint'];
const LIMITS = ['X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset', 'X-RateLimit-Window'];

export const STATUSES = {
  200: {
    description: 'The organization',
    headers: [...ALWAYS, ...LIMITS],
    schema: 'OrganizationModelResponse',
    example: ORGANIZATION,
  },
  400: {
    description: 'The request cannot be read',
    headers: [...ALWAYS, ...LIMITS],
    schema: 'ErrorResponse',
    example: exampleOf(toErrorAnswer({ code: 'bad_request', message: 'There was an error parsing the body' })),
  },
  401: {
    description: 'No key, or one that is malformed, unknown, revoked or expired',
    headers: [...HINTED, 'WWW-Authenticate'],
    schema: 'ErrorResponse',
    example: exampleOf(toErrorAnswer({ code: 'unauthorized', message: 'Invalid API key', hint: '' })),
  },
  403: {
    description: 'The key lacks the permission',
    headers: HINTED,
    schema: 'ErrorResponse',
    example: exampleOf(toErrorAnswer({ code: 'forbidden', required: 'admin', granted: ['read'] })),
  },
  404: {
    description: 'Documented for the real service; this server always finds the organization of a key',
    headers: [...ALWAYS, ...LIMITS],
    schema: 'ErrorResponse',
    example: exampleOf(toErrorAnswer({ code: 'not_found' })),
  },
  413: {
    description: 'The body is longer than 1 MiB',
    headers: [...ALWAYS, ...LIMITS],
    schema: 'ErrorResponse',
    example: exampleOf(toErrorAnswer({ code: 'body_too_large', limit_bytes: 1_048_576 })),
  },
  422: {
    description: 'The body is refused: all errors, as pydantic tells them',
    headers: [...HINTED, ...LIMITS],
    schema: 'HTTPValidationError',
    example: exampleOf(
      toErrorAnswer({
        code: 'invalid_body',
        errors: [
          {
            type: 'greater_than_equal',
            loc: ['body', 'rate_limits', 'search'],
            msg: 'Input should be greater than or equal to 1',
            ctx: { ge: 1 },
          },
        ],
      }),
    ),
  },
  429: {
    description: 'Beyond the limit, with --limits enforce',
    headers: [...HINTED, ...LIMITS, 'Retry-After'],
    schema: 'ErrorResponse',
    example: exampleOf(
      toErrorAnswer({
        code: 'rate_limited',
        limit: 100,
        window: '1m',
        retry_after: 1,
        category: 'metadata',
        api_name: 'organizations.get',
      }),
    ),
  },
  500: {
    description: 'A bug of this server',
    headers: [...ALWAYS, ...LIMITS],
    schema: 'ErrorResponse',
    example: {
      success: false,
      status: 500,
      error: { type: 'InternalServerError', message: 'Internal server error', details: {} },
    },
  },
} satisfies Record<number, Answer>;
export type Status = keyof typeof STATUSES;

export const EXAMPLES = {
  update: {
    metadata: { summary: 'Replace the metadata', value: { metadata: { region: 'eu', plan: { seats: 5 } } } },
    limits: { summary: 'Override one limit', value: { rate_limits: { search: 500 } } },
    all: {
      summary: 'Every member',
      value: {
        organization_name: 'Acme Corporation',
        logo_url: 'https://example.com/logo.png',
        billing_email: 'billing@example.com',
        metadata: { region: 'eu' },
        rate_limits: { metadata: 200, data: 100, search: 100, upload: 50, compute: 50 },
      },
    },
    reset: { summary: 'Back to the defaults', value: { logo_url: null, metadata: null, rate_limits: null } },
  },
};
