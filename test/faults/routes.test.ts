import { describe, expect, it } from 'vitest';
import { type ControlApp, DEFAULT, invalid, startControl } from '../support/control.ts';
import { FAULTS, PASSES, startWith, statusesOf } from '../support/faults.ts';
import type { SendOptions } from '../support/harness.ts';

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

  const NOTHING =
    'expected something to do: delay_ms, status or connection, or a preset: flaky, slow, lost-answer, maintenance, auth-outage';
  it.each<[object, [string[], string][]]>([
    [{}, [[[], NOTHING]]],
    [{ times: 2 }, [[[], NOTHING]]],
    [{ status: 199 }, [[['status'], 'expected a whole number from 200 to 599']]],
    [{ status: 503, evry: 2 }, [[['evry'], 'unknown member: did you mean every?']]],
    [
      { status: 503, match: { verb: 'GET' } },
      [
        [
          ['match', 'verb'],
          'unknown member: expected one of method, path, api_key_id, permission, organization_id, body',
        ],
      ],
    ],
    [
      { status: 503, match: { path: 'v1' } },
      [[['match', 'path'], 'expected a path that begins with /; * and ** stand for anything']],
    ],
    [
      { status: 503, match: { body: [1] } },
      [[['match', 'body'], 'expected an object, of which the body must have everything']],
    ],
    [
      { connection: 'rest' },
      [
        [
          ['connection'],
          'expected reset, close, hang, headers_then_silence, half_body, malformed_json, or {"drip_bytes_per_second": 100}',
        ],
      ],
    ],
    [{ connection: 'reset', status: 503 }, [[['status'], 'with connection reset nothing is answered: leave it out']]],
    [
      { delay_ms: -1 },
      [[['delay_ms'], 'expected milliseconds, {"uniform": [50, 200]} or {"lognormal": {"median": 800, "sigma": 0.5}}']],
    ],
    [{ delay_ms: { uniform: [5, 4] } }, [[['delay_ms', 'uniform'], 'expected the smaller number first']]],
    [{ status: 503, delay_clock: 'real' }, [[['delay_clock'], 'goes with delay_ms only']]],
    [{ delay_ms: 5, body: 'x' }, [[['body'], 'goes with status only: say which answer has it']]],
    [{ status: 204, body: 'x' }, [[['body'], 'an answer with status 204 has none']]],
    [
      { status: 503, headers: { 'Content-Length': '1' } },
      [[['headers', 'Content-Length'], "is the server's own header: see connection"]],
    ],
    [
      { status: 503, headers: { 'X-A': 'a\r\nb' } },
      [[['headers', 'X-A'], 'a header has characters of Latin-1, and no line breaks']],
    ],
    [{ status: 503, probability: 1.5 }, [[['probability'], 'expected a number from 0 to 1']]],
    [
      { status: 503, random_seed: 1 },
      [[['random_seed'], 'nothing is drawn: it goes with probability, or with a delay that is drawn']],
    ],
    [{ status: 503, ttl_ms: 1, expires_at: '2030-01-01' }, [[['ttl_ms'], 'expected either ttl_ms or expires_at']]],
    [{ preset: 'flakey' }, [[['preset'], 'did you mean flaky?']]],
    [{ status: 503, id: 'x' }, [[['id'], 'expected flt_, then letters, digits or _']]],
  ])('refuses %j, and keeps nothing of it', async (rule, errors) => {
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
