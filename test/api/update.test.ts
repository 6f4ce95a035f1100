import { describe, expect, it } from 'vitest';
import { ACME, buildTestApp } from '../support/harness.ts';

const UPDATED = { updated_at: '2026-01-01T00:00:00Z' };

describe('PATCH /v1/organizations', () => {
  it.each([
    ['organization_name', 'New Name'],
    ['organization_name', ''],
    ['organization_name', '  blanks  '],
    ['logo_url', 'https://example.com/logo.png'],
    ['logo_url', 'not a url'],
    ['billing_email', 'billing@example.com'],
    ['metadata', { a: [1, { b: null }] }],
  ])('sets %s alone', async (member, value) => {
    const { patch, get } = await buildTestApp();
    const expected = { ...ACME, [member]: value, ...UPDATED };
    expect((await patch({ [member]: value })).json).toEqual(expected);
    expect((await get()).json).toEqual(expected);
  });

  it('replaces metadata as a whole', async () => {
    const { patch } = await buildTestApp();
    await patch({ metadata: { a: 1, b: 2 } });
    expect((await patch({ metadata: { b: 3 } })).json.metadata).toEqual({ b: 3 });
  });

  it('merges rate limits category by category', async () => {
    const { patch } = await buildTestApp();
    await patch({ rate_limits: { search: 500 } });
    const { json } = await patch({ rate_limits: { data: 7, search: 501 } });
    expect(json.rate_limits).toEqual({ ...ACME.rate_limits, data: 7, search: 501 });
  });

  it.each([
    ['organization_name', 'New', 'New'],
    ['logo_url', 'x', null],
    ['billing_email', 'a@b.com', null],
    ['metadata', { a: 1 }, {}],
    ['rate_limits', { search: 1, upload: 2 }, ACME.rate_limits],
  ])('null takes %s back to its default', async (member, value, expected) => {
    const { patch } = await buildTestApp();
    await patch({ [member]: value });
    const { json } = await patch({ [member]: null });
    expect(json).toEqual({ ...ACME, [member]: expected, ...UPDATED });
  });

  it.each(['organization_name', 'logo_url', 'billing_email', 'metadata', 'rate_limits'])(
    'leaves %s as it is when it is absent',
    async (absent) => {
      const { patch } = await buildTestApp();
      const all: Record<string, unknown> = {
        organization_name: 'One',
        logo_url: 'one',
        billing_email: 'one@example.com',
        metadata: { one: 1 },
        rate_limits: { search: 1 },
      };
      const before = (await patch(all)).json;
      const others: Record<string, unknown> = {
        organization_name: 'Two',
        logo_url: 'two',
        billing_email: 'two@example.com',
        metadata: { two: 2 },
        rate_limits: { data: 2 },
      };
      delete others[absent];
      const after = (await patch(others)).json;
      expect(after[absent]).toEqual(before[absent]);
      for (const member of Object.keys(others)) expect(after[member]).not.toEqual(before[member]);
    },
  );

  it('ignores members that the model does not know', async () => {
    const { patch } = await buildTestApp();
    const body = {
      organization_id: 'org_free',
      account_type: 'enterprise',
      credit_count: 10 ** 9,
      auto_billing_enabled: true,
      billing_cycle_start: 31,
      created_at: '1999-01-01T00:00:00Z',
      users: [{}],
      nonsense: { deep: [] },
    };
    expect((await patch(body)).json).toEqual(ACME);
  });

  it.each([
    ['an empty object', {}],
    ['no known member', { nonsense: 1 }],
    ['an empty rate_limits', { rate_limits: {} }],
    ['only unknown categories', { rate_limits: { storage: 5 } }],
    ['what is stored', { organization_name: 'Acme Corporation', logo_url: null, metadata: {}, rate_limits: null }],
    ['a null name', { organization_name: null }],
  ])('changes nothing, updated_at included, for %s', async (_name, body) => {
    const { patch } = await buildTestApp();
    const answer = await patch(body);
    expect([answer.status, answer.json]).toEqual([200, ACME]);
  });

  it('compares metadata as text without blanks, and limits with the stored override', async () => {
    const { patch, advance } = await buildTestApp();
    const before = (await patch({ metadata: { a: 1 }, rate_limits: { search: 60 } })).json;
    await advance(1234);
    expect((await patch('{"metadata": { "a" : 1 }, "rate_limits": {"search": "60"}}')).json).toEqual(before);
    // The tier gives 60 for data too, but as a default, not as an override.
    expect((await patch({ rate_limits: { data: 60 } })).json.updated_at).toBe('2026-01-01T00:00:01.234000Z');
  });

  it('gives metadata back as it was sent: digits, order, __proto__ and all', async () => {
    const { patch, get } = await buildTestApp();
    const metadata =
      '{"b":1,"10":12345678901234567890,"2":1.10,"__proto__":{"x":1e400},"constructor":-0,"s":"\\u00e9 \\/ é \\ud800"}';
    const sent = `{ "metadata" : ${metadata.replaceAll(',', ' ,\n').replaceAll('":', '"\t: ')} }`;
    expect((await patch(sent)).text).toContain(`"metadata":${metadata},`);
    expect((await get()).text).toContain(`"metadata":${metadata},`);
  });

  it('takes the last of a member that is given twice, in the first one’s place', async () => {
    const { patch } = await buildTestApp();
    const body = '{"organization_name":1,"metadata":{"a":1,"b":{"x":1,"x":2},"\\u0061":3},"organization_name":"Twice"}';
    const answer = await patch(body);
    expect(answer.json.organization_name).toBe('Twice');
    expect(answer.text).toContain('"metadata":{"a":3,"b":{"x":2}},');
  });

  it.each([
    ['{"":1,"":2}', '{"":2}'],
    ['{"\\"":1,"b":0,"\\"":2}', '{"\\"":2,"b":0}'],
    ['{"\\u0022":1,"\\"":2}', '{"\\u0022":2}'],
    ['{"\\\\":{"x":":"},"\\\\":":"}', '{"\\\\":":"}'],
  ])('takes the last of a name that is given twice, whatever it begins with: %s', async (sent, kept) => {
    const { patch } = await buildTestApp();
    expect((await patch(`{"metadata":${sent}}`)).text).toContain(`"metadata":${kept},`);
  });

  it('keeps every change of 200 concurrent requests', async () => {
    const { patch, get } = await buildTestApp();
    const categories = ['metadata', 'data', 'search', 'upload', 'compute'];
    const changes: Record<string, unknown>[] = Array.from({ length: 200 }, (_, index) => {
      const kind = index % 8;
      const category = categories[kind];
      if (category !== undefined) return { rate_limits: { [category]: 1000 + index } };
      return {
        [['organization_name', 'logo_url', 'metadata'][kind - 5] as string]: kind === 7 ? { index } : `${index}`,
      };
    });
    const answers = await Promise.all(changes.map((change) => patch(change)));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect((await get()).json).toMatchObject({
      rate_limits: { metadata: 1192, data: 1193, search: 1194, upload: 1195, compute: 1196 },
      organization_name: '197',
      logo_url: '198',
      metadata: { index: 199 },
    });
  });

  it('changes the organization of the key and no other', async () => {
    const { patch, get } = await buildTestApp();
    await patch({ organization_name: 'Changed' });
    expect((await get({ authorization: 'Bearer sk_test_free' })).json.organization_name).toBe('Free Organization');
  });
});
