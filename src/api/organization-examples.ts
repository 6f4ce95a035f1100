import { buildOrganization, type OrganizationModel, toOrganizationJson } from '../domain/organization.ts';
import { DEFAULT_TIERS, limitsOf } from '../domain/rate-limits.ts';
import type { Examples } from '../http/openapi.ts';

const CREATED_AT = '2025-01-01T00:00:00Z';
const ORGANIZATION = buildOrganization(
  { organization_id: 'org_demo123', organization_name: 'Acme Corporation', account_type: 'pro', credit_count: 250_000 },
  DEFAULT_TIERS,
  CREATED_AT,
);
/** The organization of the demo key after a reset. */
const DEMO: OrganizationModel = JSON.parse(toOrganizationJson(ORGANIZATION, limitsOf(DEFAULT_TIERS, ORGANIZATION)));

export const GET_EXAMPLES: Examples = { demo: { summary: "The demo key's, after a reset", value: DEMO } };
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
export const UPDATE_EXAMPLES: Examples = Object.fromEntries(
  Object.entries(UPDATES).map(([name, { summary, request }]) => [name, { summary, value: request }]),
);

export const UPDATED_EXAMPLES: Examples = Object.fromEntries(
  Object.entries(UPDATES).map(([name, { summary, changed }]) => [name, { summary, value: { ...DEMO, ...changed } }]),
);
