const SEED = 'version: 1\norganizations: [{ organization_id: org_a, organization_name: é }]\n';

/** Ways to write it. */
export const YAML_FORMS: [name: string, text: string][] = [
  ['a byte order mark', `\ufeff${SEED}`],
  ['CRLF', SEED.replaceAll('\n', '\r\n')],
  ['document markers', `---\n${SEED}...\n`],
  ['%YAML 1.2', `%YAML 1.2\n---\n${SEED}`],
  ['$schema', `$schema: https://example.com/schema.json\n${SEED}`],
  ['a brace', '{ version: 1, organizations: [{ organization_id: org_a, organization_name: é }] }'],
  ['a tab behind a colon', SEED.replaceAll(': ', ':\t')],
];

const inQuotes = (found: string) => `organizations[0].organization_name: expected text: put quotes around ${found}`;
const COUNT = 'organizations[0].credit_count: expected a whole number from 0 to 9007199254740991';
const LEAVE_OUT = 'write one, or leave the member out';

/** Members of an organization, each with what is said of it: column, and why. */
export const REFUSED_MEMBERS: [yaml: string, ...lines: (string | undefined)[]][] = [
  ['organization_name: 123', `5: ${inQuotes('a number')}`],
  ['organization_name: 1.10', `5: ${inQuotes('a number')}`],
  ['organization_name: true', `5: ${inQuotes('true')}`],
  ['organization_name:', `5: organizations[0].organization_name: expected text, found nothing (null): ${LEAVE_OUT}`],
  ['organization_name: ~', `5: organizations[0].organization_name: expected text, found nothing (null): ${LEAVE_OUT}`],
  ['organization_name: [a]', '5: organizations[0].organization_name: expected text, found a list'],
  ['organization_name: { a: 1 }', '5: organizations[0].organization_name: expected text, found an object'],
  ['organization_name: 012', '24: 012 is read as 12: write 12, 10 if it is octal, or "012" in quotes for text'],
  [
    'organization_name: Acme #1',
    '29: the text after # is a comment: put quotes around all of the text, or a space after the #',
  ],
  [
    'organization_name: "\\ud800"',
    '5: organizations[0].organization_name: null characters and unpaired surrogates are not allowed',
  ],
  [
    'organization_name: "\\0"',
    '5: organizations[0].organization_name: null characters and unpaired surrogates are not allowed',
  ],
  ['metadata:', '5: organizations[0].metadata: expected an object; {} for an empty one'],
  ['metadata: "{}"', '5: organizations[0].metadata: expected an object; {} for an empty one'],
  ['metadata: 1', '5: organizations[0].metadata: expected an object; {} for an empty one'],
  ['users: {}', '5: organizations[0].users: expected an array of objects'],
  ['auto_billing_enabled: yes', '5: organizations[0].auto_billing_enabled: expected true or false, found text'],
  ['auto_billing_enabled: 1', '5: organizations[0].auto_billing_enabled: expected true or false, found a number'],
  ['credit_count: 9007199254740992', `5: ${COUNT}`],
  ['credit_count: 123456789012345678901', `5: ${COUNT}`],
  ['credit_count: -1', `5: ${COUNT}`],
  ['credit_count: 1.5', `5: ${COUNT}`],
  ['credit_count: "1"', `5: ${COUNT}, found text`],
  ['credit_count: 1_000', `5: ${COUNT}, found text`],
  ['credit_count:', `5: ${COUNT}, found nothing (null)`],
  ['credit_count: 0o14', '19: 0o14 is read as 12: write 12, or "0o14" in quotes for text'],
  ['credit_count: .inf', '19: JSON has no .inf'],
  ['api_keys: {}', '5: organizations[0].api_keys: expected a list, found an object'],
  ['api_keys: [x]', '16: organizations[0].api_keys[0]: expected an object, found text'],
  [
    'api_keys: [{ key: sk_test_a, permissions: [] }]',
    '34: organizations[0].api_keys[0].permissions: expected at least one permission; read, write, delete, admin',
  ],
  [
    'api_keys: [{ key: 123, permissions: admin }]',
    '18: organizations[0].api_keys[0].key: expected text: put quotes around a number',
    '28: organizations[0].api_keys[0].permissions: expected a list, found text',
  ],
  ['rate_limits_override: 5', '5: organizations[0].rate_limits_override: expected an object, found a number'],
  [
    'rate_limits_override: { metadata: {} }',
    '29: organizations[0].rate_limits_override.metadata: expected a whole number from 1 to 9007199254740991, found an object',
  ],
  [
    '__proto__: { a: 1 }',
    '5: organizations[0].__proto__: unknown member: expected one of organization_id, organization_name, logo_url, account_type, credit_count, metadata, billing_email, rate_limits_override, auto_billing_enabled, billing_cycle_start, current_month_usage, created_at, updated_at, users, notifications_email, default_llm_credentials, nsfw_check_enabled, nsfw_fail_closed, auth_provider_org_id, api_url, api_keys',
  ],
  ['created_at: 1', '5: organizations[0].created_at: expected text: put quotes around a number'],
  ['<<: { a: 1 }', '5: YAML 1.2 does not merge with <<: write the members out'],
  ['organization_name: &x a\n    logo_url: !!set { a: }', undefined],
];

/** Names of members that are others in a seed. */
export const MEANT_MEMBERS: [yaml: string, meant: string][] = [
  ['rate_limits: {}', 'rate_limits_override'],
  ['limits: {}', 'rate_limits_override'],
  ['api_key: x', 'api_keys'],
  ['keys: []', 'api_keys'],
  ['id: org_a', 'organization_id'],
  ['name: x', 'organization_name'],
  ['tier: pro', 'account_type'],
  ['plan: pro', 'account_type'],
  ['email: a@b.com', 'billing_email'],
  ['credits: 1', 'credit_count'],
  ['organizationName: x', 'organization_name'],
  ['billing-email: x', 'billing_email'],
];

/** Texts of YAML files, each with what is said of it: line, column, and why. */
export const REFUSED_YAML: [text: string, ...lines: string[]][] = [
  ['', '1:1: the file: is empty: expected version and organizations'],
  ['# nothing', '1:1: the file: is empty: expected version and organizations'],
  ['- a', '1:1: the file: expected an object, found a list'],
  ['text', '1:1: the file: expected an object, found text'],
  [`${SEED}---\n${SEED}`, '3:1: a second document begins here, a seed has one: remove the line ---'],
  [`%YAML 1.1\n---\n${SEED}`, '1:1: a seed is read as YAML 1.2: remove the line %YAML 1.1'],
  [`%YAML 1.3\n---\n${SEED}`, '1:7: Unsupported YAML version 1.3: remove the line'],
  [`%FOO bar\n---\n${SEED}`, '1:1: Unknown directive %FOO: remove the line'],
  ['version: 1\norganizations:\n\t- organization_id: org_a', '3:1: not YAML: Tabs are not allowed as indentation'],
  [`${SEED}tiers: \0`, '3:8: a NUL character is not allowed: save the file as text in UTF-8'],
  [
    'version: "1"\norganizations: []',
    '1:1: version: expected 1, the version of this format',
    '2:1: organizations: expected at least one organization',
  ],
  ['organizations: [{ organization_id: org_a }]', '1:1: version: expected 1, the version of this format'],
  ['version: 1', '1:1: organizations: is missing'],
  ['version: 1\norganizations: [{}]', '2:17: organizations[0].organization_id: is missing'],
  [`${SEED}organization: []`, '3:1: organization: unknown member: did you mean organizations?'],
  [`${SEED}tiers: { pro: { credits: 5 } }`, '3:17: tiers.pro.credits: unknown member: did you mean monthly_credits?'],
  [
    `${SEED}tiers: { pro: { metadata: {} } }`,
    '3:17: tiers.pro.metadata: expected a whole number from 1 to 9007199254740991, found an object',
  ],
  [`${SEED}tiers: [1]`, '3:1: tiers: expected an object, found a list'],
  ['version:1', '1:1: the file: expected an object, found text'],
  [`${SEED.trimEnd()} # x\nname: a: b`, '3:7: not YAML: Nested mappings are not allowed in compact mappings'],
];
