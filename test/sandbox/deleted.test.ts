import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { buildAsk } from '../support/ask.ts';
import { buildTestApp, errorBody } from '../support/harness.ts';

const seedOf = (key: string) => ({
  version: 1,
  clock: { frozen_at: '2026-01-01T00:00:00Z' },
  limits: 'headers',
  organizations: [{ organization_id: 'org_same', organization_name: `of ${key}`, api_keys: [{ key }] }],
});

/** A sandbox `a`, and in it a PATCH whose body has not come. */
async function startSlowly(journalSize = 100) {
  const app = await buildTestApp({ journalSize });
  const ask = buildAsk(app);
  await ask('PUT', '/a/state', seedOf('sk_test_old'));
  const read = (key: string) => app.get({ authorization: `Bearer ${key}` });
  await read('sk_test_old');
  const payload = new PassThrough();
  const headers = { 'content-type': 'application/json', 'x-request-id': 'slow' };
  let isOver = false;
  const authorization = 'Bearer sk_test_old';
  const slow = app.send({ method: 'PATCH', authorization, headers, payload }).finally(() => {
    isOver = true;
  });
  const list = async () => (await ask('GET', '/a/requests')).json.requests;
  if (journalSize > 0) await expect.poll(list).toMatchObject([{ seq: 1 }, { request_id: 'slow', seq: null }]);
  const finish = () => {
    expect(isOver).toBe(false);
    payload.end('{"organization_name":"slow"}');
    return slow;
  };
  return { app, ask, read, list, finish };
}

const UNAVAILABLE = errorBody(503, 'ServiceUnavailableError', expect.any(String) as unknown as string);
const HINT = 'its sandbox was deleted: nothing of this request was kept';

describe('a request in flight', () => {
  it('whose sandbox is deleted gets 503', async () => {
    const { ask, finish } = await startSlowly();
    expect((await ask('DELETE', '/a')).status).toBe(204);
    const { status, headers, json } = await finish();
    expect([status, headers['x-mixpeek-mock-hint'], json]).toEqual([503, HINT, UNAVAILABLE]);
    expect((await ask('GET', '/a')).status).toBe(404);
  });

  it('whose sandbox is reset goes on, and is in the journal of what came of it', async () => {
    const { ask, finish, list } = await startSlowly();
    expect((await ask('POST', '/a/reset', {})).status).toBe(200);
    expect(await list()).toMatchObject([{ request_id: 'slow', seq: null }]);
    expect(await finish()).toMatchObject({ status: 200, json: { organization_name: 'slow' } });
    expect(await list()).toMatchObject([{ request_id: 'slow', seq: 2, status: 200 }]);
  });

  it('whose sandbox was deleted changes nothing in one that has the id since, whose journal has it', async () => {
    const { ask, read, finish, list } = await startSlowly();
    await ask('POST', '/a/reset', {});
    await ask('DELETE', '/a');
    expect((await ask('PUT', '/a/state', seedOf('sk_test_new'))).status).toBe(201);
    await read('sk_test_new');
    expect(await finish()).toMatchObject({ status: 503, headers: { 'x-mixpeek-mock-hint': HINT } });
    expect((await read('sk_test_new')).json.organization_name).toBe('of sk_test_new');
    expect(await list()).toMatchObject([
      { seq: 1, status: 200 },
      { seq: 2, status: 503, request_id: 'slow', changes: null },
      { seq: 3, status: 200 },
    ]);
  });
});

describe('a sandbox that has the id of a deleted one', () => {
  it('is a stranger to it', async () => {
    const app = await buildTestApp();
    const ask = buildAsk(app);
    const read = (key: string) => app.get({ authorization: `Bearer ${key}` });
    const { json } = await ask('POST', '', {
      name: 'first',
      ttl_seconds: 60,
      seed: seedOf('sk_test_old'),
      keys: 'as_given',
    });
    const [{ sandbox_id }] = json.sandboxes;
    await app.patch({ organization_name: 'changed' }, { authorization: 'Bearer sk_test_old' });
    await ask('PUT', `/${sandbox_id}/snapshots/mine`, {});
    await ask('DELETE', `/${sandbox_id}`);
    expect((await read('sk_test_old')).status).toBe(401);
    await ask('PUT', `/${sandbox_id}/state`, seedOf('sk_test_new'));
    expect((await ask('GET', `/${sandbox_id}`)).json).toMatchObject({
      name: null,
      expires_at: null,
      organizations: 1,
      api_keys: 1,
      requests: 0,
    });
    const { snapshots } = (await ask('GET', `/${sandbox_id}/snapshots`)).json;
    expect(snapshots.map(({ name }: { name: string }) => name)).toEqual(['initial']);
    expect((await ask('GET', `/${sandbox_id}/limits`)).json.buckets).toEqual([]);
    const first = await read('sk_test_new');
    expect([first.json.organization_name, first.headers['x-ratelimit-remaining']]).toEqual(['of sk_test_new', '19']);
    expect((await ask('GET', `/${sandbox_id}/requests`)).json.requests).toMatchObject([{ seq: 1 }]);
    expect((await read('sk_test_old')).status).toBe(401);
  });
});

describe('what is asked of a sandbox at the same moment', () => {
  it('leaves it whole, or gone: a reset finds what it was made with', async () => {
    const app = await buildTestApp();
    const ask = buildAsk(app);
    await ask('PUT', '/a/state', seedOf('sk_test_a'));
    const answers = await Promise.all([
      ask('DELETE', '/a'),
      ask('POST', '/a/reset', {}),
      ask('PUT', '/a/state', seedOf('sk_test_b')),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([204, 503, 201]);
    await app.patch({ organization_name: 'changed' }, { authorization: 'Bearer sk_test_b' });
    expect((await ask('POST', '/a/reset', {})).status).toBe(200);
    expect((await app.get({ authorization: 'Bearer sk_test_b' })).json.organization_name).toBe('of sk_test_b');
  });

  it('makes it once, then replaces it', async () => {
    const app = await buildTestApp({ maxSandboxes: 1 });
    const ask = buildAsk(app);
    const answers = await Promise.all(['sk_test_a', 'sk_test_b'].map((key) => ask('PUT', '/a/state', seedOf(key))));
    expect(answers.map(({ status }) => status)).toEqual([201, 200]);
    expect((await app.get({ authorization: 'Bearer sk_test_b' })).json.organization_name).toBe('of sk_test_b');
  });

  it('gives no key to an organization that goes', async () => {
    const app = await buildTestApp();
    const ask = buildAsk(app);
    await ask('POST', '/default/organizations', { organization_id: 'org_x' });
    const [gone, refused] = await Promise.all([
      ask('DELETE', '/default/organizations/org_x'),
      ask('POST', '/default/api-keys', { organization_id: 'org_x', key: 'sk_test_x' }),
    ]);
    expect([gone?.status, refused?.json]).toEqual([
      204,
      errorBody(409, 'ConflictError', 'There is no organization org_x'),
    ]);
  });
});
