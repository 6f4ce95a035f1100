import type { ApiVersion } from '../../src/domain/api-version.ts';
import type { FaultRule } from '../../src/domain/fault.ts';
import type { OrganizationUpdateRequest, OrganizationUpdateRequest082 } from '../../src/index.ts';

/** An organization in which no member is at its default: what loses one is seen. As a seed file has it. */
export const FULL_SEED = `
version: 1
tiers:
  team: { monthly_credits: 2000000, metadata: 210, data: 110, search: 105, upload: 55, compute: 51 }
faults:
  - id: flt_full
    name: a rule of every member
    match:
      { method: PATCH, path: /v1/**, api_key_id: key_a, permission: admin, organization_id: org_other, body: { n: 12345678901234567890 } }
    after_handler: true
    delay_ms: { lognormal: { median: 80, sigma: 0.5 } }
    delay_clock: sandbox
    status: 418
    headers: { X-Reason: tea }
    body: { "10": 1.10, "2": [null] }
    connection: { drip_bytes_per_second: 7 }
    times: 2
    after: 3
    every: 4
    probability: 0.5
    random_seed: 6
    expires_at: 2040-01-01T00:00:00Z
    enabled: false
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
    notifications_email: Alerts@example.com
    default_llm_credentials: { openai: "secret 1", "10": b, "2": a, __proto__: x }
    nsfw_check_enabled: true
    nsfw_fail_closed: true
    auth_provider_org_id: auth_1
    api_url: https://api.example.com
    api_keys:
      - { key: sk_test_full, permissions: [admin], name: ci, expires_at: 2040-01-01T00:00:00Z }
`;

/** Its fault rule, as it is kept. */
export const FULL_FAULT: FaultRule = {
  id: 'flt_full',
  name: 'a rule of every member',
  match: {
    method: 'PATCH',
    path: '/v1/**',
    api_key_id: 'key_a',
    permission: 'admin',
    organization_id: 'org_other',
    body: '{"n":12345678901234567890}',
  },
  after_handler: true,
  delay_ms: { lognormal: { median: 80, sigma: 0.5 } },
  delay_clock: 'sandbox',
  status: 418,
  headers: { 'X-Reason': 'tea' },
  body: '{"10":1.10,"2":[null]}',
  connection: { drip_bytes_per_second: 7 },
  times: 2,
  after: 3,
  every: 4,
  probability: 0.5,
  random_seed: 6,
  expires_at: Date.UTC(2040, 0, 1),
  enabled: false,
};

export const FULL_KEY = 'sk_test_full';

/** What is answered for it, as text: an object would lose digits. */
export const FULL_ANSWER: Record<ApiVersion, string> = {
  '0.81':
    '{"organization_id":"org_full","organization_name":"Full & Filled","logo_url":"https://example.com/full.png",' +
    '"account_type":"team","credit_count":123456,"metadata":{"id":12345678901234567890,"10":1.10,"2":[null,{"__proto__":"x"}]},' +
    '"billing_email":"Billing.Desk@example.com","rate_limits":{"metadata":210,"data":110,"search":77,"upload":55,"compute":9},' +
    '"auto_billing_enabled":true,"billing_cycle_start":17,"current_month_usage":4321,' +
    '"created_at":"2024-02-29T12:34:56.789012Z","updated_at":"2025-03-01T01:02:03Z",' +
    '"users":[{"user_id":"usr_1","seats":98765432109876543210},{}]}',
  '0.82':
    '{"organization_id":"org_full","organization_name":"Full & Filled","logo_url":"https://example.com/full.png",' +
    '"account_type":"team","credit_count":123456,"metadata":{"id":12345678901234567890,"10":1.10,"2":[null,{"__proto__":"x"}]},' +
    '"billing_email":"Billing.Desk@example.com","notifications_email":"Alerts@example.com",' +
    '"rate_limits":{"metadata":210,"data":110,"search":77,"upload":55,"compute":9},' +
    '"auto_billing_enabled":true,"billing_cycle_start":17,"current_month_usage":4321,' +
    '"created_at":"2024-02-29T12:34:56.789012Z","updated_at":"2025-03-01T01:02:03Z",' +
    '"users":[{"user_id":"usr_1","seats":98765432109876543210},{}],"auth_provider_org_id":"auth_1",' +
    '"default_llm_credentials":{"openai":"secret 1","10":"b","2":"a","__proto__":"x"},"api_url":"https://api.example.com"}',
};

/** A change of every member that can be changed. */
export const FULL_UPDATE = {
  '0.81': {
    organization_name: 'Renamed',
    logo_url: null,
    billing_email: 'other@example.com',
    metadata: { new: true },
    rate_limits: { data: 5 },
  },
  '0.82': {
    organization_name: 'Renamed',
    logo_url: null,
    billing_email: 'other@example.com',
    notifications_email: 'others@example.com',
    metadata: { new: true },
    rate_limit_overrides: { data: 5 },
    default_llm_credentials: { b: 'x', a: 'y' },
    nsfw_check_enabled: 'off',
    nsfw_fail_closed: 0,
  },
} satisfies {
  '0.81': Record<keyof OrganizationUpdateRequest, unknown>;
  '0.82': Record<keyof OrganizationUpdateRequest082, unknown>;
};

/** What each is then, as JSON text, in the order of the journal; what the response does not have is changed too. */
export const FULL_CHANGES: Record<ApiVersion, [member: string, before: string, after: string][]> = {
  '0.81': [
    ['organization_name', '"Full & Filled"', '"Renamed"'],
    ['logo_url', '"https://example.com/full.png"', 'null'],
    ['metadata', '{"id":12345678901234567890,"10":1.10,"2":[null,{"__proto__":"x"}]}', '{"new":true}'],
    ['billing_email', '"Billing.Desk@example.com"', '"other@example.com"'],
    [
      'rate_limits',
      '{"metadata":210,"data":110,"search":77,"upload":55,"compute":9}',
      '{"metadata":210,"data":5,"search":77,"upload":55,"compute":9}',
    ],
  ],
  '0.82': [
    ['organization_name', '"Full & Filled"', '"Renamed"'],
    ['logo_url', '"https://example.com/full.png"', 'null'],
    ['metadata', '{"id":12345678901234567890,"10":1.10,"2":[null,{"__proto__":"x"}]}', '{"new":true}'],
    ['billing_email', '"Billing.Desk@example.com"', '"other@example.com"'],
    ['notifications_email', '"Alerts@example.com"', '"others@example.com"'],
    ['default_llm_credentials', '{"openai":"secret 1","10":"b","2":"a","__proto__":"x"}', '{"b":"x","a":"y"}'],
    ['nsfw_check_enabled', 'true', 'false'],
    ['nsfw_fail_closed', 'true', 'false'],
    [
      'rate_limits',
      '{"metadata":210,"data":110,"search":77,"upload":55,"compute":9}',
      '{"metadata":210,"data":5,"search":105,"upload":55,"compute":51}',
    ],
  ],
};

/** The answer after these changes, at the time given. */
export const toChanged = (
  version: ApiVersion,
  updated_at: string,
  changes: [member: string, before: string, after: string][] = FULL_CHANGES[version],
) =>
  changes
    .reduce(
      (text, [member, before, after]) => text.replace(`"${member}":${before}`, `"${member}":${after}`),
      FULL_ANSWER[version],
    )
    .replace('2025-03-01T01:02:03Z', updated_at);
