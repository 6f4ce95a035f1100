import { describe, expect, it } from 'vitest';
import { DEFAULT, invalid, startControl } from '../support/control.ts';
import { ACME } from '../support/harness.ts';

const ORGANIZATIONS = `${DEFAULT}/organizations`;

describe('a body of an organization', () => {
  it.each<[string, unknown, [loc: string[], msg: string][]]>([
    ['another tier', { account_type: 'teams' }, [[['account_type'], 'did you mean team?']]],
    ['the id', { organization_id: 'acme' }, [[['organization_id'], 'expected org_, then letters, digits, _ or -']]],
    [
      'an unknown member',
      { rate_limits: {} },
      [[['rate_limits'], 'unknown member: did you mean rate_limits_override?']],
    ],
    ['keys', { api_keys: [] }, [[['api_keys'], expect.stringMatching(/^unknown member: /)]]],
    [
      'a limit of 0',
      { rate_limits_override: { data: 0 } },
      [[['rate_limits_override', 'data'], 'expected a whole number from 1 to 9007199254740991']],
    ],
    ['a day', { billing_cycle_start: 32 }, [[['billing_cycle_start'], 'expected a whole number from 1 to 31']]],
    ['an address', { billing_email: 'x' }, [[['billing_email'], expect.stringMatching(/^is not an e-mail address: /)]]],
    ['metadata', { metadata: [] }, [[['metadata'], 'expected an object; {} for an empty one']]],
    ['users', { users: [1] }, [[['users'], 'expected an array of objects']]],
    ['a time', { created_at: 'soon' }, [[['created_at'], 'expected a time like 2027-01-01T00:00:00Z']]],
    [
      'null',
      { organization_name: null },
      [[['organization_name'], 'expected text, found nothing (null): write one, or leave the member out']],
    ],
    [
      'several',
      { credit_count: -1, api_url: 1 },
      [
        [['credit_count'], 'expected a whole number from 0 to 9007199254740991'],
        [['api_url'], 'expected text: put quotes around a number'],
      ],
    ],
  ] as [string, unknown, [string[], string][]][])('is strict: %s', async (name, body, problems) => {
    const app = await startControl();
    expect((await app.ask('POST', ORGANIZATIONS, body)).json).toEqual(invalid(...problems));
    const expected =
      name === 'the id'
        ? [[['organization_id'], expect.stringMatching(/^unknown member: /)] as [string[], string]]
        : problems;
    expect((await app.ask('PATCH', `${ORGANIZATIONS}/org_demo123`, body)).json).toEqual(invalid(...expected));
    expect((await app.get()).json).toEqual(ACME);
  });
});
