import type { OrganizationUpdate } from '../../src/domain/organization.ts';

/** An organization in which no member is at its default: what loses one is seen. As a seed file has it. */
export const FULL_SEED = `
version: 1
tiers:
  team: { monthly_credits: 2000000, metadata: 210, data: 110, search: 105, upload: 55, compute: 51 }
organizations:
  - organization_id: org_full
    organization_name: Full & Filled
    logo_url: https://example.com/full.png
    account_type: team
    credit_count: 123456
    metadata: { id: 12345678901234567890, "10": 1.10, "2": [null, { __proto__: x }] }
    billing_email: Billing.Desk@example.com
    rate_limits_override: { search: 77, compute: 9 }
    auto_billing_enabled: true
    billing_cycle_start: 17
    current_month_usage: 4321
    created_at: 2024-02-29T12:34:56.789012Z
    updated_at: 2025-03-01T01:02:03Z
    users: [{ user_id: usr_1, seats: 98765432109876543210 }, {}]
    api_keys:
      - { key: sk_test_full, permissions: [admin], name: ci, expires_at: 2040-01-01T00:00:00Z }
`;

export const FULL_KEY = 'sk_test_full';

/** What is answered for it, as text: an object would lose digits. */
export const FULL_ANSWER =
  '{"organization_id":"org_full","organization_name":"Full & Filled","logo_url":"https://example.com/full.png",' +
  '"account_type":"team","credit_count":123456,"metadata":{"id":12345678901234567890,"10":1.10,"2":[null,{"__proto__":"x"}]},' +
  '"billing_email":"Billing.Desk@example.com","rate_limits":{"metadata":210,"data":110,"search":77,"upload":55,"compute":9},' +
  '"auto_billing_enabled":true,"billing_cycle_start":17,"current_month_usage":4321,' +
  '"created_at":"2024-02-29T12:34:56.789012Z","updated_at":"2025-03-01T01:02:03Z",' +
  '"users":[{"user_id":"usr_1","seats":98765432109876543210},{}]}';

/** A change of every member that can be changed, and what each is then, as JSON text in the order of the response. */
export const FULL_UPDATE = {
  organization_name: 'Renamed',
  logo_url: null,
  billing_email: 'other@example.com',
  metadata: { new: true },
  rate_limits: { data: 5 },
} satisfies Record<keyof OrganizationUpdate, unknown>;

export const FULL_CHANGES: [member: string, before: string, after: string][] = [
  ['organization_name', '"Full & Filled"', '"Renamed"'],
  ['logo_url', '"https://example.com/full.png"', 'null'],
  ['metadata', '{"id":12345678901234567890,"10":1.10,"2":[null,{"__proto__":"x"}]}', '{"new":true}'],
  ['billing_email', '"Billing.Desk@example.com"', '"other@example.com"'],
  [
    'rate_limits',
    '{"metadata":210,"data":110,"search":77,"upload":55,"compute":9}',
    '{"metadata":210,"data":5,"search":77,"upload":55,"compute":9}',
  ],
];

/** The answer after {@link FULL_UPDATE}, at the time given. */
export const FULL_UPDATED = (updated_at: string) =>
  FULL_CHANGES.reduce(
    (text, [member, before, after]) => text.replace(`"${member}":${before}`, `"${member}":${after}`),
    FULL_ANSWER,
  ).replace('2025-03-01T01:02:03Z', updated_at);
