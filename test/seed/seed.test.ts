import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hashApiKey, toApiKeyId } from '../../src/domain/api-key.ts';
import { readSeedContent } from '../../src/seed/content.ts';
import type { SeedContentError } from '../../src/seed/issues.ts';
import { openSeed } from '../../src/seed/unread.ts';
import { makeFolder } from '../support/folder.ts';
import { organization, REFUSED_SEEDS } from '../support/refused-seeds.ts';
import { NOW, problems, read } from '../support/seed.ts';

const EXAMPLE = `
version: 1
tiers: { pro: { metadata: 120 } }            # only what differs
organizations:
  - organization_id: org_acme
    organization_name: Acme
    account_type: team
    metadata: { region: eu, id: 1234567890123456789 }
    rate_limits_override: { search: 500 }
    api_keys:
      - { key: sk_test_acme, permissions: [admin], name: ci }
      - { key_hash: ${'ab'.repeat(32)}, key_prefix: sk_test_ab, permissions: [read], expires_at: 2027-01-01T00:00:00Z }
`;

describe('the content of a seed', () => {
  const countIssues = (organizations: unknown) => {
    try {
      readSeedContent({ version: 1, organizations });
      return 0;
    } catch (error) {
      return (error as SeedContentError).issues.length;
    }
  };
  const unknown = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`n${index}`, 1]));

  it.each([
    ['organizations', Array(100_000).fill({})],
    ['api_keys', [{ organization_id: 'org_a', api_keys: Array(100_000).fill(1) }]],
    ['permissions', [{ organization_id: 'org_a', api_keys: [{ permissions: Array(100_000).fill(1) }] }]],
    ['members', [{ organization_id: 'org_a', ...unknown }]],
  ])('is not searched for more problems than anybody reads: %s', (_name, organizations) => {
    expect(countIssues(organizations)).toBeGreaterThan(20);
    expect(countIssues(organizations)).toBeLessThan(200);
  });
});

describe('a seed file', () => {
  it('is read as its example says', async () => {
    const { state, knownKeys } = await read(EXAMPLE);
    expect(state.settings.tiers.pro.metadata).toBe(120);
    expect(state.settings.tiers.pro.data).toBe(60);
    expect(state.organizations).toEqual([
      {
        organization_id: 'org_acme',
        organization_name: 'Acme',
        logo_url: null,
        account_type: 'team',
        credit_count: 1_000_000,
        metadata: '{"region":"eu","id":1234567890123456789}',
        billing_email: null,
        rate_limits_override: { search: 500 },
        auto_billing_enabled: false,
        billing_cycle_start: 1,
        current_month_usage: 0,
        created_at: NOW,
        updated_at: NOW,
        users: null,
        notifications_email: null,
        default_llm_credentials: '{}',
        nsfw_check_enabled: false,
        nsfw_fail_closed: false,
        auth_provider_org_id: null,
        api_url: null,
      },
    ]);
    const hash = hashApiKey('sk_test_acme');
    expect(state.api_keys).toEqual([
      {
        api_key_id: toApiKeyId(hash),
        organization_id: 'org_acme',
        key_hash: hash,
        key_prefix: 'sk_test_ac',
        name: 'ci',
        permissions: ['admin'],
        status: 'active',
        expires_at: null,
      },
      {
        api_key_id: toApiKeyId('ab'.repeat(32)),
        organization_id: 'org_acme',
        key_hash: 'ab'.repeat(32),
        key_prefix: 'sk_test_ab',
        name: null,
        permissions: ['read'],
        status: 'active',
        expires_at: '2027-01-01T00:00:00Z',
      },
    ]);
    expect(knownKeys.map(({ key }) => key)).toEqual(['sk_test_acme']);
  });

  it('may set every member of the response model', async () => {
    const { state } = await read(`
version: 1
organizations:
  - organization_id: org_all
    organization_name: All
    logo_url: https://example.com/logo.png
    account_type: enterprise
    credit_count: 7
    metadata: {}
    billing_email: Joe <joe@EXAMPLE.com>
    auto_billing_enabled: true
    billing_cycle_start: 31
    current_month_usage: 12
    created_at: 2025-01-01T00:00:00.5+01:00
    updated_at: 2025-06-01
    users: [{ name: joe, id: 12345678901234567890 }]
`);
    expect(state.organizations[0]).toMatchObject({
      logo_url: 'https://example.com/logo.png',
      credit_count: 7,
      billing_email: 'joe@example.com',
      auto_billing_enabled: true,
      billing_cycle_start: 31,
      current_month_usage: 12,
      created_at: '2024-12-31T23:00:00.500000Z',
      updated_at: '2025-06-01T00:00:00Z',
      users: '[{"name":"joe","id":12345678901234567890}]',
    });
  });

  it('may be JSON, tabs and all, and keeps the text of its metadata', async () => {
    const { state } = await read(
      '{\n\t"version": 1,\n\t"organizations": [\n\t\t{\n\t\t\t"organization_id": "org_a",\n\t\t\t"metadata": ' +
        '{"b": 1.10, "10": -0, "2": 1e400, "__proto__": {"x": "\\ud83d\\ude00\\n"}, "n": [null, true]}\n\t\t}\n\t]\n}\n',
      'seed.json',
    );
    expect(state.organizations[0]?.metadata).toBe(
      '{"b":1.10,"10":-0,"2":1e400,"__proto__":{"x":"\\ud83d\\ude00\\n"},"n":[null,true]}',
    );
  });

  it('takes anchors and aliases', async () => {
    const { state } = await read(`
version: 1
organizations:
  - organization_id: org_a
    metadata: { base: &base { n: 16, plus: 1.10 }, again: *base, text: "1.10" }
`);
    const base = '{"n":16,"plus":1.10}';
    expect(state.organizations[0]?.metadata).toBe(`{"base":${base},"again":${base},"text":"1.10"}`);
  });

  it.each(REFUSED_SEEDS)('%j is refused', async (text, expected) => {
    expect(await problems(text)).toEqual(expected);
  });

  it('that repeats itself endlessly is refused', async () => {
    const levels = Array.from(
      { length: 9 },
      (_, level) => `      l${level + 1}: &l${level + 1} [${`*l${level},`.repeat(9)}]`,
    );
    const text = `${organization('metadata:')}      l0: &l0 lololololololololololol\n${levels.join('\n')}\n`;
    expect((await problems(text))[0]).toMatch(/is larger than 1 MiB/);
    expect((await problems(organization('metadata: &a { b: *a }')))[0]).toMatch(/\*a is inside of what it repeats/);
  });

  it('may hold as much metadata as the API accepts, nested as deep', async () => {
    const deep = `${'{ a: '.repeat(60)}"${'x'.repeat(5000)}"${' }'.repeat(60)}`;
    const text = Array.from({ length: 300 }, (_, index) => `  - { organization_id: org_${index}, metadata: ${deep} }`);
    expect((await read(`version: 1\norganizations:\n${text.join('\n')}\n`)).state.organizations).toHaveLength(300);
  });

  it('that is not in UTF-8 is refused', async () => {
    const file = join(makeFolder(), 'seed.yaml');
    writeFileSync(file, Buffer.from('version: 1 # caf\xe9', 'latin1'));
    await expect(openSeed(file).read()).rejects.toThrow('is not in UTF-8: save it in that encoding');
  });

  it('that is not there is refused', () => {
    expect(() => openSeed('/nonexistent/seed.yaml')).toThrow('/nonexistent/seed.yaml: there is no such file');
  });
});
