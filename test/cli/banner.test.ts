import { describe, expect, it } from 'vitest';
import { toBanner, toReadyLine } from '../../src/cli/banner.ts';
import type { ServedKey } from '../../src/start/served-keys.ts';

const FACTS = { version: '1.2.3', hasControl: true, generatedToken: undefined };

function toKey(key: string, more: Partial<ServedKey['api_key']> = {}, isGiven = false): ServedKey {
  const api_key: ServedKey['api_key'] = {
    api_key_id: 'key_x',
    organization_id: 'org_x',
    key_hash: '',
    key_prefix: '',
    name: null,
    permissions: ['admin'],
    status: 'active',
    expires_at: null,
    ...more,
  };
  return { key, isGiven, api_key, account_type: 'pro' };
}

function toServer(more: Partial<Parameters<typeof toBanner>[0]> = {}): Parameters<typeof toBanner>[0] {
  return {
    url: 'http://localhost:4030',
    db: ':memory:',
    apiVersion: '0.81',
    origin: 'seeded from the built-in seed',
    apiKeys: [toKey('sk_test_a'), toKey('sk_test_longer', { permissions: ['read'], status: 'revoked' })],
    ...more,
  };
}

const many = (count: number) => Array.from({ length: count }, (_, index) => toKey(`sk_test_${index}`));

describe('the banner', () => {
  it('shows the address, the data, the documents, the keys, a request, and how to stop', () => {
    expect(toBanner(toServer(), FACTS)).toBe(
      [
        '',
        '  mixpeek-mock 1.2.3 is listening on http://localhost:4030',
        '',
        '  data     in memory, lost when the server stops',
        '           seeded from the built-in seed',
        '  api      version 0.81',
        '  docs     http://localhost:4030/docs',
        '  look     http://localhost:4030/_mock/',
        '',
        '  keys     sk_test_a       org_x  pro  admin',
        '           sk_test_longer  org_x  pro  read   revoked',
        '',
        '  try      (paste it)',
        "           curl -X PATCH http://localhost:4030/v1/organizations -H 'Authorization: Bearer sk_test_a' " +
          `-H 'Content-Type: application/json' -d '{"metadata":{"hello":"world"}}'`,
        '',
        '  Press Ctrl-C to stop',
        '',
        '',
      ].join('\n'),
    );
  });

  it('shows no control plane that is off, and a token that only it knows', () => {
    expect(toBanner(toServer(), { ...FACTS, hasControl: false })).not.toContain('/_mock');
    expect(toBanner(toServer(), { ...FACTS, generatedToken: 'some-token' })).toContain(
      '  look     http://localhost:4030/_mock/\n  token    some-token (generated: the control plane requires it)\n\n',
    );
  });

  it.each([
    [20, 20, undefined],
    [21, 20, '           and 1 more'],
    [200_000, 20, '           and 199,980 more'],
  ])('of %i keys shows %i', (count, shown, rest) => {
    const lines = toBanner(toServer({ apiKeys: many(count) }), FACTS).split('\n');
    expect(lines.filter((line) => / sk_test_\d+ /.test(line) && !line.includes('curl'))).toHaveLength(shown);
    expect(lines.find((line) => line.includes('more'))).toBe(rest);
  });

  it('masks a key that a flag gave, and shows it in no request', () => {
    const banner = toBanner(toServer({ apiKeys: [toKey('sk_test_verysecret', {}, true)] }), FACTS);
    expect(banner).toContain('  keys     sk_test_ve…  org_x  pro  admin\n');
    expect(banner).toContain('Bearer <api key>');
  });

  it('tells when no key is known', () => {
    const banner = toBanner(toServer({ apiKeys: [] }), FACTS);
    expect(banner).toContain(
      '  keys     the database stores only hashes of its keys; add a key with --api-key\n\n  try ',
    );
    expect(banner).toContain('Bearer <api key>');
  });

  it('escapes what a terminal would obey in the name of a file', () => {
    const banner = toBanner(toServer({ db: '/\u001b[2J.db', origin: 'seeded from \u009b.yaml' }), FACTS);
    expect(banner).toContain('  data     /\\u001b[2J.db\n           seeded from \\u009b.yaml\n');
  });
});

describe('the ready line', () => {
  it('has every key, also of 200,000', () => {
    expect(JSON.parse(toReadyLine(toServer({ apiKeys: many(200_000) }))).api_keys).toHaveLength(200_000);
  });

  it('is one line of printable text, whatever the file is called', () => {
    const line = toReadyLine(toServer({ db: '/\u009b\u2028.db', apiKeys: [] }));
    expect(line).toBe(
      '{"event":"ready","url":"http://localhost:4030","db":"/\\u009b\\u2028.db","api_version":"0.81","api_keys":[]}\n',
    );
  });
});
