import { describe, expect, it } from 'vitest';
import { DEFAULT, startControl } from '../support/control.ts';
import type { SendOptions } from '../support/harness.ts';

const VERIFY = `${DEFAULT}/requests/verify`;
const KEY = 'key_d9c9bd6b907feef44694e749';
const PRO = { metadata: { plan: 'pro', limits: { a: 1, b: [1, 2] } } };
const LONG = { metadata: { plan: 'pro', long: 'x'.repeat(70_000) } };
const NO_BODY = 'longer than the 64 KiB that are kept: it cannot be compared';

type Difference = [member: string, wanted: unknown, found: unknown];
type Case = [name: string, sent: [body: unknown, more?: SendOptions], match: object, ...differences: Difference[]];

describe('a near miss names', () => {
  it.each<Case>([
    ['the method', [PRO], { method: 'PUT' }, ['method', 'PUT', 'PATCH']],
    ['the path', [PRO], { path: '/v1/organization' }, ['path', '/v1/organization', '/v1/organizations']],
    ['a slash at the end', [PRO], { path: '/v1/organizations/' }, ['path', '/v1/organizations/', '/v1/organizations']],
    ['a pattern of the path', [PRO], { path: '/*' }, ['path', '/*', '/v1/organizations']],
    ['the key', [PRO], { api_key_id: 'key_other' }, ['api_key_id', 'key_other', KEY]],
    [
      'a key that was not sent',
      [PRO, { authorization: null }],
      { api_key_id: 'key_other' },
      ['api_key_id', 'key_other', null],
    ],
    ['the permission', [PRO], { permission: 'read' }, ['permission', 'read', 'admin']],
    ['the organization', [PRO], { organization_id: 'org_demo' }, ['organization_id', 'org_demo', 'org_demo123']],
    ['the status', [PRO], { status: 201 }, ['status', 201, 200]],
    ['the status of what was refused', [{ logo_url: 1 }], { status: 200 }, ['status', 200, 422]],
    [
      'the request id',
      [PRO, { headers: { 'x-request-id': 'mine' } }],
      { request_id: 'yours' },
      ['request_id', 'yours', 'mine'],
    ],
    ['the time', [PRO], { since: '2026-01-01T00:00:01Z' }, ['since', '2026-01-01T00:00:01Z', '2026-01-01T00:00:00Z']],
    ['a member of the body', [PRO], { body: { metadata: { plan: 'team' } } }, ['body.metadata.plan', 'team', 'pro']],
    ['a member that is missing', [PRO], { body: { logo_url: 'x' } }, ['body.logo_url', 'x', null]],
    ['a member of another type', [PRO], { body: { metadata: 'pro' } }, ['body.metadata', 'pro', PRO.metadata]],
    ['a number deep in it', [PRO], { body: { metadata: { limits: { a: 2 } } } }, ['body.metadata.limits.a', 2, 1]],
    [
      'an array as a whole',
      [PRO],
      { body: { metadata: { limits: { b: [1] } } } },
      ['body.metadata.limits.b', [1], [1, 2]],
    ],
    ['a body that is no JSON', ['{"metadata":'], { body: { metadata: {} } }, ['body', { metadata: {} }, null]],
    ['a body that was kept in part', [LONG], { body: { metadata: {} } }, ['body', { metadata: {} }, NO_BODY]],
    [
      'a value that is long, by its beginning',
      [{ metadata: { long: 'x'.repeat(2000) } }],
      { body: { metadata: { long: 'y' } } },
      ['body.metadata.long', 'y', `"${'x'.repeat(999)}…`],
    ],
    [
      'all that differs',
      [PRO],
      { method: 'GET', status: 404, body: { metadata: { plan: 'free', limits: { a: 1, b: [] } } } },
      ['status', 404, 200],
      ['method', 'GET', 'PATCH'],
      ['body.metadata.plan', 'free', 'pro'],
      ['body.metadata.limits.b', [], [1, 2]],
    ],
  ])('%s', async (_name, [body, more = {}], match, ...differences) => {
    const app = await startControl();
    await app.patch(body, more);
    const { status, json } = await app.ask('POST', VERIFY, { match });
    const [nearest, ...others] = json.error.details.nearest;
    expect([status, nearest.seq, others]).toEqual([409, 1, []]);
    expect(nearest.differences).toEqual(differences.map(([member, wanted, found]) => ({ member, wanted, found })));
  });

  it('that a request came too early', async () => {
    const app = await startControl();
    await app.patch(PRO);
    await app.get();
    const { json } = await app.ask('POST', VERIFY, { in_order: [{ method: 'GET' }, { method: 'PATCH' }] });
    expect(json.error.details.nearest).toMatchObject([
      { seq: 1, differences: [{ member: 'seq', wanted: 'after 2', found: 1 }] },
    ]);
  });
});
