import { type ErrorAnswer, toErrorAnswer } from '../wire/envelope.ts';

/** An operation, as far as its answers differ from those of the other. */
export interface Operation {
  permission: 'read' | 'admin';
  api_name: string;
}

/** What can come back, for the OpenAPI document. */
interface Answer {
  description: string;
  headers: string[];
  schema: string;
  /** Bodies as this server answers them, by name; each is a transcript. */
  toExamples(operation: Operation): Record<string, { summary?: string; value: unknown }>;
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

/** The organization of the demo key after a reset. */
const DEMO = {
  organization_id: 'org_demo123',
  organization_name: 'Acme Corporation',
  logo_url: null,
  account_type: 'pro',
  credit_count: 250_000,
  metadata: {},
  billing_email: null,
  rate_limits: { metadata: 100, data: 60, search: 60, upload: 30, compute: 30 },
  auto_billing_enabled: false,
  billing_cycle_start: 1,
  current_month_usage: 0,
  created_at: '2025-01-01T00:00:00Z',
  updated_at: '2025-01-01T00:00:00Z',
  users: null,
};

/** What `--clock` was when the examples were recorded. */
const RECORDED_AT = '2026-01-01T00:00:00Z';

interface Update {
  summary: string;
  request: Record<string, unknown>;
  /** What differs from the organization before. */
  changed: Partial<Record<keyof typeof DEMO, unknown>>;
}

const EVERY_MEMBER = {
  organization_name: 'Acme Incorporated',
  logo_url: 'https://example.com/logo.png',
  billing_email: 'billing@example.com',
  metadata: { region: 'eu' },
  rate_limits: { metadata: 200, data: 100, search: 100, upload: 50, compute: 50 },
};

/** Each update of the demo organization after a reset, and what comes of it. */
const UPDATES: Record<string, Update> = {
  metadata: {
    summary: 'Replace the metadata',
    request: { metadata: { region: 'eu', plan: { seats: 5 } } },
    changed: { metadata: { region: 'eu', plan: { seats: 5 } }, updated_at: RECORDED_AT },
  },
  limits: {
    summary: 'Override one limit',
    request: { rate_limits: { search: 500 } },
    changed: { rate_limits: { ...DEMO.rate_limits, search: 500 }, updated_at: RECORDED_AT },
  },
  all: {
    summary: 'Every member',
    request: EVERY_MEMBER,
    changed: { ...EVERY_MEMBER, updated_at: RECORDED_AT },
  },
  reset: {
    summary: 'Back to the defaults; nothing changes where they hold',
    request: { logo_url: null, metadata: null, rate_limits: null },
    changed: {},
  },
};

/** The bodies that the page offers, each with a response example of the same name. */
export const UPDATE_EXAMPLES = Object.fromEntries(
  Object.entries(UPDATES).map(([name, { summary, request }]) => [name, { summary, value: request }]),
);

const UPDATED = Object.fromEntries(
  Object.entries(UPDATES).map(([name, { summary, changed }]) => [name, { summary, value: { ...DEMO, ...changed } }]),
);

const ALWAYS = ['X-Request-Id'];
const HINTED = ['X-Request-Id', 'X-Mixpeek-Mock-Hint'];
const LIMITS = ['X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset', 'X-RateLimit-Window'];

const exampleOf = ({ body }: ErrorAnswer) => ({ example: { value: JSON.parse(body) as unknown } });
const NOT_READABLE = {
  read: 'A request needs a Host header',
  admin: 'There was an error parsing the body',
};
const TOO_LOW = {
  type: 'greater_than_equal',
  loc: ['body', 'rate_limits', 'search'],
  msg: 'Input should be greater than or equal to 1',
  ctx: { ge: 1 },
};

export const STATUSES = {
  200: {
    description: 'The organization',
    headers: [...ALWAYS, ...LIMITS],
    schema: 'OrganizationModelResponse',
    toExamples: ({ permission }) =>
      permission === 'read' ? { demo: { summary: "The demo key's, after a reset", value: DEMO } } : UPDATED,
  },
  400: {
    description: 'The request cannot be read',
    headers: [...HINTED, ...LIMITS],
    schema: 'ErrorResponse',
    toExamples: ({ permission }) =>
      exampleOf(toErrorAnswer({ code: 'bad_request', message: NOT_READABLE[permission], hint: '' })),
  },
  401: {
    description: 'No key, or one that is malformed, unknown, revoked or expired',
    headers: [...HINTED, 'WWW-Authenticate'],
    schema: 'ErrorResponse',
    toExamples: () => exampleOf(toErrorAnswer({ code: 'unauthorized', message: 'Invalid API key', hint: '' })),
  },
  403: {
    description: 'The key lacks the permission',
    headers: HINTED,
    schema: 'ErrorResponse',
    toExamples: ({ permission }) =>
      exampleOf(
        toErrorAnswer({
          code: 'forbidden',
          required: permission,
          granted: permission === 'read' ? [] : ['read'],
        }),
      ),
  },
  404: {
    description: 'Documented for the real service; this server always finds the organization of a key',
    headers: [...HINTED, ...LIMITS],
    schema: 'ErrorResponse',
    toExamples: () => exampleOf(toErrorAnswer({ code: 'not_found', hint: '' })),
  },
  413: {
    description: 'The body is longer than 1 MiB',
    headers: [...HINTED, ...LIMITS],
    schema: 'ErrorResponse',
    toExamples: () => exampleOf(toErrorAnswer({ code: 'body_too_large', limit_bytes: 1_048_576 })),
  },
  422: {
    description: 'The body is refused: all errors, as pydantic reports them',
    headers: [...HINTED, ...LIMITS],
    schema: 'HTTPValidationError',
    toExamples: () => exampleOf(toErrorAnswer({ code: 'invalid_body', errors: [TOO_LOW] })),
  },
  429: {
    description: 'Beyond the limit, with --limits enforce',
    headers: [...HINTED, ...LIMITS, 'Retry-After'],
    schema: 'ErrorResponse',
    toExamples: ({ api_name }) =>
      exampleOf(
        toErrorAnswer({
          code: 'rate_limited',
          hint: '',
          limit: 100,
          window: '1m',
          retry_after: 1,
          category: 'metadata',
          api_name,
        }),
      ),
  },
  500: {
    description: 'A bug of this server',
    headers: [...ALWAYS, ...LIMITS],
    schema: 'ErrorResponse',
    toExamples: () => ({
      example: {
        value: {
          success: false,
          status: 500,
          error: { type: 'InternalServerError', message: 'Internal server error', details: {} },
        },
      },
    }),
  },
  503: {
    description: 'The change cannot be kept now, or the storage cannot be read; nothing was changed',
    headers: [...HINTED, ...LIMITS, 'Retry-After'],
    schema: 'ErrorResponse',
    toExamples: () => exampleOf(toErrorAnswer({ code: 'unavailable', hint: '' })),
  },
} satisfies Record<number, Answer>;
export type Status = keyof typeof STATUSES;
