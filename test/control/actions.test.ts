import { describe, expect, it } from 'vitest';
import { type ControlApp, DEFAULT, startControl } from '../support/control.ts';

const controlsOf = async ({ ask }: ControlApp, id = 'default') =>
  (await ask('GET', `/sandboxes/${id}/requests?view=summary`)).json.controls;

describe('what was done to a sandbox from outside', () => {
  it.each<[string, string, object | undefined, string]>([
    ['POST', '/clock/advance', { ms: 90_000 }, 'clock +90 s'],
    ['POST', '/clock/advance', { ms: -3_600_000 }, 'clock -1 h'],
    ['PUT', '/clock', { running: true }, 'clock runs'],
    ['PUT', '/clock', { frozen_at: '2030-01-01' }, 'clock frozen'],
    ['PUT', '/limits', { mode: 'enforce' }, 'limits enforce'],
    ['POST', '/limits/spend', { api_key: 'sk_test_xyz789', category: 'data', count: 2 }, '2 of data spent'],
    ['POST', '/limits/refill', {}, 'limits refilled'],
    ['POST', '/faults', { name: 'late', delay_ms: 1 }, 'fault late added'],
    ['DELETE', '/faults', undefined, 'faults removed'],
    ['DELETE', '/requests', undefined, 'requests emptied'],
    ['PUT', '/snapshots/a', undefined, 'snapshot a'],
    ['POST', '/snapshots/initial/restore', {}, 'restored initial'],
    ['POST', '/reset', {}, 'reset'],
    ['POST', '/organizations', {}, 'organization made'],
    ['DELETE', '/organizations/org_free', undefined, 'organization org_free removed'],
    ['POST', '/api-keys', { organization_id: 'org_free' }, 'API key made'],
    ['PATCH', '/organizations/org_free', { account_type: 'pro' }, 'organization org_free changed'],
  ])('%s %s %j is kept in words', async (method, path, body, text) => {
    const app = await startControl();
    await app.get();
    await app.ask(method, DEFAULT + path, body);
    const [{ by, ...control }] = await controlsOf(app);
    expect([control, by]).toEqual([{ after: 1, text: expect.any(String) }, `${method} ${path}`]);
    expect(control.text).toBe(text);
  });

  it('is not what was refused, nor what only asks, nor what was done to another', async () => {
    const app = await startControl();
    await app.ask('POST', `${DEFAULT}/clock/advance`, { ms: 'soon' });
    await app.ask('POST', `${DEFAULT}/requests/verify`, { match: {}, times: 0 });
    await app.ask('GET', `${DEFAULT}/faults`);
    await app.ask('PUT', '/sandboxes/other/state', { version: 1, organizations: [{ organization_id: 'org_a' }] });
    await app.ask('PUT', '/sandboxes/other/limits', { mode: 'off' });
    expect(await controlsOf(app)).toEqual([]);
    expect((await controlsOf(app, 'other')).map(({ text }: { text: string }) => text)).toEqual(['limits off']);
  });

  it('is the last 200, also behind a reset', async () => {
    const app = await startControl();
    for (let n = 1; n <= 205; n++) await app.ask('POST', `${DEFAULT}/clock/advance`, { ms: n });
    await app.ask('POST', `${DEFAULT}/reset`);
    const texts = (await controlsOf(app)).map(({ text }: { text: string }) => text);
    expect([texts.length, texts[0], texts.at(-1)]).toEqual([200, 'clock +7 ms', 'reset']);
  });
});
