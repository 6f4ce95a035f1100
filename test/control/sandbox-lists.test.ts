import { describe, expect, it } from 'vitest';
import { type ControlApp, DEFAULT, invalid, startControl } from '../support/control.ts';
import { ADMIN, errorBody } from '../support/harness.ts';

const LISTED = {
  name: null,
  base_url: 'http://localhost:4030',
  age_seconds: expect.any(Number),
  ttl_left_seconds: null,
  expires_at: null,
  requests: 0,
};
const NOT_FOUND = errorBody(404, 'NotFoundError', 'Not Found');
const STAYS = errorBody(409, 'ConflictError', 'The sandbox default is always there');

const make = async ({ ask }: ControlApp, body: object = {}) => (await ask('POST', '/sandboxes', body)).json.sandboxes;
const listIds = async ({ ask }: ControlApp, query = '') =>
  (await ask('GET', `/sandboxes${query}`)).json.sandboxes.map(({ sandbox_id }: { sandbox_id: string }) => sandbox_id);

describe('GET /_mock/sandboxes', () => {
  it('lists every sandbox, oldest first, with what it has', async () => {
    const app = await startControl();
    const [{ sandbox_id, api_keys }] = await make(app, { name: 'ci', ttl_seconds: 60 });
    await app.show(api_keys.read);
    await app.show(api_keys.read);
    await app.get();
    const { json } = await app.ask('GET', '/sandboxes');
    expect(json).toEqual({
      sandboxes: [
        { ...LISTED, sandbox_id: 'default', organizations: 4, api_keys: 10, requests: 1 },
        {
          ...LISTED,
          sandbox_id,
          name: 'ci',
          organizations: 1,
          api_keys: 4,
          requests: 2,
          ttl_left_seconds: expect.any(Number),
          expires_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        },
      ],
      next: null,
    });
    const [first, second] = json.sandboxes;
    expect([first.age_seconds < 60, second.ttl_left_seconds <= 60, second.ttl_left_seconds > 0]).toEqual([
      true,
      true,
      true,
    ]);
    expect((await app.ask('GET', '/sandboxes/default')).json).toEqual({ ...first, age_seconds: expect.any(Number) });
  });

  it('pages', async () => {
    const app = await startControl();
    await make(app, { count: 4 });
    const all = await listIds(app);
    const pages: string[][] = [];
    const readFrom = async (cursor: number): Promise<void> => {
      const { sandboxes, next } = (await app.ask('GET', `/sandboxes?limit=2&cursor=${cursor}`)).json;
      pages.push(sandboxes.map(({ sandbox_id }: { sandbox_id: string }) => sandbox_id));
      if (next !== null) await readFrom(next);
    };
    await readFrom(0);
    expect(pages).toEqual([all.slice(0, 2), all.slice(2, 4), all.slice(4)]);
    expect((await app.ask('GET', '/sandboxes?limit=5')).json.next).toBeNull();
  });

  it.each(['limit=0', 'limit=1001', 'limit=x', 'cursor=-1', 'offset=1'])('refuses %s', async (query) => {
    const app = await startControl();
    expect((await app.ask('GET', `/sandboxes?${query}`)).status).toBe(400);
  });

  it('counts neither snapshots nor what another sandbox has', async () => {
    const app = await startControl();
    const [{ sandbox_id }] = await make(app);
    await app.ask('PUT', `/sandboxes/${sandbox_id}/snapshots/a`);
    await app.ask('POST', `/sandboxes/${sandbox_id}/reset`);
    const { organizations, api_keys } = (await app.ask('GET', `/sandboxes/${sandbox_id}`)).json;
    expect([organizations, api_keys]).toEqual([1, 4]);
  });
});

describe('DELETE /_mock/sandboxes/ID', () => {
  it('removes a sandbox with its keys, for good', async () => {
    const app = await startControl();
    const [{ sandbox_id, api_keys }] = await make(app);
    expect((await app.show(api_keys.admin)).status).toBe(200);
    const { status, text, headers } = await app.ask('DELETE', `/sandboxes/${sandbox_id}`);
    expect([status, text, headers['content-type']]).toEqual([204, '', undefined]);
    const unknown = await app.show(api_keys.admin);
    expect(unknown.json).toEqual(errorBody(401, 'UnauthorizedError', 'Invalid API key'));
    expect(unknown.headers['x-mixpeek-mock-hint']).toMatch(/ is unknown; /);
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', ''],
      ['GET', '/state'],
      ['POST', '/reset'],
    ] as const) {
      const answer = await app.ask(method, `/sandboxes/${sandbox_id}${path}`);
      expect(answer.json).toEqual(NOT_FOUND);
      expect(answer.headers['x-mixpeek-mock-hint']).toBe('GET /_mock/sandboxes lists what there is');
    }
    expect(await listIds(app)).toEqual(['default']);
    expect((await app.get()).status).toBe(200);
  });

  it('lets the keys be given to another one', async () => {
    const app = await startControl();
    const seed = { version: 1, organizations: [{ organization_id: 'org_a', api_keys: [{ key: 'sk_test_a' }] }] };
    const [{ sandbox_id }] = await make(app, { seed, keys: 'as_given' });
    await app.ask('PUT', `/sandboxes/${sandbox_id}/snapshots/a`);
    expect((await app.ask('POST', '/sandboxes', { seed, keys: 'as_given' })).status).toBe(409);
    await app.ask('DELETE', `/sandboxes/${sandbox_id}`);
    expect((await app.ask('POST', '/sandboxes', { seed, keys: 'as_given' })).status).toBe(201);
    expect((await app.show('sk_test_a')).status).toBe(200);
  });

  it('refuses default', async () => {
    const app = await startControl();
    const { status, json, headers } = await app.ask('DELETE', DEFAULT);
    expect([status, json]).toEqual([409, STAYS]);
    expect(headers['x-mixpeek-mock-hint']).toBe('POST /_mock/sandboxes/default/reset takes it back to its start');
    expect((await app.get({ authorization: `Bearer ${ADMIN}` })).status).toBe(200);
  });
});

describe('POST /_mock/sandboxes/delete', () => {
  it('removes several, and passes over those that are gone', async () => {
    const app = await startControl();
    const [a, b, c] = await make(app, { count: 3 });
    const { status, text } = await app.ask('POST', '/sandboxes/delete', {
      ids: [a.sandbox_id, 'nope', c.sandbox_id, a.sandbox_id],
    });
    expect([status, text]).toEqual([204, '']);
    expect(await listIds(app)).toEqual(['default', b.sandbox_id]);
    const statuses = [a, b, c].map(async ({ api_keys }) => (await app.show(api_keys.read)).status);
    expect(await Promise.all(statuses)).toEqual([401, 200, 401]);
  });

  it('removes none where default is among them', async () => {
    const app = await startControl();
    const [{ sandbox_id }] = await make(app);
    const { status, json } = await app.ask('POST', '/sandboxes/delete', { ids: [sandbox_id, 'default'] });
    expect([status, json]).toEqual([409, STAYS]);
    expect(await listIds(app)).toEqual(['default', sandbox_id]);
  });

  it.each<[string, unknown, string[], string]>([
    ['no ids', {}, ['ids'], 'Invalid input: expected array, received undefined'],
    ['no id', { ids: [] }, ['ids'], 'Too small: expected array to have >=1 items'],
    ['too many', { ids: Array(1001).fill('x') }, ['ids'], 'Too big: expected array to have <=1000 items'],
    ['what is unknown', { ids: ['x'], force: true }, ['force'], 'Extra inputs are not permitted'],
  ])('refuses %s', async (_name, body, loc, msg) => {
    const app = await startControl();
    expect((await app.ask('POST', '/sandboxes/delete', body)).json).toEqual(invalid([loc, msg]));
  });
});
