import { describe, expect, it, vi } from 'vitest';
import { test } from '../../src/suites/vitest.ts';
import { nameOf, rename, send, statusOf } from '../support/handle.ts';

/** What an assertion says when it fails. */
const messageOf = async (assertion: Promise<void>): Promise<string> => {
  const error = await assertion.then(
    () => new Error('it holds'),
    (thrown: Error) => thrown,
  );
  return error.message;
};

describe('toHaveReceived', () => {
  test('takes what is there, and waits for what is to come', async ({ mixpeek }) => {
    await statusOf(mixpeek);
    await expect(mixpeek).toHaveReceived({ method: 'GET', status: 200 });
    const coming = expect(mixpeek).toHaveReceived({ body: { organization_name: 'New' } }, { times: 1 });
    await rename(mixpeek, 'New');
    await coming;
    await expect(mixpeek).toHaveReceived({}, { times: { min: 1, max: 2 }, within: 1 });
  });

  test.for<[string, object]>([
    ['a value', { organization_name: expect.stringMatching(/^N/) }],
    ['an item of a list', { metadata: { list: [1, expect.any(Object)] } }],
    ['a list', { metadata: { list: expect.arrayContaining([{}]) } }],
    ['a part', { metadata: expect.objectContaining({ deep: { a: expect.anything() } }), organization_name: 'New' }],
  ])('takes asymmetric matchers for %s of the body', async ([, body], { mixpeek }) => {
    await send(mixpeek, 'PATCH', { organization_name: 'Old', metadata: { list: [1, { b: 1 }, 2], deep: {} } });
    const coming = expect(mixpeek).toHaveReceived({ method: 'PATCH', body: { ...body } }, { times: 1 });
    await send(mixpeek, 'PATCH', { organization_name: 'New', metadata: { list: [1, {}], deep: { a: 1 } } });
    await coming;
    expect((await mixpeek.requests({ body: { ...body } })).map(({ seq }) => seq)).toEqual([2]);
  });

  test('takes asymmetric matchers for other members', async ({ mixpeek }) => {
    await statusOf(mixpeek);
    await expect(mixpeek).toHaveReceived({ status: expect.any(Number), path: expect.stringContaining('/v1/') });
    await expect(mixpeek).not.toHaveReceived({ path: expect.stringContaining('/v2/') });
  });

  test('says what came nearest', async ({ mixpeek }) => {
    await send(mixpeek, 'PATCH', { metadata: { a: 1 } });
    const plain = expect(mixpeek).toHaveReceived({ body: { metadata: { a: 2 } } }, { within: 1 });
    expect(await messageOf(plain)).toMatch(
      /found 0, .*\n {2}nearest: PATCH .* \(seq 1\): body\.metadata\.a is 1, not 2$/,
    );
    const asymmetric = expect(mixpeek).toHaveReceived({ body: { metadata: { a: expect.any(String) } } }, { within: 1 });
    expect(await messageOf(asymmetric)).toMatch(
      /found 0, expected at least 1\n {2}nearest: PATCH \/v1\/organizations \(seq 1\): body \{"metadata":\{"a":1\}\}$/,
    );
    const none = expect(mixpeek).not.toHaveReceived({ method: 'PATCH' });
    expect(await messageOf(none)).toMatch(
      /was not to receive such requests: [\s\S]*\n {2}PATCH \/v1\/organizations 200$/,
    );
  });

  test.for<[number | { min?: number; max?: number }, boolean]>([
    [0, false],
    [1, false],
    [2, true],
    [3, false],
    [{ min: 2 }, true],
    [{ min: 3 }, false],
    [{ max: 1 }, false],
    [{ max: 2 }, true],
    [{ min: 1, max: 3 }, true],
  ])('of two requests, %j: %s, with an asymmetric matcher too', async ([times, expected], { mixpeek }) => {
    for (const name of ['One', 'Two']) await rename(mixpeek, name);
    const matches = [{ method: 'PATCH' }, { body: { organization_name: expect.any(String) } }];
    for (const match of matches) {
      const assertion = expect(mixpeek).toHaveReceived(match, { times, within: 1 });
      expect((await messageOf(assertion)) === 'it holds').toBe(expected);
      const negated = expect(mixpeek).not.toHaveReceived(match, { times });
      expect((await messageOf(negated)) === 'it holds').toBe(!expected);
    }
  });

  test('.not asks at once; with within it waits, and fails as soon as one comes', async ({ mixpeek }) => {
    await expect(mixpeek).not.toHaveReceived({ method: 'PATCH' });
    const coming = messageOf(expect(mixpeek).not.toHaveReceived({ method: 'PATCH' }, { within: 60_000 }));
    await rename(mixpeek, 'New');
    expect(await coming).toContain('was not to receive');
  });

  test('a mistake in the match is none of the tested program, also after .not', async ({ mixpeek }) => {
    const wrong = { methd: 'PATCH' } as object;
    for (const assertion of [expect(mixpeek).toHaveReceived(wrong), expect(mixpeek).not.toHaveReceived(wrong)]) {
      expect(await messageOf(assertion)).toMatch(/422 match: unknown member: methd|422 .*methd/);
    }
    expect(await messageOf(expect({}).toHaveReceived({}))).toMatch(/something else than a sandbox/);
    expect(await messageOf(expect(undefined).toHaveOrganization({}))).toMatch(/something else than a sandbox/);
  });

  test('fake timers stop neither server nor kit', async ({ mixpeek }) => {
    vi.useFakeTimers();
    try {
      const wanted = { body: { organization_name: expect.stringMatching('New') } };
      const late = expect(mixpeek).toHaveReceived(wanted, { within: 50 });
      expect(await messageOf(late)).toContain('found 0');
      const coming = expect(mixpeek).toHaveOrganization({ organization_name: 'New' });
      await rename(mixpeek, 'New');
      await coming;
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('toHaveOrganization', () => {
  test('takes what is so, and waits for what is to be', async ({ mixpeek }) => {
    await expect(mixpeek).toHaveOrganization({ account_type: 'pro', rate_limits: { search: 60 } });
    const coming = expect(mixpeek).toHaveOrganization({
      organization_name: 'Second',
      metadata: { id: expect.any(Number) },
    });
    await rename(mixpeek, 'First');
    await send(mixpeek, 'PATCH', { organization_name: 'Second', metadata: { id: 1, more: true } });
    await coming;
    await expect(mixpeek).not.toHaveOrganization({ organization_name: 'First' });
    // It disturbed nothing: no request of its own, no limit.
    expect(await mixpeek.requests()).toHaveLength(2);
  });

  test('says each member that differs', async ({ mixpeek }) => {
    await send(mixpeek, 'PATCH', { organization_name: 'New', metadata: { a: 1 } });
    const wanted = { organization_name: 'Old', metadata: { a: 1 }, rate_limits: { data: 1 }, credit_count: 0 };
    const message = await messageOf(expect(mixpeek).toHaveOrganization(wanted, { within: 1 }));
    expect(
      message
        .split('\n')
        .filter((line) => /^ {2}\w+:/.test(line))
        .map((line) => line.split(':')[0]?.trim()),
    ).toEqual(['organization_name', 'rate_limits', 'credit_count']);
    const negated = messageOf(expect(mixpeek).not.toHaveOrganization({ organization_name: 'New' }));
    expect(await negated).toContain('was not to be like');
  });
});

describe('a sandbox', () => {
  test('shows and changes its organization past the API', async ({ mixpeek }) => {
    expect(await mixpeek.organization()).toMatchObject({
      organization_id: mixpeek.organizationId,
      account_type: 'pro',
      rate_limits_override: {},
    });
    const changed = await mixpeek.update({ account_type: 'free', organization_name: 'Free', credit_count: 3 });
    expect(changed).toMatchObject({ account_type: 'free', credit_count: 3, tier_limits: changed.rate_limits });
    expect([await nameOf(mixpeek), (await mixpeek.requests()).length]).toEqual(['Free', 1]);
    await expect(mixpeek.update({ credit_count: -1 })).rejects.toThrow('422 credit_count:');
  });

  test('issues keys', async ({ mixpeek }) => {
    const statuses = async (apiKey: string) => {
      const client = { ...mixpeek, apiKey };
      return [await statusOf(client), (await send(client, 'PATCH', {})).status];
    };
    expect(await statuses(await mixpeek.createKey('read'))).toEqual([200, 403]);
    expect(await statuses(await mixpeek.createKey('admin'))).toEqual([200, 200]);
    expect(await statuses(await mixpeek.createKey('admin', { status: 'revoked' }))).toEqual([401, 401]);
    const now = await mixpeek.clock.now();
    const soon = await mixpeek.createKey('admin', { expiresAt: new Date(now.getTime() + 60_000) });
    expect(await statuses(soon)).toEqual([200, 200]);
    await mixpeek.clock.advance(61_000);
    expect(await statuses(soon)).toEqual([401, 401]);
  });
});

it('a server is a sandbox too', async () => {
  const { start } = await import('../support/handle.ts');
  const server = await start({ limits: 'enforce' });
  await server.update({ organization_name: 'Own' });
  await expect(server).toHaveOrganization({ organization_id: 'org_demo123', organization_name: 'Own' });
  expect(await statusOf({ ...server, apiKey: await server.createKey('read') })).toBe(200);
});
