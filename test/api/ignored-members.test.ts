import { expect, it } from 'vitest';
import { buildTestApp } from '../support/harness.ts';

const HINT = 'x-mixpeek-mock-hint';
const KEY = 'sk_live_0123456789abcdef';

it.each([
  ['camelCase', { organizationName: 'x' }, 'ignored: organizationName (did you mean organization_name?)'],
  ['a letter too few', { logo_ur: 'x' }, 'ignored: logo_ur (did you mean logo_url?)'],
  ['hyphens', { 'Billing-Email': 'x' }, 'ignored: Billing-Email (did you mean billing_email?)'],
  ['a member of the answer', { credit_count: 1 }, 'ignored: credit_count'],
  ['a category', { rate_limits: { serach: 1 } }, 'ignored: rate_limits.serach (did you mean search?)'],
  [
    'one at each level, in the order in which they would be refused',
    '{"zzz":1,"10":1,"rate_limits":{"x y":1,"upload":3,"__proto__":1},"2":1,"__proto__":{}}',
    'ignored: rate_limits.x y, rate_limits.__proto__, zzz, 10, 2 and 1 more',
  ],
  ['exactly five', '{"a1":1,"a2":1,"a3":1,"a4":1,"a5":1}', 'ignored: a1, a2, a3, a4, a5'],
  ['a name of 60 characters', { ['n'.repeat(60)]: 1 }, `ignored: ${'n'.repeat(60)}`],
  ['a longer name', { ['n'.repeat(61)]: 1 }, `ignored: ${'n'.repeat(60)}...`],
  ['a name of 60 characters beyond the BMP', { ['😀'.repeat(60)]: 1 }, `ignored: ${'\\ud83d\\ude00'.repeat(60)}`],
  ['a longer one of those', { ['😀'.repeat(61)]: 1 }, `ignored: ${'\\ud83d\\ude00'.repeat(60)}...`],
  ['an empty name', { '': 1 }, 'ignored: ""'],
  [
    'what no header takes',
    '{"é\\"\\\\\\r\\nX: y\\u0000\\u007f\\ud800":1}',
    'ignored: \\u00e9\\"\\\\\\r\\nX: y\\u0000\\u007f\\ud800',
  ],
  ['a key', { [KEY]: 1 }, 'ignored: sk_live_01\\u2026'],
  [
    'a key at the end of a long name',
    { [`${'n'.repeat(50)}-${KEY}`]: 1 },
    `ignored: ${'n'.repeat(50)}-sk_live_\\u2026...`,
  ],
])('a 200 tells which members it ignored: %s', async (_name, body, hint) => {
  const { patch } = await buildTestApp();
  const answer = await patch(body);
  expect([answer.status, answer.headers[HINT]]).toEqual([200, hint]);
});

it.each([
  ['nothing unknown', { organization_name: 'x', rate_limits: { search: 5 } }],
  ['anything in metadata', { metadata: { organizationName: 'x', rate_limits: { serach: 1 } } }],
  ['an empty body', {}],
  ['rate_limits null', { rate_limits: null }],
])('a 200 that ignored nothing has no hint: %s', async (_name, body) => {
  const { patch } = await buildTestApp();
  const answer = await patch(body);
  expect(answer.status).toBe(200);
  expect(answer.headers).not.toHaveProperty(HINT);
});

it('a GET ignores nothing, whatever its body and query hold', async () => {
  const { get } = await buildTestApp();
  const answer = await get({ url: '/v1/organizations?organizationName=x', payload: { organizationName: 'x' } });
  expect(answer.status).toBe(200);
  expect(answer.headers).not.toHaveProperty(HINT);
});

it('a 422 tells what is wrong, not what would have been ignored', async () => {
  const { patch } = await buildTestApp();
  const answer = await patch({ organizationName: 'x', logo_url: 1 });
  expect([answer.status, answer.headers[HINT]]).toEqual([422, 'logo_url: must be a string']);
});
