import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { SPANS } from '../../src/domain/api-version.ts';
import type { OrganizationModel, OrganizationUpdate } from '../../src/domain/organization.ts';
import type {
  OrganizationModelResponse,
  OrganizationModelResponse082,
  OrganizationUpdateRequest,
  OrganizationUpdateRequest082,
} from '../../src/index.ts';
import { buildSeed } from '../../src/seed/build.ts';
import { ACME, buildTestApp, validationError } from '../support/harness.ts';

const HINT = 'x-mixpeek-mock-hint';
const TODAY = {
  ...ACME,
  notifications_email: null,
  auth_provider_org_id: null,
  default_llm_credentials: {},
  api_url: null,
};
const LIMITS = ACME.rate_limits;
const build = () => buildTestApp({ apiVersion: '0.82' });

describe('API 0.82', () => {
  it('answers its model, in its order', async () => {
    const { get } = await build();
    const { text, json } = await get();
    expect(json).toEqual(TODAY);
    expect(Object.keys(JSON.parse(text))).toEqual([
      'organization_id',
      'organization_name',
      'logo_url',
      'account_type',
      'credit_count',
      'metadata',
      'billing_email',
      'notifications_email',
      'rate_limits',
      'auto_billing_enabled',
      'billing_cycle_start',
      'current_month_usage',
      'created_at',
      'updated_at',
      'users',
      'auth_provider_org_id',
      'default_llm_credentials',
      'api_url',
    ]);
  });

  it.each<[string, unknown[], Record<string, number>]>([
    ['replaces the override as a whole', [{ search: 500, data: 7 }, { upload: 3 }], { upload: 3 }],
    ['drops it by null', [{ search: 500 }, null], {}],
    ['drops it by an empty object', [{ search: 500 }, {}], {}],
    ['drops it by unknown categories alone', [{ search: 500 }, { serach: 1 }], {}],
    ['keeps it when it is left out', [{ search: 500 }, undefined], { search: 500 }],
    ['reads limits as lax integers', [{ search: '500', data: 7.0 }], { search: 500, data: 7 }],
  ])('rate_limit_overrides %s', async (_name, updates, override) => {
    const { patch, get } = await build();
    for (const rate_limit_overrides of updates) expect((await patch({ rate_limit_overrides })).status).toBe(200);
    expect((await get()).json.rate_limits).toEqual({ ...LIMITS, ...override });
  });

  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['notifications_email stays', { notifications_email: 'A@Example.COM' }, { notifications_email: 'A@example.com' }],
    ['credentials are dropped', { default_llm_credentials: { openai: 'k' } }, { default_llm_credentials: {} }],
    ['metadata is dropped', { metadata: { a: 1 } }, { metadata: {} }],
    ['billing_email is dropped', { billing_email: 'a@example.com' }, { billing_email: null }],
  ])('by null, %s', async (_name, set, left) => {
    const { patch, get } = await build();
    await patch(set);
    await patch(Object.fromEntries(Object.keys(set).map((name) => [name, null])));
    expect((await get()).json).toMatchObject(left);
  });

  it('keeps credentials as they were sent, order and all, and replaces them as a whole', async () => {
    const { patch, get } = await build();
    await patch('{"default_llm_credentials": { "b" : "1", "10": "2", "2": "3", "__proto__": "x", "b": "4" }}');
    expect((await get()).text).toContain('"default_llm_credentials":{"b":"4","10":"2","2":"3","__proto__":"x"}');
    await patch({ default_llm_credentials: { a: 'x' } });
    expect((await get()).json.default_llm_credentials).toEqual({ a: 'x' });
  });

  it('reports errors in the order of its members, those of each before the next', async () => {
    const { patch } = await build();
    const { status, json } = await patch({
      nsfw_fail_closed: 2,
      nsfw_check_enabled: [],
      default_llm_credentials: { a: 1, b: 'x', c: null },
      rate_limit_overrides: { search: 0 },
      metadata: 1,
      notifications_email: 1,
    });
    const string = { type: 'string_type', msg: 'Input should be a valid string' };
    const errors = [
      { ...string, loc: ['body', 'notifications_email'] },
      { type: 'dict_type', loc: ['body', 'metadata'], msg: 'Input should be a valid dictionary' },
      {
        type: 'greater_than_equal',
        loc: ['body', 'rate_limit_overrides', 'search'],
        msg: 'Input should be greater than or equal to 1',
        ctx: { ge: 1 },
      },
      { ...string, loc: ['body', 'default_llm_credentials', 'a'] },
      { ...string, loc: ['body', 'default_llm_credentials', 'c'] },
      { type: 'bool_type', loc: ['body', 'nsfw_check_enabled'], msg: 'Input should be a valid boolean' },
      {
        type: 'bool_parsing',
        loc: ['body', 'nsfw_fail_closed'],
        msg: 'Input should be a valid boolean, unable to interpret input',
      },
    ];
    expect([status, json]).toEqual([422, validationError(...errors)]);
  });

  it('changes updated_at for a member that it does not answer, and says so in the journal', async () => {
    const { patch, advance, findSandbox } = await build();
    await advance(1000);
    expect((await patch({ nsfw_check_enabled: 'YES' })).json).toEqual({ ...TODAY, updated_at: '2026-01-01T00:00:01Z' });
    expect((await patch({ nsfw_check_enabled: true })).json.updated_at).toBe('2026-01-01T00:00:01Z');
    const [first] = (await findSandbox()).journal.list();
    expect(first?.changes).toEqual([{ member: 'nsfw_check_enabled', before: 'false', after: 'true' }]);
  });
});

const fixture = (name: string) =>
  readFileSync(new URL(`../fixtures/${name}.jsonl`, import.meta.url), 'utf8')
    .trim()
    .split('\n');

describe('a boolean of 0.82 is read as pydantic reads it', () => {
  type Row = { json: string; ok?: boolean | null; type: string; msg: string };
  const rows = fixture('booleans').map((line): Row => JSON.parse(line));

  it.each(rows)('$json', async ({ json, ok, type, msg }) => {
    const { patch, findSandbox } = await build();
    // From the other value on, so that every outcome is seen.
    await patch({ nsfw_check_enabled: ok !== true });
    const answer = await patch(`{"nsfw_check_enabled":${json}}`);
    if (ok === undefined) {
      const error = { type, loc: ['body', 'nsfw_check_enabled'], msg };
      expect([answer.status, answer.json]).toEqual([422, validationError(error)]);
      return;
    }
    const stored = (await findSandbox()).findOrganization('org_demo123');
    expect([answer.status, (await stored)?.nsfw_check_enabled]).toEqual([200, ok ?? true]);
  });
});

describe('a map of strings of 0.82 is read as pydantic reads it', () => {
  type Row = { json: string; ok?: string; errors?: { type: string; loc: string[]; msg: string }[] };
  const rows = fixture('string-maps').map((line): Row => JSON.parse(line));
  /** What the mock refuses besides: NUL characters and unpaired surrogates in what would be kept. */
  const isUnstorable = ({ json }: Row) => /\\u0000|\\ud[89a-f]/i.test(json) && !ONLY_NAMES.includes(json);
  const ONLY_NAMES = ['{"\\ud800":1}'];
  /** Strings as they are written with the fewest escapes. */
  const toPlain = (text: string) => text.replace(/"(?:[^"\\]|\\.)*"/g, (token) => JSON.stringify(JSON.parse(token)));

  it.each(rows.filter((row) => !isUnstorable(row)))('$json', async ({ json, ok, errors = [] }) => {
    const { patch, get } = await build();
    await patch({ default_llm_credentials: { before: 'x' } });
    const answer = await patch(`{"default_llm_credentials":${json}}`);
    if (ok === undefined) {
      const all = errors.map((error) => ({ ...error, loc: ['body', 'default_llm_credentials', ...error.loc] }));
      expect([answer.status, answer.json]).toEqual([422, validationError(...all)]);
      return;
    }
    expect(answer.status).toBe(200);
    const stored = toPlain(ok === 'null' ? '{}' : ok);
    expect(toPlain((await get()).text)).toContain(`"default_llm_credentials":${stored},"api_url"`);
  });

  it.each(['{"a":"\\u0000"}', '{"\\ud800":"x"}', '{"a":"\\udfff"}'])(
    '%s is refused, since it cannot be kept',
    async (json) => {
      const { patch } = await build();
      const answer = await patch(`{"default_llm_credentials":${json}}`);
      expect([answer.status, answer.json.detail[0].msg]).toEqual([
        422,
        'Value error, null characters and unpaired surrogates are not allowed',
      ]);
    },
  );
});

describe('a member of the other version', () => {
  const belongs = 'belongs to API 0.82; this server speaks 0.81: --api-version 0.82';

  it.each([
    ['0.81', { rate_limit_overrides: { search: 1 } }, `rate_limit_overrides ${belongs}`],
    [
      '0.82',
      { rate_limits: { search: 1 } },
      'rate_limits belongs to API 0.81; this server speaks 0.82: --api-version 0.81',
    ],
    [
      '0.81',
      { nsfw_check_enabled: true, notifications_email: 'a@example.com' },
      'nsfw_check_enabled, notifications_email belong to API 0.82; this server speaks 0.81: --api-version 0.82',
    ],
    [
      '0.81',
      { logo_ur: 'x', rate_limit_overrides: null },
      `rate_limit_overrides ${belongs}; ignored: logo_ur (did you mean logo_url?)`,
    ],
  ] as const)('is ignored in %s, with a hint: %j', async (apiVersion, body, hint) => {
    const { patch, get } = await buildTestApp({ apiVersion });
    const before = (await get()).json;
    const answer = await patch(body);
    expect([answer.status, answer.headers[HINT], answer.json]).toEqual([200, hint, before]);
  });

  it('is not checked', async () => {
    const { patch } = await buildTestApp();
    expect((await patch({ nsfw_check_enabled: 'maybe', rate_limit_overrides: 1 })).status).toBe(200);
  });

  it('is refused like any other by --unknown-fields reject, with that hint', async () => {
    const { patch } = await buildTestApp({ unknownFields: 'reject' });
    const answer = await patch({ zzz: 1, rate_limit_overrides: { search: 1 } });
    const forbidden = { type: 'extra_forbidden', msg: 'Extra inputs are not permitted' };
    const errors = ['zzz', 'rate_limit_overrides'].map((name) => ({ ...forbidden, loc: ['body', name] }));
    expect([answer.status, answer.json]).toEqual([422, validationError(...errors)]);
    expect(answer.headers[HINT]).toBe(`rate_limit_overrides ${belongs}`);
  });
});

it('sandboxes of both versions live in one server', async () => {
  const app = await buildTestApp();
  const organizations = [{ organization_id: 'org_b', api_keys: [{ key: 'sk_test_b' }] }];
  const { state } = buildSeed({ version: 1, api_version: '0.82', organizations }, '2026-01-01T00:00:00Z');
  await app.store.put('b', state, { initial: state.settings });
  const request = { url: '/v1/organizations', headers: { authorization: 'Bearer sk_test_b' } };
  const payload = { rate_limits: { search: 1 }, rate_limit_overrides: { search: 2 } };
  const b = await app.app.inject({ method: 'PATCH', ...request, payload });
  expect([b.json().rate_limits.search, b.json().api_url]).toEqual([2, null]);
  const a = await app.patch(payload);
  expect([a.json.rate_limits.search, 'api_url' in a.json]).toEqual([1, false]);
});

type Foreign<Part extends keyof typeof SPANS, Span> = {
  [M in keyof (typeof SPANS)[Part]]: (typeof SPANS)[Part][M] extends Span ? M : never;
}[keyof (typeof SPANS)[Part]];
/** What 0.81 does not have, and what 0.82 does not have. */
type Older = { since: '0.82' };
type Newer = { until: '0.81' };
type Same<A, B> = [A, B] extends [B, A] ? true : never;

it('the exported types have exactly the members of their version', () => {
  // The compiler is what tests it.
  const same: [
    Same<keyof OrganizationUpdateRequest, Exclude<keyof OrganizationUpdate, Foreign<'request', Older>>>,
    Same<keyof OrganizationUpdateRequest082, Exclude<keyof OrganizationUpdate, Foreign<'request', Newer>>>,
    Same<keyof OrganizationModelResponse, Exclude<keyof OrganizationModel, Foreign<'response', Older>>>,
    Same<keyof OrganizationModelResponse082, keyof OrganizationModel>,
  ] = [true, true, true, true];
  expect(same).toHaveLength(4);
});
