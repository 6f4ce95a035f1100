import { describe, expect, it } from 'vitest';
import { type ControlApp, DEFAULT, invalid, REPLACED, startControl } from '../support/control.ts';
import { ACME, errorBody } from '../support/harness.ts';

const SNAPSHOTS = `${DEFAULT}/snapshots`;
const TIME = expect.stringMatching(/^20\d\d-\d\d-\d\dT[\d:.]+Z$/);
const SEEDED = { created_at: TIME, organizations: 4, api_keys: 10 };
const INITIAL = { ...SEEDED, name: 'initial' };
const NOT_FOUND = errorBody(404, 'NotFoundError', 'Not Found');
const refused = (message: string, details: object = {}) => errorBody(409, 'ConflictError', message, details);

const list = async ({ ask }: ControlApp) => (await ask('GET', SNAPSHOTS)).json.snapshots;

describe('a snapshot', () => {
  it('is saved, listed, restored and deleted', async () => {
    const app = await startControl();
    expect(await list(app)).toEqual([INITIAL]);
    await app.ask('POST', `${DEFAULT}/organizations`, {});
    await app.patch({ organization_name: 'Changed' });
    const saved = { name: 'a', created_at: TIME, organizations: 5, api_keys: 10 };
    expect((await app.ask('PUT', `${SNAPSHOTS}/a`)).json).toEqual(saved);
    expect(await list(app)).toEqual([INITIAL, saved]);
    await app.ask('POST', `${DEFAULT}/reset`);
    expect((await app.get()).json).toEqual(ACME);
    const restored = await app.ask('POST', `${SNAPSHOTS}/a/restore`);
    expect(restored.json).toEqual({ restored: 'a', replaced: REPLACED, before: 'before-reset' });
    expect((await app.get()).json.organization_name).toBe('Changed');
    expect(await list(app)).toEqual([INITIAL, saved, { ...SEEDED, name: 'before-reset' }]);
    const { status, text } = await app.ask('DELETE', `${SNAPSHOTS}/a`);
    expect([status, text]).toEqual([204, '']);
    expect((await list(app)).map(({ name }: { name: string }) => name)).toEqual(['initial', 'before-reset']);
    expect((await app.ask('DELETE', `${SNAPSHOTS}/before-reset`)).status).toBe(204);
  });

  it('takes the place of the one that had its name', async () => {
    const app = await startControl();
    for (const name of ['a', 'b']) await app.ask('PUT', `${SNAPSHOTS}/${name}`);
    await app.ask('POST', `${DEFAULT}/organizations`, {});
    await app.ask('PUT', `${SNAPSHOTS}/a`, {});
    expect(await list(app)).toEqual([
      INITIAL,
      { ...SEEDED, name: 'b' },
      { name: 'a', created_at: TIME, organizations: 5, api_keys: 10 },
    ]);
  });

  it('has the settings of then, clock and limits included', async () => {
    const app = await startControl();
    await app.ask('PUT', `${DEFAULT}/clock`, { frozen_at: '2030-01-01T00:00:00Z' });
    await app.ask('PUT', `${DEFAULT}/limits`, { mode: 'off' });
    await app.ask('PUT', `${SNAPSHOTS}/a`);
    await app.ask('POST', `${DEFAULT}/reset`);
    await app.ask('POST', `${SNAPSHOTS}/a/restore`);
    expect((await app.ask('GET', `${DEFAULT}/clock`)).json.now).toBe('2030-01-01T00:00:00Z');
    expect((await app.ask('GET', `${DEFAULT}/limits`)).json.mode).toBe('off');
  });

  it('is of its sandbox alone', async () => {
    const app = await startControl();
    const [{ sandbox_id }] = (await app.ask('POST', '/sandboxes', {})).json.sandboxes;
    await app.ask('PUT', `/sandboxes/${sandbox_id}/snapshots/a`);
    expect(await list(app)).toEqual([INITIAL]);
    expect((await app.ask('POST', `${SNAPSHOTS}/a/restore`)).json).toEqual(NOT_FOUND);
  });

  it('is one of 20 at most, besides those of the mock', async () => {
    const app = await startControl();
    await app.ask('POST', `${DEFAULT}/reset`);
    const names = Array.from({ length: 20 }, (_, index) => `s${index}`);
    for (const name of names) expect((await app.ask('PUT', `${SNAPSHOTS}/${name}`)).status).toBe(200);
    const { json, headers } = await app.ask('PUT', `${SNAPSHOTS}/more`);
    expect(json).toEqual(refused('There are too many snapshots', { snapshots: names }));
    expect(headers['x-mixpeek-mock-hint']).toBe('a sandbox keeps 20 at most: DELETE one of them first');
    expect((await app.ask('PUT', `${SNAPSHOTS}/s7`)).status).toBe(200);
    await app.ask('DELETE', `${SNAPSHOTS}/s7`);
    expect((await app.ask('PUT', `${SNAPSHOTS}/more`)).status).toBe(200);
  });

  it.each([
    ['PUT', 'initial', 'The snapshot initial cannot be written'],
    ['PUT', 'before-reset', 'The snapshot before-reset cannot be written'],
    ['DELETE', 'initial', 'The snapshot initial cannot be deleted'],
  ])('that is of the mock stays: %s %s', async (method, name, message) => {
    const app = await startControl();
    await app.patch({ organization_name: 'Changed' });
    const { status, json } = await app.ask(method, `${SNAPSHOTS}/${name}`);
    expect([status, json]).toEqual([409, refused(message)]);
    await app.ask('POST', `${DEFAULT}/reset`);
    expect((await app.get()).json).toEqual(ACME);
  });

  it.each([
    ['GET', '/nope/changes'],
    ['POST', '/nope/restore'],
    ['POST', '/before-reset/restore'],
    ['DELETE', '/nope'],
    ['DELETE', '/before-reset'],
  ])('that there is not is a 404: %s %s', async (method, path) => {
    const app = await startControl();
    const { json, headers } = await app.ask(method, SNAPSHOTS + path);
    expect(json).toEqual(NOT_FOUND);
    expect(headers['x-mixpeek-mock-hint']).toBe('GET /_mock/sandboxes/default/snapshots lists what there is');
    expect((await app.get()).json).toEqual(ACME);
  });

  const LONGEST = 'x'.repeat(64);
  it.each([
    ['a.b_C-1', 200],
    [LONGEST, 200],
    [`${LONGEST}x`, 400],
    ['a%20b', 400],
    ['%C3%A4', 400],
    ['a%2Fb', 400],
    ['...', 200],
    ['%01', 400],
  ])('may be called %s: %i', async (name, status) => {
    const app = await startControl();
    const answer = await app.ask('PUT', `${SNAPSHOTS}/${name}`);
    expect(answer.status).toBe(status);
    const message = 'The path is wrong: name: expected letters, digits, _, - and ., 64 at most, and not . or .. alone';
    if (status === 400) expect(answer.json).toEqual(errorBody(400, 'BadRequestError', message));
    else expect((await list(app))[1].name).toBe(name);
  });

  it('takes no members', async () => {
    const { ask } = await startControl();
    for (const [method, path] of [
      ['PUT', '/a'],
      ['POST', '/initial/restore'],
    ] as const) {
      const { json } = await ask(method, SNAPSHOTS + path, { x: 1 });
      expect(json).toEqual(invalid([['x'], 'Extra inputs are not permitted']));
    }
  });
});
