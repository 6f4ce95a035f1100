import { describe, expect, it } from 'vitest';
import { type ControlApp, invalid, startControl } from '../support/control.ts';
import { ADMIN, errorBody, MIB } from '../support/harness.ts';

const listIds = async ({ ask }: ControlApp) =>
  (await ask('GET', '/sandboxes')).json.sandboxes.map(({ sandbox_id }: { sandbox_id: string }) => sandbox_id);

const LONGEST_TTL = 'expected a whole number from 1 to 31622400';
const ORG = { organization_id: 'org_a' };
const SEED = { version: 1, organizations: [ORG] };
const TIER = '61 is more than data (60): metadata >= data >= search >= upload >= compute';

describe('POST /_mock/sandboxes refuses', () => {
  it.each<[string, unknown, [loc: (string | number)[], msg: string][]]>([
    ['none', { count: 0 }, [[['count'], 'expected a whole number from 1 to 100']]],
    ['more than 100', { count: 101 }, [[['count'], 'expected a whole number from 1 to 100']]],
    ['a part of one', { count: 1.5 }, [[['count'], 'expected a whole number from 1 to 100']]],
    ['a count as text', { count: '1' }, [[['count'], 'expected a whole number from 1 to 100, found text']]],
    ['an empty name', { name: '' }, [[['name'], 'expected 1 to 100 characters']]],
    ['a name too long', { name: 'x'.repeat(101) }, [[['name'], 'expected 1 to 100 characters']]],
    ['a name as a number', { name: 7 }, [[['name'], 'expected text: put quotes around a number']]],
    [
      'a name that cannot be stored',
      { name: '\ud800' },
      [[['name'], 'null characters and unpaired surrogates are not allowed']],
    ],
    ['another tier', { account_type: 'teams' }, [[['account_type'], 'did you mean team?']]],
    [
      'a tier beside a seed',
      { account_type: 'team', seed: SEED },
      [[['account_type'], 'goes without seed only: a seed says the tier of each organization']],
    ],
    ['other keys', { keys: 'old' }, [[['keys'], 'expected one of new, as_given']]],
    [
      'keys for several',
      { seed: SEED, keys: 'as_given', count: 2 },
      [[['keys'], 'as_given goes with one sandbox only: a key belongs to one']],
    ],
    [
      'more than can be made in a moment',
      { count: 65, seed: { ...SEED, $schema: 'x'.repeat(MIB) } },
      [[['count'], '65 of this size are more than 64 MiB together: make fewer at once']],
    ],
    ['a ttl of 0', { ttl_seconds: 0 }, [[['ttl_seconds'], LONGEST_TTL]]],
    ['a ttl of more than a year', { ttl_seconds: 31_622_401 }, [[['ttl_seconds'], LONGEST_TTL]]],
    ['another clock', { clock: 'soon' }, [[['clock', 'frozen_at'], 'expected a time like 2027-01-01T00:00:00Z']]],
    [
      'a clock without a time',
      { clock: {} },
      [[['clock'], 'expected either frozen_at, a time like 2027-01-01T00:00:00Z, or offset_ms']],
    ],
    ['another mode', { limits: 'enforced' }, [[['limits'], 'did you mean enforce?']]],
    ['another version', { api_version: '0.80' }, [[['api_version'], 'expected "0.81" or "0.82", in quotes']]],
    ['another policy', { unknown_fields: 'refuse' }, [[['unknown_fields'], 'expected one of ignore, reject']]],
    [
      'unknown members',
      { counts: 2, tier: 'pro' },
      [
        [['counts'], 'unknown member: did you mean count?'],
        [['tier'], 'unknown member: did you mean account_type?'],
      ],
    ],
    ['a tier out of order', { tiers: { pro: { search: 61 } } }, [[['tiers', 'pro', 'search'], TIER]]],
    ['one beside a seed', { tiers: { pro: { search: 61 } }, seed: SEED }, [[['tiers', 'pro', 'search'], TIER]]],
    [
      'one of a seed',
      { seed: { ...SEED, tiers: { pro: { search: 61 } } } },
      [[['seed', 'tiers', 'pro', 'search'], TIER]],
    ],
  ])('%s', async (_name, body, problems) => {
    const app = await startControl();
    const { status, json } = await app.ask('POST', '/sandboxes', body);
    expect([status, json]).toEqual([422, invalid(...problems)]);
    expect(await listIds(app)).toEqual(['default']);
  });

  it('more sandboxes than there may be, all or none, and says which flag allows more', async () => {
    const app = await startControl({ maxSandboxes: 3 });
    expect((await app.ask('POST', '/sandboxes', { count: 2 })).status).toBe(201);
    const refused = await app.ask('POST', '/sandboxes', { count: 2 });
    const message = 'There would be 4 sandboxes, and 3 are allowed';
    expect(refused.json).toEqual(errorBody(409, 'ConflictError', message, { max_sandboxes: 3 }));
    expect(refused.headers['x-mixpeek-mock-hint']).toMatch(/--max-sandboxes/);
    expect(await listIds(app)).toHaveLength(3);
    expect((await app.ask('POST', '/sandboxes', {})).status).toBe(201);
  });
});

describe('the seed of a new sandbox', () => {
  const ORG_A = { organization_id: 'org_a', api_keys: [{ key: ADMIN }] };
  const seedOf = (organization: object, more: object = {}) => ({
    version: 1,
    organizations: [ORG_A, organization],
    ...more,
  });
  const SECOND = ['seed', 'organizations', 1];
  it.each<[string, unknown, [loc: (string | number)[], msg: string][]]>([
    ['nothing', null, [[['seed'], 'is empty: expected version and organizations']]],
    ['a number', 1, [[['seed'], 'expected an object, found a number']]],
    ['a list', [], [[['seed'], 'expected an object, found a list']]],
    [
      'no members',
      {},
      [
        [['seed', 'version'], 'expected 1, the version of this format'],
        [['seed', 'organizations'], 'is missing'],
      ],
    ],
    [
      'no organization',
      { version: 1, organizations: [] },
      [[['seed', 'organizations'], 'expected at least one organization']],
    ],
    [
      'an unknown member',
      { version: 1, organizations: [ORG_A], organisations: [] },
      [[['seed', 'organisations'], 'unknown member: did you mean organizations?']],
    ],
    [
      'one of an organization',
      seedOf({ organization_id: 'org_b', tier: 'pro' }),
      [[[...SECOND, 'tier'], 'unknown member: did you mean account_type?']],
    ],
    [
      'a member of another type',
      seedOf({ organization_id: 'org_b', metadata: 1 }),
      [[[...SECOND, 'metadata'], 'expected an object; {} for an empty one']],
    ],
    [
      'a key without a form',
      seedOf({ organization_id: 'org_b', api_keys: [{ key: 'x' }] }),
      [
        [
          [...SECOND, 'api_keys', 0, 'key'],
          'expected sk_, mxp_sk_ or ret_sk_, then letters, digits, _ or -, at most 128 characters in all',
        ],
      ],
    ],
    [
      'an id twice',
      seedOf({ organization_id: 'org_a' }),
      [[[...SECOND, 'organization_id'], 'duplicate organization_id, first used at organizations[0].organization_id']],
    ],
    [
      'a key twice',
      seedOf({ organization_id: 'org_b', api_keys: [{ key: ADMIN }] }),
      [[[...SECOND, 'api_keys', 0, 'key'], 'duplicate key, first used at organizations[0].api_keys[0].key']],
    ],
    ['text that is empty', '', [[['seed'], 'line 1, column 1: is empty: expected version and organizations']]],
    [
      'text that is no YAML',
      'version: 1\n  x: 2',
      [[['seed'], 'line 1, column 10: not YAML: Nested mappings are not allowed in compact mappings']],
    ],
    [
      'text that is no JSON',
      '{"version": 1,}',
      [[['seed'], 'line 1, column 15: not JSON: a comma before } is not allowed: remove it']],
    ],
    [
      'text with an unknown member',
      'version: 1\norganizations:\n  - organization_id: org_a\n    tier: pro',
      [[['seed', 'organizations', 0, 'tier'], 'line 4, column 5: unknown member: did you mean account_type?']],
    ],
    [
      'text with an id twice',
      'version: 1\norganizations:\n  - organization_id: org_a\n  - organization_id: org_a',
      [
        [
          ['seed', 'organizations', 1, 'organization_id'],
          'line 4, column 5: duplicate organization_id, first used at organizations[0].organization_id',
        ],
      ],
    ],
  ] as [string, unknown, [(string | number)[], string][]][])('that is %s is refused', async (_name, seed, problems) => {
    const app = await startControl();
    const { status, json } = await app.ask('POST', '/sandboxes', { seed });
    expect([status, json]).toEqual([422, invalid(...problems)]);
    expect((await app.ask('GET', '/sandboxes')).json.sandboxes).toHaveLength(1);
  });
});
