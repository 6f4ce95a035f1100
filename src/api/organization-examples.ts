import { type ApiVersion, DEFAULT_API_VERSION } from '../domain/api-version.ts';
import { buildOrganization, toOrganizationJson } from '../domain/organization.ts';
import { DEFAULT_TIERS, limitsOf } from '../domain/rate-limits.ts';
import type { Examples } from '../http/openapi.ts';

const CREATED_AT = '2025-01-01T00:00:00Z';
const ORGANIZATION = buildOrganization(
  { organization_id: 'org_demo123', organization_name: 'Acme Corporation', account_type: 'pro', credit_count: 250_000 },
  DEFAULT_TIERS,
  CREATED_AT,
);
/** What `--clock` was when the examples were recorded. */
const RECORDED_AT = '2026-01-01T00:00:00Z';

type Members = Record<string, unknown>;

interface Update {
  summary: string;
  request: Members;
  /** What differs from the organization before. */
  changed: Members;
}

const LIMITS = { metadata: 200, data: 100, search: 100, upload: 50, compute: 50 };
const EVERY_MEMBER = {
  organization_name: 'Acme Incorporated',
  logo_url: 'https://example.com/logo.png',
  billing_email: 'billing@example.com',
  metadata: { region: 'eu' },
};
const CREDENTIALS = { openai: 'openai-key' };
const EVERY_OTHER_MEMBER = { notifications_email: 'alerts@example.com', default_llm_credentials: CREDENTIALS };

/** Each update of the demo organization after a reset, and what comes of it. */
const buildUpdates = (limits: Members, name: string) => ({
  metadata: {
    summary: 'Replace the metadata',
    request: { metadata: { region: 'eu', plan: { seats: 5 } } },
    changed: { metadata: { region: 'eu', plan: { seats: 5 } }, updated_at: RECORDED_AT },
  },
  limits: {
    summary: 'Override one limit',
    request: { [name]: { search: 500 } },
    changed: { rate_limits: { ...limits, search: 500 }, updated_at: RECORDED_AT },
  },
  reset: {
    summary: 'Back to the defaults; nothing changes where they hold',
    request: { logo_url: null, metadata: null, [name]: null },
    changed: {},
  },
});

/** What differs between the versions: every member, and the name of the limits. */
const BY_VERSION: Record<ApiVersion, { name: string; all: Update }> = {
  '0.81': {
    name: 'rate_limits',
    all: {
      summary: 'Every member',
      request: { ...EVERY_MEMBER, rate_limits: LIMITS },
      changed: { ...EVERY_MEMBER, rate_limits: LIMITS, updated_at: RECORDED_AT },
    },
  },
  '0.82': {
    name: 'rate_limit_overrides',
    all: {
      summary: 'Every member',
      request: {
        ...EVERY_MEMBER,
        ...EVERY_OTHER_MEMBER,
        rate_limit_overrides: LIMITS,
        nsfw_check_enabled: true,
        nsfw_fail_closed: true,
      },
      changed: { ...EVERY_MEMBER, ...EVERY_OTHER_MEMBER, rate_limits: LIMITS, updated_at: RECORDED_AT },
    },
  },
};

/** Bodies that the docs page offers, each with a response example of the same name, and the response of GET. */
export function buildExamples(version: ApiVersion = DEFAULT_API_VERSION) {
  /** The organization of the demo key after a reset. */
  const demo = JSON.parse(toOrganizationJson(ORGANIZATION, limitsOf(DEFAULT_TIERS, ORGANIZATION), version));
  const { name, all } = BY_VERSION[version];
  const { metadata, limits, reset } = buildUpdates(demo.rate_limits, name);
  const updates = Object.entries<Update>({ metadata, limits, all, reset });
  const toExamples = (toValue: (update: Update) => unknown): Examples =>
    Object.fromEntries(updates.map(([key, update]) => [key, { summary: update.summary, value: toValue(update) }]));
  const getExamples: Examples = { demo: { summary: "The demo key's, after a reset", value: demo } };
  return {
    getExamples,
    updateExamples: toExamples(({ request }) => request),
    updatedExamples: toExamples(({ changed }) => ({ ...demo, ...changed })),
  };
}
