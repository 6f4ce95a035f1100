/** A seed whose only organization has this member. */
export const organization = (members: string) =>
  `version: 1\norganizations:\n  - organization_id: org_a\n    ${members}\n`;

/** Seeds in YAML, each with the lines of the error. */
export const REFUSED_SEEDS: [text: string, lines: string[]][] = [
  ['', ['seed.yaml:1:1: the file: is empty: expected version and organizations']],
  [
    'version: 2\norganizations: [{organization_id: org_a}]',
    ['seed.yaml:1:1: version: expected 1, the version of this format'],
  ],
  ['version: 1\norganizations: []', ['seed.yaml:2:1: organizations: expected at least one organization']],
  ['version: 1\nversion: 1', ['seed.yaml:2:1: version appears twice']],
  [
    'version: [1',
    ['seed.yaml:1:12: not YAML: Flow sequence in block collection must be sufficiently indented and end with a ]'],
  ],
  [
    organization('organisation_name: x'),
    ['seed.yaml:4:5: organizations[0].organisation_name: unknown member: did you mean organization_name?'],
  ],
  [
    organization('rate_limits: { search: 1 }'),
    ['seed.yaml:4:5: organizations[0].rate_limits: unknown member: did you mean rate_limits_override?'],
  ],
  [
    organization('account_type: entreprise'),
    ['seed.yaml:4:5: organizations[0].account_type: did you mean enterprise?'],
  ],
  [
    organization('account_type: gold'),
    ['seed.yaml:4:5: organizations[0].account_type: expected one of free, pro, team, enterprise'],
  ],
  [
    organization('billing_cycle_start: 32'),
    ['seed.yaml:4:5: organizations[0].billing_cycle_start: expected a whole number from 1 to 31'],
  ],
  [
    organization('billing_email: nobody'),
    ['seed.yaml:4:5: organizations[0].billing_email: is not an e-mail address: An email address must have an @-sign.'],
  ],
  [
    organization('metadata: [1]'),
    ['seed.yaml:4:5: organizations[0].metadata: expected an object; {} for an empty one'],
  ],
  [organization('metadata: { x: .nan }'), ['seed.yaml:4:20: JSON has no .nan']],
  [
    organization('metadata: { x: *glob }'),
    ['seed.yaml:4:20: there is no anchor &glob; put quotes around a text that starts with *'],
  ],
  [
    organization('logo_url: *nope'),
    ['seed.yaml:4:15: there is no anchor &nope; put quotes around a text that starts with *'],
  ],
  [organization('metadata: { 1: a, "1": b }'), ['seed.yaml:4:23: 1 appears twice']],
  [
    organization('account_type: { toString: 1 }'),
    ['seed.yaml:4:5: organizations[0].account_type: expected one of free, pro, team, enterprise'],
  ],
  [
    'version: 1\ntiers: { por: {}, gold: {} }\norganizations: [{ organization_id: org_a }]',
    [
      'seed.yaml:2:10: tiers.por: unknown member: did you mean pro?',
      'seed.yaml:2:19: tiers.gold: unknown member: expected one of free, pro, team, enterprise',
    ],
  ],
  [
    'version: 1\napi_version: 0.82\norganizations: [{ organization_id: org_a }]',
    ['seed.yaml:2:1: api_version: expected "0.81" or "0.82", in quotes'],
  ],
  [
    'version: 1\napi_version: "0.8"\norganizations: [{ organization_id: org_a }]',
    ['seed.yaml:2:1: api_version: expected "0.81" or "0.82", in quotes'],
  ],
  ...['[a]', '{ a: 1 }', '{ a: [b] }'].map((value): [string, string[]] => [
    organization(`default_llm_credentials: ${value}`),
    ['seed.yaml:4:5: organizations[0].default_llm_credentials: expected an object of strings'],
  ]),
  [
    organization('notifications_email: nobody'),
    [
      'seed.yaml:4:5: organizations[0].notifications_email: is not an e-mail address: An email address must have an @-sign.',
    ],
  ],
  [organization('users: [1]'), ['seed.yaml:4:5: organizations[0].users: expected an array of objects']],
  [
    organization('created_at: soon'),
    ['seed.yaml:4:5: organizations[0].created_at: expected a time like 2027-01-01T00:00:00Z'],
  ],
  [
    organization('rate_limits_override: { search: 0 }'),
    [
      'seed.yaml:4:29: organizations[0].rate_limits_override.search: expected a whole number from 1 to 9007199254740991',
    ],
  ],
  [
    organization('api_keys: [{ key: nope }, { key: sk_test_a, key_hash: x }]'),
    [
      'seed.yaml:4:18: organizations[0].api_keys[0].key: expected sk_, mxp_sk_ or ret_sk_, then letters, digits, _ or -, at most 128 characters in all',
      'seed.yaml:4:49: organizations[0].api_keys[1].key_hash: expected the SHA-256 of a key in hex, 64 digits in lower case',
      'seed.yaml:4:31: organizations[0].api_keys[1]: expected either key or key_hash',
      'seed.yaml:4:31: organizations[0].api_keys[1]: key_hash and key_prefix go together: a prefix cannot be derived from a hash',
    ],
  ],
  [
    organization(`api_keys: [{ key_hash: ${'a'.repeat(64)} }, { permissions: [root] }]`),
    [
      'seed.yaml:4:16: organizations[0].api_keys[0]: key_hash and key_prefix go together: a prefix cannot be derived from a hash',
      'seed.yaml:4:112: organizations[0].api_keys[1].permissions[0]: expected one of read, write, delete, admin',
    ],
  ],
  [
    organization(`api_keys: [{ key: sk_${'a'.repeat(126)} }]`),
    [
      'seed.yaml:4:18: organizations[0].api_keys[0].key: expected sk_, mxp_sk_ or ret_sk_, then letters, digits, _ or -, at most 128 characters in all',
    ],
  ],
  ...['nope', 'sk_test_abc'].map((prefix): [string, string[]] => [
    organization(`api_keys: [{ key_hash: ${'a'.repeat(64)}, key_prefix: ${prefix} }]`),
    ['seed.yaml:4:94: organizations[0].api_keys[0].key_prefix: expected the first characters of a key, 10 at most'],
  ]),
  [
    organization('api_keys: [{ key: sk_test_a }, { key: sk_test_a }]'),
    ['seed.yaml:4:38: organizations[0].api_keys[1].key: duplicate key, first used at organizations[0].api_keys[0].key'],
  ],
  [
    `${organization('logo_url: x')}  - organization_id: org_a\n`,
    [
      'seed.yaml:5:5: organizations[1].organization_id: duplicate organization_id, first used at organizations[0].organization_id',
    ],
  ],
  [
    'version: 1\ntiers: { pro: { search: 61 } }\norganizations: [{ organization_id: org_a }]',
    ['seed.yaml:2:17: tiers.pro.search: 61 is more than data (60): metadata >= data >= search >= upload >= compute'],
  ],
  [
    'version: 1\ntiers: { free: { compute: 31, upload: 31, search: 31, data: 31, metadata: 31 } }\norganizations: [{ organization_id: org_a }]',
    [
      'seed.yaml:2:1: tiers.pro.upload: 30 is less than the lower tier free gets (31)',
      'seed.yaml:2:1: tiers.pro.compute: 30 is less than the lower tier free gets (31)',
    ],
  ],
];

/** A seed with these settings. */
export const withSettings = (settings: string) =>
  `version: 1\n${settings}\norganizations: [{ organization_id: org_a }]\n`;

export const ONE_CLOCK = 'expected either frozen_at, a time like 2027-01-01T00:00:00Z, or offset_ms';
/** Settings in YAML, each with what is said of it: line, column, and why. */
export const REFUSED_SETTINGS: [settings: string, lines: string[]][] = [
  ['clok: 2030-01-01', ['2:1: clok: unknown member: did you mean clock?']],
  ['limit: off', ['2:1: limit: unknown member: did you mean limits?']],
  ['apiVersion: "0.82"', ['2:1: apiVersion: unknown member: did you mean api_version?']],
  ['unknown_feilds: reject', ['2:1: unknown_feilds: unknown member: did you mean unknown_fields?']],
  ['limits: enforced', ['2:1: limits: did you mean enforce?']],
  ['limits: 5', ['2:1: limits: expected one of off, headers, enforce']],
  ['unknown_fields: refuse', ['2:1: unknown_fields: expected one of ignore, reject']],
  ['unknown_fields: rejects', ['2:1: unknown_fields: did you mean reject?']],
  ['clock: soon', ['2:1: clock.frozen_at: expected a time like 2027-01-01T00:00:00Z']],
  ['clock: { frozen_at: 2030-02-30 }', ['2:10: clock.frozen_at: expected a time like 2027-01-01T00:00:00Z']],
  ['clock: 5', [`2:1: clock: ${ONE_CLOCK}, found a number`]],
  ['clock: {}', [`2:1: clock: ${ONE_CLOCK}`]],
  [`clock: { frozen_at: 2030-01-01T00:00:00Z, offset_ms: 0 }`, [`2:1: clock: ${ONE_CLOCK}`]],
  ['clock: { offset: 5 }', ['2:10: clock.offset: unknown member: did you mean offset_ms?', `2:1: clock: ${ONE_CLOCK}`]],
  [
    'clock: { frozen: 2030-01-01 }',
    ['2:10: clock.frozen: unknown member: did you mean frozen_at?', `2:1: clock: ${ONE_CLOCK}`],
  ],
  [
    'clock: { offset_ms: 1.5 }',
    ['2:10: clock.offset_ms: expected a whole number from -253402300799999 to 253402300799999'],
  ],
  ['clock: [1]', [`2:1: clock: ${ONE_CLOCK}, found a list`]],
  ['tiers: { pro: { serach: 5 } }', ['2:17: tiers.pro.serach: unknown member: did you mean search?']],
  ['tiers: { pro: { search: 0 } }', ['2:17: tiers.pro.search: expected a whole number from 1 to 9007199254740991']],
];
