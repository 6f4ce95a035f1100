import { describe, expect, it } from 'vitest';
import { type ControlApp, DEFAULT, invalid, startControl } from '../support/control.ts';
import { type Answer, errorBody } from '../support/harness.ts';

const PATH = '/pact/provider-states';
const DEMO_KEY = 'sk_live_abc123def456';
const DEMO = { api_key: DEMO_KEY, organization_id: 'org_demo123' };
const ORGANIZATION = '/sandboxes/default/organizations/org_demo123';

const STATES = [
  'an organization on tier free',
  'an organization on tier pro',
  'an organization on tier team',
  'an organization on tier enterprise',
  'an API key exists',
  'the key is revoked',
  'the key is expired',
  'the key lacks permission write',
  'the key lacks permission delete',
  'the key lacks permission admin',
  'the rate limit is exhausted',
];
const listStates = (...more: string[]) => [...STATES, 'initial', ...more].map((name) => `'${name}'`).join(', ');

async function start(options: Parameters<typeof startControl>[0] = {}) {
  const app = await startControl(options);
  const set = (state: unknown, params?: object, more: object = {}) =>
    app.ask('POST', PATH, { action: 'setup', state, ...(params && { params }), ...more });
  /** What the API answers the key of a state. */
  const statusOf = async ({ json }: Answer, method: 'GET' | 'PATCH' = 'GET') => {
    const authorization = `Bearer ${json.api_key}`;
    return (await (method === 'GET' ? app.get({ authorization }) : app.patch({ metadata: {} }, { authorization })))
      .status;
  };
  return { ...app, set, statusOf };
}

const bodyOf = ({ status, json }: Answer) => [status, json];
const controlsOf = async ({ ask }: Pick<ControlApp, 'ask'>, id = 'default') =>
  (await ask('GET', `/sandboxes/${id}/requests?view=summary`)).json.controls;
const hintOf = ({ headers }: Answer) => headers['x-mixpeek-mock-hint'];

describe('a provider state', () => {
  it.each(['free', 'pro', 'team', 'enterprise'])('an organization on tier %s: the API shows it', async (tier) => {
    const { set, show } = await start();
    const params = { organization_name: 'Pact', metadata: { plan: 1.0, deep: { a: [1] } } };
    expect(bodyOf(await set(`an organization on tier ${tier}`, params))).toEqual([200, DEMO]);
    expect((await show(DEMO_KEY)).json).toMatchObject({ account_type: tier, ...params });
  });

  it('an organization on a tier, of the key that the params name, leaves others alone', async () => {
    const { set, show } = await start();
    const answer = await set('an organization on tier team', { api_key: 'sk_test_free' });
    expect(bodyOf(answer)).toEqual([200, { api_key: 'sk_test_free', organization_id: 'org_free' }]);
    expect((await show('sk_test_free')).json).toMatchObject({
      account_type: 'team',
      organization_name: 'Free Organization',
      rate_limits: { metadata: expect.any(Number) },
    });
    expect((await show(DEMO_KEY)).json.account_type).toBe('pro');
  });

  it("an API key exists: a pact's own token is valid from now on, with the permission that it names", async () => {
    const { set, statusOf } = await start();
    const params = { key: 'sk_test_pact', permission: 'read' };
    const answer = await set('an API key exists', params);
    expect(bodyOf(answer)).toEqual([200, { api_key: 'sk_test_pact', organization_id: 'org_demo123' }]);
    expect([await statusOf(answer), await statusOf(answer, 'PATCH')]).toEqual([200, 403]);
  });

  it('an API key exists: without a key it is a new one that may do all, in api_key as well as in key', async () => {
    const { set, statusOf } = await start();
    const made = await set('an API key exists');
    expect(bodyOf(made)).toEqual([200, { ...DEMO, api_key: expect.stringMatching(/^sk_test_[\w-]{32}$/) }]);
    expect(await statusOf(made, 'PATCH')).toBe(200);
    const named = await set('an API key exists', { api_key: 'sk_test_named', key: null, permission: null });
    expect(bodyOf(named)).toEqual([200, { ...DEMO, api_key: 'sk_test_named' }]);
    expect(await statusOf(named, 'PATCH')).toBe(200);
  });

  it.each<[string, object, number]>([
    ['sk_test_revoked', {}, 200],
    ['sk_test_expired', {}, 200],
    ['sk_test_readonly', {}, 403],
    ['sk_test_readonly', { permission: 'write' }, 403],
    ['sk_test_readonly', { permission: 'admin' }, 200],
  ])('an API key exists: %s of the seed becomes valid, %j', async (key, more, patched) => {
    const { set, statusOf } = await start();
    const answer = await set('an API key exists', { key, ...more });
    expect(answer.json).toEqual({ ...DEMO, api_key: key });
    expect([await statusOf(answer), await statusOf(answer, 'PATCH')]).toEqual([200, patched]);
  });

  it('an API key exists: one whose end has come is valid again', async () => {
    const api_keys = [{ key: 'sk_test_over', expires_at: '2025-01-01T00:00:00Z' }];
    const seed = { version: 1 as const, organizations: [{ organization_id: 'org_one', api_keys }] };
    const { set, statusOf, show } = await start({ seed });
    expect((await show('sk_test_over')).status).toBe(401);
    expect(await statusOf(await set('an API key exists', { key: 'sk_test_over' }))).toBe(200);
  });

  it('an API key exists: a new one is of the organization of the key before it, or of the demo key', async () => {
    const demo = { organization_id: 'org_demo123', api_keys: [{ key: DEMO_KEY }] };
    const other = { organization_id: 'org_first', api_keys: [{ key: 'sk_test_first' }] };
    const { set } = await start({ seed: { version: 1, organizations: [other, demo] } });
    expect((await set('an API key exists', { key: 'sk_test_a' })).json.organization_id).toBe('org_demo123');
    await set('an organization on tier team', { api_key: 'sk_test_first' });
    expect((await set('an API key exists', { key: 'sk_test_b' })).json.organization_id).toBe('org_first');
  });

  it.each([
    ['the key is revoked', 401, 401],
    ['the key is expired', 401, 401],
    ['the key lacks permission write', 200, 403],
    ['the key lacks permission delete', 200, 403],
    ['the key lacks permission admin', 200, 403],
    ['the rate limit is exhausted', 429, 429],
  ])('%s: GET is answered with %i, PATCH with %i', async (state, read, written) => {
    const { set, statusOf } = await start();
    for (const params of [undefined, { api_key: 'sk_test_xyz789' }]) {
      const answer = await set(state, params);
      expect(bodyOf(answer)).toEqual([200, { ...DEMO, ...params }]);
      expect([await statusOf(answer), await statusOf(answer, 'PATCH')]).toEqual([read, written]);
    }
  });

  it.each([
    ['sk_live_abc123def456', 'write', ['read']],
    ['sk_live_abc123def456', 'delete', ['write']],
    ['sk_live_abc123def456', 'admin', ['delete']],
    ['sk_test_readonly', 'admin', ['read']],
  ])('%s that lacks the permission %s has %j', async (api_key, permission, permissions) => {
    const { set, ask } = await start();
    await set(`the key lacks permission ${permission}`, { api_key });
    const { api_keys } = (await ask('GET', `${DEFAULT}/api-keys`)).json;
    const found = api_keys.filter(({ key_prefix }: { key_prefix: string }) => api_key.startsWith(key_prefix));
    expect(found.map((one: { permissions: string[] }) => one.permissions)).toContainEqual(permissions);
  });

  it('the rate limit is exhausted stays so while time goes by, whatever the mode was, and the limits say so', async () => {
    const { set, get, ask } = await start({ limits: 'off' });
    await set('');
    await ask('PUT', `${DEFAULT}/clock`, { running: true });
    await set('the rate limit is exhausted', { api_key: 'sk_test_enterprise' });
    expect((await ask('GET', `${DEFAULT}/clock`)).json.mode).toBe('frozen');
    const limits = (await ask('GET', `${DEFAULT}/limits`)).json;
    expect([limits.mode, limits.buckets.map(({ remaining }: { remaining: number }) => remaining)]).toEqual([
      'enforce',
      [0, 0, 0, 0, 0],
    ]);
    const { json, headers } = await get({ authorization: 'Bearer sk_test_enterprise' });
    expect([json.status, headers['retry-after']]).toEqual([429, '1']);
  });

  it('is the name of a snapshot of the sandbox, too', async () => {
    const { set, ask, patch, show } = await start();
    await patch({ organization_name: 'Seen' });
    await ask('PUT', `${DEFAULT}/snapshots/Renamed-1`);
    for (const name of ['Renamed-1', ' renamed-1 ']) {
      await set('');
      expect((await show(DEMO_KEY)).json.organization_name).toBe('Acme Corporation');
      expect(bodyOf(await set(name))).toEqual([200, DEMO]);
      expect((await show(DEMO_KEY)).json.organization_name).toBe('Seen');
    }
    const unknown = await set('renamed');
    expect([unknown.status, unknown.json.error.details.states]).toEqual([404, [...STATES, 'initial', 'Renamed-1']]);
  });

  it('is known in any letter case, with any whitespace', async () => {
    const { set, statusOf } = await start();
    const answer = await set('  The KEY  is\trevoked\n');
    expect(bodyOf(answer)).toEqual([200, DEMO]);
    expect(await statusOf(answer)).toBe(401);
  });
});

describe('a state that cannot be set', () => {
  it('is a 404 that lists the known ones, in the log at warn and among the control actions too', async () => {
    const app = await start();
    const answer = await app.set('the moon is full');
    const list = `there are ${listStates()}`;
    const message = `Unknown provider state 'the moon is full': ${list}`;
    expect(bodyOf(answer)).toEqual([404, errorBody(404, 'NotFoundError', message, { states: [...STATES, 'initial'] })]);
    expect(hintOf(answer)).toBe(list.slice(0, 200));
    const lines = app.log.map((line) => JSON.parse(line)).filter(({ level }) => level === 40);
    expect(lines.map(({ msg }) => msg)).toEqual([message]);
    expect(await controlsOf(app)).toEqual([
      { after: 0, text: 'unknown state: the moon is full', by: 'POST /pact/provider-states' },
    ]);
  });

  it.each([
    ['the key was revoked', 'the key is revoked'],
    ['an organisation on tier fre', 'an organization on tier free'],
    ['The Keys is revokd', 'the key is revoked'],
    ['initail', 'initial'],
  ])('%s: did you mean %s?', async (state, meant) => {
    const { set } = await start();
    const answer = await set(state);
    expect(answer.json.error.message).toBe(
      `Unknown provider state '${state}': did you mean '${meant}'? there are ${listStates()}`,
    );
    expect(hintOf(answer)).toMatch(`did you mean '${meant}'? there are `);
  });

  it('is repeated without a key, and shortened', async () => {
    const app = await start();
    const answer = await app.set(`the key sk_live_verysecretkey ${'x'.repeat(10_000)}`);
    const shown = JSON.stringify([answer.json, await controlsOf(app), app.log]);
    expect(answer.json.error.message).toMatch(/^Unknown provider state 'the key sk_live_ve… x{70}':/);
    expect([shown.includes('verysecretkey'), shown.includes('x'.repeat(101))]).toEqual([false, false]);
  });

  it.each<[string, unknown, object, [(string | number)[], string][]]>([
    [
      'the permission of a key',
      'an API key exists',
      { key: 'sk_test_a', permission: 'owner' },
      [[['params', 'permission'], 'expected one of read, write, delete, admin']],
    ],
    [
      'the form of a key',
      'an API key exists',
      { key: 'secret' },
      [
        [
          ['params', 'key'],
          'expected sk_, mxp_sk_ or ret_sk_, then letters, digits, _ or -, at most 128 characters in all',
        ],
      ],
    ],
    [
      'a key that there is not',
      'the key is revoked',
      { api_key: 'sk_test_nobodys' },
      [[['params', 'api_key'], "the sandbox has no such key: set the state 'an API key exists' first"]],
    ],
    [
      'what is no object, and what is no text',
      'an organization on tier free',
      { metadata: [], organization_name: 1 },
      [
        [['params', 'organization_name'], 'expected text: put quotes around a number'],
        [['params', 'metadata'], 'expected an object; {} for an empty one'],
      ],
    ],
    [
      'a permission that every key has',
      'the key lacks permission read',
      {},
      [[['state'], 'every key has the permission read: the others imply it']],
    ],
    ['a state that is no text', 1, {}, [[['state'], 'expected text: put quotes around a number']]],
  ])('names %s', async (_name, state, params, problems) => {
    const app = await start();
    const before = (await app.ask('GET', `${DEFAULT}/state`)).text;
    expect(bodyOf(await app.set(state, params))).toEqual([422, invalid(...problems)]);
    expect((await app.ask('GET', `${DEFAULT}/state`)).text).toBe(before);
    expect((await controlsOf(app)).length).toBe(0);
  });

  it.each<[object, string, string]>([
    [{ state: '', action: 'tear down' }, 'action', 'did you mean teardown?'],
    [{ state: '', params: 'x' }, 'params', 'expected an object, found text'],
    [{ stat: 'the key is revoked' }, 'state', 'is missing; "" is a clean world'],
    [{ params: { key: 'sk_test_a' } }, 'state', 'is missing; "" is a clean world'],
    [{ states: ['the key is revoked'] }, 'state', 'is missing; "" is a clean world'],
  ])('%j: %s', async (body, member, problem) => {
    const { ask } = await start();
    expect(bodyOf(await ask('POST', PATH, body))).toEqual([422, invalid([[member], problem])]);
  });

  it('is what would make a key valid that another sandbox has', async () => {
    const { set, ask } = await start();
    const seed = { version: 1, organizations: [{ organization_id: 'org_b', api_keys: [{ key: 'sk_test_of_b' }] }] };
    await ask('PUT', '/sandboxes/b/state', seed);
    const { status, json } = await set('an API key exists', { key: 'sk_test_of_b' });
    expect([status, json.error.message]).toEqual([409, expect.stringContaining('b')]);
  });
});

describe('no state', () => {
  it.each<[string, unknown]>([
    ['""', { state: '' }],
    ['whitespace', { state: '  ' }],
    ['null', { state: null }],
    ['nothing', {}],
    ['no body', undefined],
    ['what Ruby sends', { consumer: 'app', state: null, states: [], params: {} }],
    ['nothing but empty members', { consumer: 'app', params: null, states: null }],
  ])('%s is a clean world, whether or not a request came since', async (_name, body) => {
    const { ask, set, show } = await start();
    await set('the key is revoked');
    expect(bodyOf(await ask('POST', PATH, body))).toEqual([200, DEMO]);
    expect((await show(DEMO_KEY)).status).toBe(200);
  });
});

describe('the states of an interaction', () => {
  it('add up, whatever their order', async () => {
    const { set, get } = await start();
    await set('the rate limit is exhausted');
    await set('an organization on tier enterprise', { metadata: { a: 1 } });
    expect(bodyOf(await set('an API key exists', { key: 'sk_test_pact', permission: 'read' }))).toEqual([
      200,
      { ...DEMO, api_key: 'sk_test_pact' },
    ]);
    for (const key of [DEMO_KEY, 'sk_test_pact']) {
      expect((await get({ authorization: `Bearer ${key}` })).status).toBe(429);
    }
    const { set: other, show } = await start();
    await other('an organization on tier enterprise', { metadata: { a: 1 } });
    await other('an API key exists', { key: 'sk_test_pact' });
    expect((await show('sk_test_pact')).json).toMatchObject({ account_type: 'enterprise', metadata: { a: 1 } });
  });

  it('are about the key of the one before, unless they name another', async () => {
    const { set, show } = await start();
    await set('an API key exists', { key: 'sk_test_pact' });
    expect((await set('the key is revoked')).json).toEqual({ ...DEMO, api_key: 'sk_test_pact' });
    expect([(await show('sk_test_pact')).status, (await show(DEMO_KEY)).status]).toEqual([401, 200]);
    await set('an API key exists', { key: 'sk_test_pact' });
    expect((await set('the key is revoked', { api_key: DEMO_KEY })).json).toEqual(DEMO);
    expect([(await show('sk_test_pact')).status, (await show(DEMO_KEY)).status]).toEqual([200, 401]);
  });

  it.each([100, 0])(
    'do not last until the next one, with a journal of %i: keys, tier, clock and mode',
    async (journalSize) => {
      const { set, show, ask } = await start({ journalSize });
      await set('an organization on tier free');
      await set('an API key exists', { key: 'sk_test_pact' });
      await set('the rate limit is exhausted');
      expect((await show('sk_test_pact')).status).toBe(429);
      expect((await set('the key is expired', { api_key: 'sk_test_free' })).status).toBe(200);
      expect((await show('sk_test_pact')).status).toBe(401);
      expect((await show(DEMO_KEY)).json.account_type).toBe('pro');
      expect((await ask('GET', `${DEFAULT}/limits`)).json.mode).toBe('headers');
      expect((await set('the rate limit is exhausted')).json).toEqual(DEMO);
    },
  );

  it('are begun by a refused request, too: of a revoked key, of an unknown one, of none', async () => {
    const { set, get, show } = await start();
    for (const authorization of [`Bearer ${DEMO_KEY}`, 'Bearer sk_test_nobodys', null]) {
      await set('the key is revoked');
      await get({ authorization });
      await set('an organization on tier team');
      expect((await show(DEMO_KEY)).status).toBe(200);
    }
  });

  it('are not begun by a call to the control plane, nor by a probe', async () => {
    const { set, ask, send, show } = await start();
    await set('an organization on tier team');
    await ask('GET', `${DEFAULT}/requests`);
    await send({ url: '/v1/health', authorization: null });
    await send({ url: '/openapi.json', authorization: null });
    await set('an API key exists', { key: 'sk_test_pact' });
    expect((await show('sk_test_pact')).json.account_type).toBe('team');
  });

  it('begin with a reset behind a start, since nobody knows what was done before it', async () => {
    const { set, ask, show } = await start();
    await ask('PATCH', ORGANIZATION, { organization_name: 'By hand' });
    await set('an API key exists', { key: 'sk_test_pact' });
    expect((await show('sk_test_pact')).json.organization_name).toBe('Acme Corporation');
    expect((await ask('POST', `${DEFAULT}/snapshots/before-reset/restore`)).status).toBe(200);
    expect((await show(DEMO_KEY)).json.organization_name).toBe('By hand');
  });

  it('begin anew behind one that could not be set', async () => {
    const { set, show } = await start();
    await set('the key is revoked');
    await show(DEMO_KEY);
    expect((await set('no such state')).status).toBe(404);
    expect((await set('an API key exists', { permission: 'owner' })).status).toBe(422);
    await set('an organization on tier team');
    expect((await show(DEMO_KEY)).json.account_type).toBe('team');
  });

  it.each<[string, Record<string, unknown>]>([
    ['no such state', {}],
    ['an API key exists', { permission: 'owner' }],
    ['the rate limit is exhausted', { api_key: 'sk_test_nobody' }],
  ])('leave nothing to the next interaction where the second one is refused: %s', async (state, params) => {
    const { set, show } = await start();
    await set('the key is revoked');
    expect((await set(state, params)).status).toBeGreaterThan(400);
    await set('an organization on tier team');
    const { status, json } = await show(DEMO_KEY);
    expect([status, json.account_type]).toEqual([200, 'team']);
  });

  it('are torn down in their order, before the next one', async () => {
    const { set, show, ask } = await start();
    await set('an organization on tier team');
    await set('the key is revoked');
    await show(DEMO_KEY);
    for (const state of ['an organization on tier team', 'the key is revoked', '', null, 'no such state']) {
      expect(bodyOf(await set(state, {}, { action: 'teardown' }))).toEqual([200, {}]);
      expect((await ask('GET', ORGANIZATION)).json.account_type).toBe('pro');
    }
    for (const more of [{}, { params: { a: 1 } }]) {
      expect(bodyOf(await ask('POST', PATH, { action: 'teardown', ...more }))).toEqual([200, {}]);
    }
    await set('an organization on tier free');
    await set('an API key exists', { key: 'sk_test_pact' });
    expect((await show('sk_test_pact')).json.account_type).toBe('free');
  });

  it('are set one after another when they are sent at once', async () => {
    const { set, show } = await start();
    await show(DEMO_KEY);
    const sent = [
      set('an organization on tier team', { metadata: { a: 1 } }),
      set('an API key exists', { key: 'sk_test_pact' }),
      set('the key lacks permission write', { api_key: 'sk_test_pact' }),
    ];
    expect((await Promise.all(sent)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await show('sk_test_pact')).json).toMatchObject({ account_type: 'team', metadata: { a: 1 } });
  });

  it('are kept in words among the control actions', async () => {
    const app = await start();
    await app.set('the KEY is revoked');
    await app.show(DEMO_KEY);
    await app.set('');
    await app.set('', {}, { action: 'teardown' });
    const by = 'POST /pact/provider-states';
    expect(await controlsOf(app)).toEqual([
      { after: 0, text: 'state: the key is revoked', by },
      { after: 1, text: 'state: none', by },
      { after: 1, text: 'teardown', by },
    ]);
  });
});

describe('what verifiers send', () => {
  it.each<[string, string, string | undefined, Record<string, string>]>([
    [
      'the Rust core (pact-js, Python, Go, .NET, the command line)',
      '',
      '{"action":"setup","params":{"api_key":"sk_test_writer","other":[{"a":null}]},"state":"the key is revoked"}',
      { 'content-type': 'application/json' },
    ],
    [
      'the JVM',
      '',
      '{"state":"the key is revoked","params":{"api_key":"sk_test_writer"}}',
      { 'content-type': 'application/json; charset=UTF-8' },
    ],
    [
      'Ruby',
      '',
      '{"consumer":"app","state":"the key is revoked","states":["the key is revoked"],"params":{"api_key":"sk_test_writer"}}',
      { 'content-type': 'application/json' },
    ],
    [
      'one that names no type',
      '',
      '{"state":"the key is revoked","params":{"api_key":"sk_test_writer"}}',
      { 'content-type': '' },
    ],
    [
      'one that names another type',
      '',
      '{"state":"the key is revoked","params":{"api_key":"sk_test_writer"}}',
      { 'content-type': 'text/plain' },
    ],
    ['a query', '?state=the+key%20is+revoked&action=setup&api_key=sk_test_writer&other=1', undefined, {}],
  ])('%s', async (_name, query, body, headers) => {
    const { send, show } = await start();
    const { 'content-type': type, ...rest } = headers;
    const answer = await send({
      method: 'POST',
      url: `/_mock${PATH}${query}`,
      authorization: null,
      headers: { host: 'localhost:4030', ...(type && { 'content-type': type }), ...rest },
      ...(body !== undefined && { payload: body }),
    });
    expect(bodyOf(answer)).toEqual([200, { ...DEMO, api_key: 'sk_test_writer' }]);
    expect((await show('sk_test_writer')).status).toBe(401);
  });

  it('a query with JSON in it, without a state, with two, or with a problem', async () => {
    const { ask, show } = await start();
    const send = (query: string) => ask('POST', `${PATH}?${query}`, undefined, { headers: { 'content-type': '' } });
    await send(`state=an organization on tier free&organization_name=1&metadata=${encodeURIComponent('{"a":1.50}')}`);
    const shown = await show(DEMO_KEY);
    expect(shown.json).toMatchObject({ account_type: 'free', organization_name: '1', metadata: { a: 1.5 } });
    expect(shown.text).toContain('"metadata":{"a":1.50}');
    expect(bodyOf(await send('state=&action=setup'))).toEqual([200, DEMO]);
    expect(bodyOf(await send('state=the key is revoked&action=teardown'))).toEqual([200, {}]);
    expect(bodyOf(await send('state=a&state=b'))).toEqual([422, invalid([['state'], 'expected text, found a list'])]);
    expect(bodyOf(await send('k=v'))).toEqual([422, invalid([['state'], 'is missing; "" is a clean world'])]);
    expect(bodyOf(await send('state=an organization on tier free&metadata=x'))).toEqual([
      422,
      invalid([['params', 'metadata'], 'expected an object; {} for an empty one']),
    ]);
  });

  it('the query says nothing where there is a body', async () => {
    const { ask, show } = await start();
    await ask('POST', `${PATH}?state=the+key+is+revoked`, { state: 'an organization on tier team' });
    expect((await show(DEMO_KEY)).json.account_type).toBe('team');
  });

  it.each(['[]', '"x"', '{', '{"state":', '{"state":"","state":""}', '\ufeff'])('%j is a 400', async (body) => {
    const { ask } = await start();
    expect((await ask('POST', PATH, body)).status).toBe(400);
  });
});

describe('who may set a state', () => {
  const token = 'very-secret';
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
  it.each<[string, string | null, number]>([
    ['as a bearer token', `Bearer ${token}`, 200],
    ['as the password in a URL', basic(`pact:${token}`), 200],
    ['as the password behind no name', basic(`:${token}`), 200],
    ['not at all', null, 401],
    ['another one', basic('pact:wrong'), 401],
    ['a key of the API', `Bearer ${DEMO_KEY}`, 401],
  ])('whoever sends the token %s', async (_name, authorization, status) => {
    const { send } = await start({ control: { token } });
    for (const url of [`/_mock${PATH}`, `/_mock${DEFAULT}${PATH}`, `/_mock${PATH}?state=`]) {
      const payload = url.endsWith('=') ? {} : { payload: '{"state":""}' };
      const answer = await send({ method: 'POST', url, authorization, headers: { host: 'x' }, ...payload });
      expect(answer.status).toBe(status);
    }
  });

  it.each([
    ['a page of another site', { 'sec-fetch-site': 'cross-site' }],
    ['a page of another port', { origin: 'http://localhost:4031' }],
    ['a page under another name of this machine', { host: 'evil.example' }],
  ])('not %s, with any type', async (_name, headers) => {
    const { ask, show } = await start();
    for (const type of ['', 'text/plain', 'application/json']) {
      for (const path of [PATH, DEFAULT + PATH]) {
        const more = { headers: { 'content-type': type, ...headers } };
        expect((await ask('POST', path, { state: 'the key is revoked' }, more)).status).toBe(403);
      }
    }
    expect((await show(DEMO_KEY)).status).toBe(200);
  });
});

describe('in a sandbox of its own', () => {
  async function make(app: ControlApp, body: object = {}) {
    const { sandboxes } = (await app.ask('POST', '/sandboxes', body)).json;
    const [{ sandbox_id, organization_id, api_keys }] = sandboxes;
    const path = `/sandboxes/${sandbox_id}${PATH}`;
    const set = (state: string, params = {}) => app.ask('POST', path, { state, params });
    return { sandbox_id, organization_id, api_keys, set };
  }

  it('a state is about a new key of the first organization, the same one throughout an interaction', async () => {
    const app = await start();
    const { set, organization_id, sandbox_id } = await make(app);
    const first = await set('an organization on tier team');
    const { api_key } = first.json;
    expect(bodyOf(first)).toEqual([200, { organization_id, api_key: expect.stringMatching(/^sk_test_/) }]);
    expect(api_key).not.toBe(DEMO_KEY);
    expect((await set('the key lacks permission write')).json).toEqual({ api_key, organization_id });
    expect((await app.show(api_key)).json).toMatchObject({ organization_id, account_type: 'team' });
    expect((await app.patch({ metadata: {} }, { authorization: `Bearer ${api_key}` })).status).toBe(403);
    const next = await set('');
    expect(bodyOf(next)).toEqual([200, { organization_id, api_key: expect.any(String) }]);
    expect([(await app.show(api_key)).status, (await app.show(next.json.api_key)).json.account_type]).toEqual([
      401,
      'pro',
    ]);
    expect((await app.show(DEMO_KEY)).json.account_type).toBe('pro');
    expect((await controlsOf(app, sandbox_id)).length).toBe(3);
    expect(await controlsOf(app)).toEqual([]);
  });

  it('a key is revoked that is asked for by its name, and is back behind the next request', async () => {
    const app = await start();
    const { set, api_keys } = await make(app);
    await set('the key is revoked', { api_key: api_keys.write });
    expect((await app.show(api_keys.write)).status).toBe(401);
    await set('the key is expired', { api_key: api_keys.read });
    expect([(await app.show(api_keys.write)).status, (await app.show(api_keys.read)).status]).toEqual([200, 401]);
  });

  it('requests to another one do not matter', async () => {
    const app = await start();
    const { set } = await make(app);
    const { json } = await set('an organization on tier team');
    await app.show(DEMO_KEY);
    await set('the rate limit is exhausted');
    expect((await app.show(json.api_key)).status).toBe(429);
  });

  it('is no sandbox, no state', async () => {
    const { ask } = await start();
    expect(bodyOf(await ask('POST', `/sandboxes/none${PATH}`, { state: '' }))).toEqual([
      404,
      errorBody(404, 'NotFoundError', 'Not Found'),
    ]);
  });
});

describe('a seed without the demo key', () => {
  const seed = { version: 1 as const, organizations: [{ organization_id: 'org_one' }, { organization_id: 'org_two' }] };

  it('gets a new key, of the first organization', async () => {
    const { set, show } = await start({ seed });
    const { json } = await set('an organization on tier team');
    expect(json).toEqual({ organization_id: 'org_one', api_key: expect.stringMatching(/^sk_test_/) });
    expect((await show(json.api_key)).json.account_type).toBe('team');
  });
});
