import { expect } from 'vitest';

export const withMetadata = (json: string) =>
  `{"version": 1, "organizations": [{"organization_id": "org_a", "metadata": ${json}}]}`;

/** Texts of JSON files, each with what is said of it: line, column, and why. */
export const REFUSED_JSON: [text: string, ...lines: unknown[]][] = [
  ['', '1:1: not JSON: the text ends too early'],
  ['null', '1:1: the file: is empty: expected version and organizations'],
  ['[]', '1:1: the file: expected an object, found a list'],
  ['version: 1', '1:1: not JSON: expected a value: text needs double quotes, a number begins with a digit or a minus'],
  ['{\n  "version": 1\n  "organizations": []\n}', '3:3: not JSON: a comma or a closing bracket is missing before this'],
  ['{"version": 1,}', '1:15: not JSON: a comma before } is not allowed: remove it'],
  ['{"organizations": [1,\n]}', '2:1: not JSON: a comma before ] is not allowed: remove it'],
  ['{"version": 1, // one\n}', '1:16: not JSON: JSON has no comments: remove it, or write the seed in YAML'],
  ['{"version": 1 /* one */}', '1:15: not JSON: JSON has no comments: remove it, or write the seed in YAML'],
  ['{"version" 1}', '1:12: not JSON: a colon is missing before this'],
  ['{version: 1}', '1:2: not JSON: expected the name of a member in double quotes'],
  ["{'version': 1}", '1:2: not JSON: JSON needs double quotes'],
  ['{"version": NaN}', '1:13: not JSON: JSON has no NaN'],
  ['{"version": -Infinity}', '1:13: not JSON: JSON has no -Infinity'],
  [
    '{"version": yes}',
    '1:13: not JSON: expected a value: text needs double quotes, a number begins with a digit or a minus',
  ],
  ['{"version": 012}', '1:14: not JSON: a comma or a closing bracket is missing before this'],
  ['{"version": "1', '1:13: not JSON: the closing quote of this text is missing'],
  ['{"version": "1\n"}', '1:15: not JSON: text cannot contain a line break or control character: write \\n or \\u'],
  ['{"version": "\\x"}', '1:14: not JSON: unknown escape: write \\\\ for a backslash'],
  ['{"version": "\\u12"}', '1:15: not JSON: \\u needs four hex digits'],
  ['{"version": 1} {}', '1:16: not JSON: the JSON ends before this'],
  ['{"version": 1, "version": 2}', '1:16: version appears twice'],
  ['{"version": 1, "\\u0076ersion": 2}', '1:16: version appears twice'],
  [withMetadata('{"a": {"b": 1, "b": 2}}'), '1:90: b appears twice'],
  [withMetadata('{"a": [{"b": 1,\n "\\u0062": 2}]}'), '2:2: b appears twice'],
  [withMetadata('{"a": NaN}'), '1:81: not JSON: JSON has no NaN'],
  [withMetadata('[1]'), '1:63: organizations[0].metadata: expected an object; {} for an empty one'],
  [
    '{"version": 1, "organizations": [{"organization_id": "org_a"}, {"organization_id": "org_b", "organisation_name": 1, "api_keys": [{"key": "sk_test_a"}, {"key": 1}]}]}',
    '1:153: organizations[1].api_keys[1].key: expected text: put quotes around a number',
    '1:93: organizations[1].organisation_name: unknown member: did you mean organization_name?',
  ],
  [
    '{"version": 1, "organizations": [{"organization_id": "org_a", "credit_count": 9007199254740993}]}',
    '1:63: organizations[0].credit_count: expected a whole number from 0 to 9007199254740991',
  ],
  [
    '{"version": 1, "organizations": [{"organization_id": "org_a", "__proto__": {}}]}',
    expect.stringContaining('1:63: organizations[0].__proto__: unknown member'),
  ],
  [
    '{"version": 1, "tiers": {"pro": {"search": 61}}, "organizations": [{"organization_id": "org_a"}]}',
    '1:34: tiers.pro.search: 61 is more than data (60): metadata >= data >= search >= upload >= compute',
  ],
];
