import { describe, expect, it } from 'vitest';
import { DEFAULT, invalid, startControl } from '../support/control.ts';
import { ACME, errorBody } from '../support/harness.ts';

const YAML = { 'content-type': 'application/yaml' };

describe('PUT …/state refuses', () => {
  const deep = (levels: number) => `${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`;
  const TOO_DEEP = 'is nested deeper than the API accepts: 100 levels, the body being the first';

  it.each<[string, string, Record<string, string>, [loc: (string | number)[], msg: string][]]>([
    [
      'JSON with an unknown member',
      '{\n  "version": 1,\n  "organizations": [{"organization_id": "org_a", "tier": "pro"}]\n}',
      {},
      [[['organizations', 0, 'tier'], 'line 3, column 50: unknown member: did you mean account_type?']],
    ],
    [
      'YAML with an unknown member',
      'version: 1\norganizations:\n  - organization_id: org_a\n    tier: pro',
      YAML,
      [[['organizations', 0, 'tier'], 'line 4, column 5: unknown member: did you mean account_type?']],
    ],
    [
      'JSON that contradicts itself',
      '{"version": 1, "organizations": [\n  {"organization_id": "org_a"},\n  {"organization_id": "org_a"}]}',
      {},
      [
        [
          ['organizations', 1, 'organization_id'],
          'line 3, column 4: duplicate organization_id, first used at organizations[0].organization_id',
        ],
      ],
    ],
    [
      'tiers out of order',
      'version: 1\ntiers:\n  pro: { search: 61 }\norganizations: [{ organization_id: org_a }]',
      YAML,
      [
        [
          ['tiers', 'pro', 'search'],
          'line 3, column 10: 61 is more than data (60): metadata >= data >= search >= upload >= compute',
        ],
      ],
    ],
    [
      'what is not JSON',
      '{"version": 1,\n "organizations": [}',
      {},
      [
        [
          [],
          'line 2, column 20: not JSON: expected a value: text needs double quotes, a number begins with a digit or a minus',
        ],
      ],
    ],
    [
      'YAML sent as JSON',
      'version: 1',
      {},
      [
        [
          [],
          'line 1, column 1: not JSON: expected a value: text needs double quotes, a number begins with a digit or a minus',
        ],
      ],
    ],
    ['what is not YAML', 'version: [', YAML, [[[], expect.stringMatching(/^line 1, column 11: not YAML: /)]]],
    ['a name twice', '{"version": 1, "version": 1}', {}, [[[], 'line 1, column 16: version appears twice']]],
    ['a list', '[]', {}, [[[], 'line 1, column 1: expected an object, found a list']]],
    ['null', 'null', {}, [[[], 'line 1, column 1: is empty: expected version and organizations']]],
    ['YAML of a comment', '# nothing', YAML, [[[], 'line 1, column 1: is empty: expected version and organizations']]],
    [
      'metadata of 100 levels',
      `{"version": 1, "organizations": [{"organization_id": "org_a",\n"metadata": ${deep(100)}}]}`,
      {},
      [[[], expect.stringMatching(`^line 2, column \\d+: ${TOO_DEEP}$`)]],
    ],
    [
      'metadata of 100 levels in YAML',
      `version: 1\norganizations:\n  - organization_id: org_a\n    metadata: ${deep(100)}`,
      YAML,
      [[[], expect.stringMatching(`^line 4, column \\d+: ${TOO_DEEP}$`)]],
    ],
  ] as [string, string, Record<string, string>, [(string | number)[], string][]][])(
    '%s, with its place',
    async (_name, body, headers, problems) => {
      const app = await startControl();
      const { status, json } = await app.ask('PUT', `${DEFAULT}/state`, body, { headers });
      expect([status, json]).toEqual([422, invalid(...problems)]);
      expect((await app.get()).json).toEqual(ACME);
      expect((await app.ask('GET', `${DEFAULT}/snapshots`)).json.snapshots).toHaveLength(1);
    },
  );

  it.each<[string, string | Buffer | undefined, string]>([
    ['no body', undefined, 'The body is empty'],
    ['an empty body', '', 'The body is empty'],
    ['whitespace', ' \n', 'The body is empty'],
    ['what is not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 'The body is not in UTF-8'],
  ])('%s', async (_name, body, message) => {
    const app = await startControl();
    const { status, json } = await app.ask('PUT', `${DEFAULT}/state`, body);
    expect([status, json]).toEqual([400, errorBody(400, 'BadRequestError', message)]);
  });

  it('more than 20 problems, saying so', async () => {
    const app = await startControl();
    const organizations = Array.from({ length: 25 }, () => ({}));
    const { json } = await app.ask('PUT', `${DEFAULT}/state`, { version: 1, organizations });
    expect(json.detail).toHaveLength(21);
    expect(json.detail.at(-1)).toEqual({ type: 'value_error', loc: ['body'], msg: 'and more problems' });
  });

  it.each([
    ['JSON', {}, deep(99)],
    ['YAML', YAML, deep(99)],
  ])('no metadata of 99 levels in %s', async (_name, headers, metadata) => {
    const app = await startControl();
    const seed = `{"version": 1, "organizations": [{"organization_id": "org_a", "metadata": ${metadata}, "api_keys": [{"key": "sk_test_a"}]}]}`;
    expect((await app.ask('PUT', `${DEFAULT}/state`, seed, { headers })).status).toBe(200);
    expect((await app.show('sk_test_a')).text).toContain(`"metadata":${metadata},`);
    const { text } = await app.ask('GET', `${DEFAULT}/state`);
    expect((await app.ask('PUT', `${DEFAULT}/state`, text)).status).toBe(200);
  });
});
