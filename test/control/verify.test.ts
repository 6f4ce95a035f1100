import { describe, expect, it } from 'vitest';
import { Journal } from '../../src/sandbox/journal.ts';
import { Journals } from '../../src/sandbox/journals.ts';
import { Verification } from '../../src/sandbox/verification.ts';
import type { Parsed } from '../support/conformance.ts';
import { type ControlApp, DEFAULT, invalid, startControl } from '../support/control.ts';
import type { Answer } from '../support/harness.ts';

const VERIFY = `${DEFAULT}/requests/verify`;

const verify = ({ ask }: ControlApp, body: unknown): Promise<Answer> => ask('POST', VERIFY, body);

/** One of each: a GET, a PATCH, one that nothing serves, one without a key. */
async function startUsed(options: Parameters<typeof startControl>[0] = {}): Promise<ControlApp> {
  const app = await startControl(options);
  await app.get();
  await app.patch({ organization_name: 'Two', metadata: { plan: 'pro' } }, { headers: { 'x-request-id': 'second' } });
  await app.get({ url: '/v1/none' });
  await app.get({ authorization: null });
  return app;
}

const PATCH = { method: 'PATCH' };
const ALL = { path: '/v1/**' };
const seqsOf = ({ json }: Answer): number[] => json.requests.map(({ seq }: { seq: number }) => seq);

describe('verify without a wait', () => {
  it.each<[string, object, number[]]>([
    ['at least one, unless it says otherwise', { match: PATCH }, [2]],
    ['all of those that match', { match: ALL }, [1, 2, 3, 4]],
    ['exactly so many', { match: ALL, times: 4 }, [1, 2, 3, 4]],
    ['none', { match: { method: 'DELETE' }, times: 0 }, []],
    ['so many or more', { match: ALL, times: { min: 3 } }, [1, 2, 3, 4]],
    ['so many or less', { match: ALL, times: { max: 4 } }, [1, 2, 3, 4]],
    ['between two numbers', { match: PATCH, times: { min: 1, max: 2 } }, [2]],
    ['a status', { match: { status: 501 } }, [3]],
    ['a request id', { match: { request_id: 'second' } }, [2]],
    ['a time', { match: { since: '2026-01-01T00:00:00Z' }, times: 4 }, [1, 2, 3, 4]],
    ['a body', { match: { body: { metadata: { plan: 'pro' } } } }, [2]],
    ['only what came after a number', { match: ALL, after: 2, times: 2 }, [3, 4]],
    ['some in their order, with others between them', { in_order: [{ status: 200 }, { status: 401 }] }, [1, 4]],
    ['the same twice in their order', { in_order: [{ method: 'get' }, { method: 'get' }] }, [1, 3]],
  ])('passes for %s', async (_name, body, seqs) => {
    const answer = await verify(await startUsed(), body);
    expect([answer.status, seqsOf(answer), answer.json.complete]).toEqual([200, seqs, true]);
  });

  it.each<[string, object, number, string, number[]]>([
    ['too few', { match: PATCH, times: { min: 2 } }, 1, 'at least 2 matching requests', [3, 4, 1]],
    ['not the one', { match: { method: 'PUT' } }, 0, 'at least 1 matching request', [4, 3, 2, 1]],
    ['not exactly so many', { match: PATCH, times: 2 }, 1, 'exactly 2 matching requests', [3, 4, 1]],
    ['one that should not be', { match: PATCH, times: 0 }, 1, 'no matching request', [2]],
    ['too many', { match: ALL, times: { max: 3 } }, 4, 'at most 3 matching requests', [4, 3, 2, 1]],
    ['not as many as', { match: PATCH, times: { min: 2, max: 3 } }, 1, '2 to 3 matching requests', [3, 4, 1]],
    [
      'another order',
      { in_order: [PATCH, { status: 501 }, PATCH] },
      2,
      '3 requests in this order; number 3 did not come',
      [4, 1],
    ],
  ])('fails for %s', async (_name, body, found, expected, seqs) => {
    const { status, json, headers } = await verify(await startUsed(), body);
    const { nearest, ...details } = json.error.details;
    expect([status, json.error.type, details]).toEqual([409, 'ConflictError', { found, expected }]);
    expect(json.error.message).toBe(`The requests are not as expected: found ${found}, expected ${expected}`);
    expect(nearest.map(({ seq }: Parsed) => seq).sort()).toEqual([...seqs].sort());
    expect(headers['x-mixpeek-mock-hint']).toMatch(/^error.details.nearest says/);
  });

  it('answers with whole entries, and names whole misses', async () => {
    const app = await startUsed();
    const { json } = await verify(app, { match: PATCH });
    const listed = await app.ask('GET', `${DEFAULT}/requests?request_id=second`);
    expect(json.requests).toEqual(listed.json.requests);
    expect(listed.json.requests).toHaveLength(1);
    const missed = await verify(app, { match: { ...PATCH, status: 201 } });
    expect(missed.json.error.details.nearest[0]).toEqual({
      seq: 2,
      request_id: 'second',
      method: 'PATCH',
      path: '/v1/organizations',
      status: 200,
      differences: [{ member: 'status', wanted: 201, found: 200 }],
    });
  });

  it('shows the five with the fewest differences, then the newest', async () => {
    const app = await startUsed();
    for (let call = 0; call < 3; call++) await app.get({ url: '/v1/none' });
    const { json } = await verify(app, { match: { method: 'PATCH', path: '/v1/none' } });
    const rows = json.error.details.nearest.map(({ seq, differences }: Parsed) => [seq, differences.length]);
    expect(rows).toEqual([
      [7, 1],
      [6, 1],
      [5, 1],
      [3, 1],
      [2, 1],
    ]);
  });

  it('keeps the digits of what differs', async () => {
    const app = await startControl();
    await app.patch('{"metadata":{"id":12345678901234567890}}');
    const { text } = await verify(app, '{"match":{"body":{"metadata":{"id":12345678901234567891}}}}');
    expect(text).toContain('"member":"body.metadata.id","wanted":12345678901234567891,"found":12345678901234567890');
  });

  it('has as many entries as make a page, and says that there are more', async () => {
    const app = await startControl();
    for (let call = 0; call < 3; call++) await app.patch({ metadata: { call, long: 'x'.repeat(1_000_000) } });
    const answer = await verify(app, { match: PATCH, times: 3 });
    expect([seqsOf(answer), answer.json.complete]).toEqual([[1, 2], false]);
  });

  it('shows no key, wherever one was asked for or sent', async () => {
    const app = await startControl();
    const secret = 'sk_live_secretsecret1';
    await app.patch({ metadata: { key: secret } }, { url: `/v1/${secret}`, headers: { 'x-request-id': secret } });
    const { status, text } = await verify(app, {
      match: { request_id: `${secret}2`, path: `/${secret}`, body: { metadata: { key: `${secret}3` } } },
    });
    expect([status, text.includes('sk_live_se…')]).toEqual([409, true]);
    expect(text).not.toContain('secretsecret1');
    expect((await verify(app, { match: {} })).text).not.toContain('secretsecret1');
    expect(app.log.join('')).not.toContain('secretsecret1');
  });
});

describe('a journal that has not all', () => {
  const LATER = /: a larger --journal-size keeps more; after names the seq/;

  it('is a 503 that says what to do, but for what is kept anyway', async () => {
    const app = await startUsed({ journalSize: 2 });
    expect(seqsOf(await verify(app, { match: { status: 401 } }))).toEqual([4]);
    expect((await verify(app, { match: { status: 401 } })).json.complete).toBe(false);
    for (const body of [
      { match: PATCH },
      { match: PATCH, times: 0 },
      { match: PATCH, times: 0, after: 1 },
      // Nothing that is still to come could make it known.
      { match: PATCH, times: 0, within_ms: 60_000 },
      { in_order: [PATCH, { status: 401 }] },
    ]) {
      const { status, json, headers } = await verify(app, body);
      expect([body, status, headers['retry-after']]).toEqual([body, 503, undefined]);
      expect(json.error.message).toMatch(LATER);
    }
    expect((await verify(app, { match: ALL, times: 1 })).status).toBe(409);
    expect(await verify(app, { match: PATCH, times: 0, after: 2 })).toMatchObject({
      status: 200,
      json: { complete: true },
    });
  });

  it('is one that was emptied since, for whoever asks for what was before', async () => {
    const app = await startUsed();
    await app.ask('DELETE', `${DEFAULT}/requests`);
    expect((await verify(app, { match: PATCH, times: 0, after: 3 })).status).toBe(503);
    expect((await verify(app, { match: PATCH, times: 0, after: 4 })).status).toBe(200);
    expect((await verify(app, { match: PATCH, times: 0 })).status).toBe(200);
  });

  it('is one of a run before, for whoever asks for what was before', async () => {
    const journal = new Journal(10, new Journals(), 5);
    const judge = (after: number | undefined) =>
      new Verification(journal, { matches: [{}], isInOrder: false, after, min: 0, max: 0, isHasty: false }).judge(true)
        ?.kind;
    expect([judge(4), judge(5), judge(undefined)]).toEqual(['incomplete', 'passed', 'passed']);
  });

  it('is one that is off', async () => {
    const app = await startUsed({ journalSize: 0 });
    const { status, json } = await verify(app, { match: PATCH, times: 0 });
    expect([status, json.error.message]).toEqual([
      503,
      'The journal is off: it keeps no requests: start the server with a --journal-size above 0',
    ]);
  });
});

describe('a question that is wrong', () => {
  it.each<[string, unknown, ...[(string | number)[], string][]]>([
    ['nothing', {}, [[], 'expected either match or in_order']],
    ['both', { match: {}, in_order: [{}] }, [[], 'expected either match or in_order']],
    ['no step', { in_order: [] }, [['in_order'], 'is empty']],
    ['too many steps', { in_order: Array(101).fill({}) }, [['in_order'], 'has more than 100 items']],
    ['times of an order', { in_order: [{}], times: 1 }, [['times'], 'goes with match only']],
    ['no times', { match: {}, times: {} }, [['times'], TIMES()]],
    ['times upside down', { match: {}, times: { min: 2, max: 1 } }, [['times'], TIMES()]],
    ['times as a word', { match: {}, times: 'once' }, [['times'], TIMES()]],
    ['a long wait', { match: {}, within_ms: 60_001 }, [['within_ms'], 'expected a whole number from 0 to 60000']],
    ['a negative number', { match: {}, after: -1 }, [['after'], `expected a whole number from 0 to ${2 ** 53 - 1}`]],
    ['a status', { match: { status: 99 } }, [['match', 'status'], 'expected a whole number from 100 to 599']],
    ['a typo', { match: { methud: 'GET' } }, [['match', 'methud'], 'unknown member: did you mean method?']],
    [
      'a time',
      { in_order: [{ since: 'soon' }] },
      [['in_order', 0, 'since'], 'expected a time like 2027-01-01T00:00:00Z'],
    ],
  ])('%s', async (_name, body, ...problems) => {
    const { status, json } = await verify(await startControl(), body);
    expect([status, json]).toEqual([422, invalid(...problems)]);
  });
});

function TIMES(): string {
  return 'expected a whole number, or {"min": 1, "max": 3}, or one of the two';
}
