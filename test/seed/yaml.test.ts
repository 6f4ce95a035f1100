import { describe, expect, it } from 'vitest';
import { organization as withMember } from '../support/refused-seeds.ts';
import { MEANT_MEMBERS, REFUSED_MEMBERS, REFUSED_YAML, YAML_FORMS } from '../support/refused-yaml.ts';
import { problems, read } from '../support/seed.ts';

const first = async (text: string) => (await read(text)).state.organizations[0];

describe('a member outside of metadata in YAML', () => {
  it.each([
    ['organization_name: no', 'no'],
    ['organization_name: 12:30', '12:30'],
    ['organization_name: 1_000', '1_000'],
    ['organization_name: 2025-01-01', '2025-01-01'],
    ['organization_name: !!str 123', '123'],
    ['organization_name: "\\ud83d\\ude00"', '😀'],
    ['organization_name: Acme # 1', 'Acme'],
    ['logo_url:', 'org_a'],
    ['"organization_name": yes', 'yes'],
    ['? organization_name\n    : x', 'x'],
  ])('%s: the name is %s', async (yaml, name) => {
    expect((await first(withMember(yaml)))?.organization_name).toBe(name);
  });

  it.each([
    ['credit_count: 1e3', 1000],
    ['credit_count: 10.0', 10],
    ['credit_count: 9007199254740991', 9_007_199_254_740_991],
  ])('%s is %d', async (yaml, count) => {
    expect((await first(withMember(yaml)))?.credit_count).toBe(count);
  });

  it.each(REFUSED_MEMBERS)('%s is an error', async (yaml, ...expected) => {
    const found = await problems(withMember(yaml));
    if (expected[0] === undefined)
      expect(found).toEqual(['seed.yaml:5:21: the tag !!set means nothing in JSON: remove it']);
    else expect(found).toEqual(expected.map((line) => `seed.yaml:4:${line}`));
  });

  it.each(MEANT_MEMBERS)('%s says that %s is meant', async (yaml, meant) => {
    const name = yaml.replace(/:.*/, '');
    expect(await problems(withMember(yaml))).toEqual([
      `seed.yaml:4:5: organizations[0].${name}: unknown member: did you mean ${meant}?`,
    ]);
  });
});

describe('messages', () => {
  const ORGANIZATION = [
    ...[
      'organization_id',
      'organization_name',
      'logo_url',
      'account_type',
      'credit_count',
      'metadata',
      'billing_email',
    ],
    ...['rate_limits_override', 'auto_billing_enabled', 'billing_cycle_start', 'current_month_usage', 'created_at'],
    ...['updated_at', 'users', 'api_keys', 'unknown'],
  ];
  const KEY = ['key', 'key_hash', 'key_prefix', 'api_key_id', 'permissions', 'name', 'status', 'expires_at', 'unknown'];
  const VALUES = [
    'null',
    '-1',
    '1.5',
    '1e400',
    '12345678901234567890',
    'false',
    '"x"',
    '[]',
    '[null]',
    '[[]]',
    '{}',
    '{"a":1}',
  ];
  const seeds = [
    ...['version', 'tiers', 'organizations', 'unknown'].map((name) => (value: string) => `{"${name}":${value}}`),
    ...['pro', 'unknown'].map((name) => (value: string) => `{"tiers":{"${name}":${value}}}`),
    ...['search', 'monthly_credits', 'unknown'].map(
      (name) => (value: string) => `{"tiers":{"pro":{"${name}":${value}}}}`,
    ),
    (value: string) => `{"organizations":[${value}]}`,
    ...ORGANIZATION.map((name) => (value: string) => `{"organizations":[{"${name}":${value}}]}`),
    (value: string) => `{"organizations":[{"rate_limits_override":{"search":${value}}}]}`,
    ...KEY.map((name) => (value: string) => `{"organizations":[{"api_keys":[{"${name}":${value}}]}]}`),
    (value: string) => `{"organizations":[{"api_keys":[{"permissions":[${value}]}]}]}`,
  ];
  const ZOD =
    /invalid|input|received|too (?:big|small)|unrecognized|expected (?:string|number|int|array|object|boolean|record)\b|undefined/i;

  it.each(VALUES)('are none of Zod, whatever member is %s', async (value) => {
    for (const toText of seeds) {
      const found = await problems(toText(value), 'seed.json');
      expect(found, toText(value)).not.toEqual([]);
      expect(found.filter((line) => ZOD.test(line) || !/^seed\.json:\d+:\d+: [\w[\].]+: ./.test(line))).toEqual([]);
    }
  });
});

describe('a YAML file', () => {
  it.each(YAML_FORMS)('may have %s', async (_name, text) => {
    expect((await first(text))?.organization_name).toBe('é');
  });

  it.each(REFUSED_YAML)('%j is an error', async (text, ...expected) => {
    expect(await problems(text)).toEqual(expected.map((line) => `seed.yaml:${line}`));
  });

  it('reports 20 problems of many', async () => {
    const text = `version: 1\norganizations:\n${'  - { organization_id: 1 }\n'.repeat(20_000)}`;
    const found = await problems(text);
    expect(found).toHaveLength(21);
    expect(found[0]).toBe('seed.yaml:3:7: organizations[0].organization_id: expected text: put quotes around a number');
    expect(found[19]).toMatch(/^seed\.yaml:22:7: organizations\[19\]/);
    expect(found[20]).toBe('seed.yaml: and more problems');
  });
});

describe('aliases', () => {
  const bomb = (first: string, item: (name: string) => string) => {
    const lines = [`x0: &x0 ${first}`];
    for (let level = 1; level <= 9; level++) lines.push(`x${level}: &x${level} ${item(`*x${level - 1}`)}`);
    return lines.join('\n');
  };
  const nine = (alias: string) => `[${Array.from({ length: 9 }, () => alias).join(', ')}]`;
  const TOO_MUCH = /^seed\.yaml:\d+:\d+: the aliases up to here expand to too much: repeat less, or write it in JSON$/;

  it.each([
    ['organizations', `version: 1\n${bomb('{ organization_id: org_a }', nine)}\norganizations: *x9`],
    [
      'api_keys',
      `version: 1\n${bomb('{ key: sk_test_a }', nine)}\norganizations: [{ organization_id: org_a, api_keys: *x9 }]`,
    ],
    [
      'tiers',
      `version: 1\n${bomb('{}', (alias) => `{ a: ${alias}, b: ${alias}, c: ${alias}, d: ${alias}, e: ${alias}, f: ${alias} }`)}\ntiers: *x9`,
    ],
    ['names', `version: 1\n${bomb('a', nine)}\norganizations: [{ organization_id: org_a, organization_name: *x9 }]`],
    [
      'metadata of many',
      `version: 1\norganizations:\n  - { organization_id: org_a, metadata: &m { a: ${'x'.repeat(500_000)} } }\n${'  - { organization_id: org_a, metadata: *m }\n'.repeat(100)}`,
    ],
  ])('in %s are bounded', async (_name, text) => {
    const before = process.memoryUsage().rss;
    const [problem] = await problems(text);
    expect(problem).toMatch(TOO_MUCH);
    expect(process.memoryUsage().rss - before).toBeLessThan(300_000_000);
  });

  it('may repeat the metadata of many organizations', async () => {
    const rows = Array.from({ length: 5000 }, (_, index) => `  - { organization_id: org_${index}, metadata: *m }`);
    const text = `version: 1\norganizations:\n  - { organization_id: org_a, metadata: &m { region: eu, tags: [a, b] } }\n${rows.join('\n')}`;
    const { state } = await read(text);
    expect(state.organizations.at(-1)?.metadata).toBe('{"region":"eu","tags":["a","b"]}');
  });
});
