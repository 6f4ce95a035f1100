import { describe, expect, it } from 'vitest';
import { type ControlApp, DEFAULT, invalid, startControl } from '../support/control.ts';
import { FAULTS, PASSES, startWith, statusesOf } from '../support/faults.ts';
import type { SendOptions } from '../support/harness.ts';
import { REFUSED_RULES } from '../support/refused-rules.ts';

describe('…/faults', () => {
  it('switches a rule off and on; it goes on counting', async () => {
    const app = await startWith({ preset: 'flaky' });
    const change = (enabled: boolean) => app.ask('PATCH', `${FAULTS}/flt_1`, { enabled });
    expect(await statusesOf(app, 2)).toEqual([200, 200]);
    expect((await change(false)).json).toEqual({
      id: 'flt_1',
      name: 'flaky',
      every: 3,
      status: 503,
      enabled: false,
      matched: 2,
      fired: 0,
    });
    expect(await statusesOf(app, 2)).toEqual([200, 200]);
    await change(true);
    expect(await statusesOf(app, 2)).toEqual([503, 200]);
  });

  it('removes one, or all; one that has an id again begins anew', async () => {
    const app = await startWith({ status: 502 }, { status: 503, times: 1 });
    expect(await statusesOf(app, 1)).toEqual([502]);
    expect((await app.ask('DELETE', `${FAULTS}/flt_1`)).status).toBe(204);
    expect(await statusesOf(app, 2)).toEqual([503, 200]);
    expect((await app.ask('DELETE', FAULTS)).status).toBe(204);
    await app.ask('POST', FAULTS, { id: 'flt_2', status: 503, times: 1 });
    expect(await statusesOf(app, 2)).toEqual([503, 200]);
  });

  it('a reset takes back rules and counters', async () => {
    const app = await startWith({ status: 503 });
    await app.ask('POST', `${DEFAULT}/reset`);
    expect((await app.ask('GET', FAULTS)).json).toEqual({ faults: [] });
    expect(await statusesOf(app, 1)).toEqual([PASSES]);
  });

  it('has at most 100 rules', async () => {
    const app = await startWith(...Array.from({ length: 100 }, () => ({ status: 503, enabled: false })));
    expect((await app.ask('POST', FAULTS, { status: 503 })).json.error.message).toBe('There are 100 rules');
  });

  it.each(REFUSED_RULES)('refuses %j, and keeps nothing of it', async (rule, errors) => {
    const app = await startControl();
    const answer = await app.ask('POST', FAULTS, rule);
    expect(answer.json).toEqual(invalid(...errors));
    expect((await app.ask('GET', FAULTS)).json).toEqual({ faults: [] });
  });
});

describe('X-Mixpeek-Mock-Fault', () => {
  const ask = (app: ControlApp, header: string, more: SendOptions = {}) =>
    app.get({ ...more, headers: { 'x-mixpeek-mock-fault': header, ...more.headers } });

  it.each([
    ['status=503', 503],
    [' status = 429 ;; delay_ms=1; ', 429],
    ['preset=maintenance', 503],
    ['after_handler; status=502', 502],
    ['delay_ms={"uniform":[0,1]}', 200],
  ])('%j is for this request alone', async (header, status) => {
    const app = await startControl();
    const answer = await ask(app, header);
    expect([answer.status, answer.headers['x-mixpeek-mock']]).toEqual([status, 'fault; id=header']);
    expect((await app.get()).status).toBe(PASSES);
  });

  const KNOWN = 'there are preset, after_handler, delay_ms, delay_clock, status, connection';
  it.each([
    ['statsu=1', `statsu: unknown; ${KNOWN}`],
    ['__proto__=1', `__proto__: unknown; ${KNOWN}`],
    ['times=1', `times: unknown; ${KNOWN}`],
    ['=1', `: unknown; ${KNOWN}`],
    ['status=1', 'status: expected a whole number from 200 to 599'],
    ['status=503; status=502', 'status is there twice'],
    ['preset=x', 'preset: expected one of flaky, slow, lost-answer, maintenance, auth-outage'],
    [
      '',
      'expected something to do: delay_ms, status or connection, or a preset: flaky, slow, lost-answer, maintenance, auth-outage',
    ],
  ])('%j is a 400 that says why', async (header, problem) => {
    const app = await startControl();
    const { status, json } = await ask(app, header);
    expect([status, json.error.message]).toEqual([400, `X-Mixpeek-Mock-Fault is wrong: ${problem}`]);
  });

  it.each<[string, { hasFaultHeader?: boolean }, SendOptions]>([
    ['it is off', { hasFaultHeader: false }, {}],
    ['a page of another origin sends it', {}, { headers: { 'sec-fetch-site': 'cross-site' } }],
    ['a page of another origin sends it, without Sec-Fetch-Site', {}, { headers: { origin: 'https://evil.example' } }],
  ])('does nothing where %s, and says so', async (_name, options, more) => {
    const app = await startControl(options);
    const answer = await ask(app, 'status=503', more);
    expect([answer.status, answer.headers['x-mixpeek-mock-hint']]).toEqual([
      PASSES,
      'x-mixpeek-mock-fault was ignored: it needs --fault-header on, and no page of another origin may send it',
    ]);
  });

  it('comes behind key and permission', async () => {
    const app = await startControl();
    expect((await ask(app, 'nonsense', { authorization: null })).status).toBe(401);
  });
});
