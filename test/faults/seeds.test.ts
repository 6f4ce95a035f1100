import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { type FaultRule, toFaultJson } from '../../src/domain/fault.ts';
import { type ControlApp, DEFAULT, invalid, startControl } from '../support/control.ts';
import { makeFolder } from '../support/folder.ts';
import { FULL_FAULT, FULL_KEY, FULL_SEED } from '../support/full.ts';
import { SEED, start, statusOf } from '../support/handle.ts';
import { REFUSED_FAULTS, REFUSED_FAULTS_IN_JSON, withFaults, withFaultsInJson } from '../support/refused-rules.ts';
import { problems, read } from '../support/seed.ts';

/** A database that was made before there were faults. */
const DUMP = new URL('../fixtures/database-version-3.sql', import.meta.url);

const readRules = async (text: string, name?: string, now?: string | null): Promise<FaultRule[]> =>
  (await read(text, name, now)).state.settings.faults;

/** In the order of the schema, whatever the order in a seed. */
const FULL_JSON =
  '{"id":"flt_full","name":"a rule of every member","match":{"method":"PATCH","path":"/v1/**","api_key_id":"key_a",' +
  '"permission":"admin","organization_id":"org_other","body":{"n":12345678901234567890}},"after_handler":true,' +
  '"delay_ms":{"lognormal":{"median":80,"sigma":0.5}},"delay_clock":"sandbox","status":418,' +
  '"connection":{"drip_bytes_per_second":7},"headers":{"X-Reason":"tea"},"times":2,"after":3,"every":4,"probability":0.5,' +
  '"random_seed":6,"enabled":false,"body":{"10":1.10,"2":[null]},"expires_at":"2040-01-01T00:00:00Z"}';

describe('fault rules of a seed', () => {
  it.each([
    ['YAML', FULL_SEED, 'seed.yaml'],
    ['JSON', withFaultsInJson(`[${FULL_JSON}]`), 'seed.json'],
    ['JSON within YAML', withFaults(`  - ${FULL_JSON}`), 'seed.yaml'],
  ])('in %s are as they were written, with every member and every digit', async (_name, text, file) => {
    const rules = await readRules(text, file);
    expect(rules).toEqual([FULL_FAULT]);
    expect(rules.map(toFaultJson)).toEqual([FULL_JSON]);
  });

  it('have their ids, or get those of their places that nobody has', async () => {
    const rules = await readRules(
      withFaults(
        '  - { status: 500 }\n  - { id: flt_2, status: 501 }\n  - { id: flt_a, status: 502 }\n  - { preset: flaky }',
      ),
    );
    expect(rules).toEqual([
      { id: 'flt_1', status: 500 },
      { id: 'flt_2', status: 501 },
      { id: 'flt_a', status: 502 },
      { id: 'flt_3', name: 'flaky', every: 3, status: 503 },
    ]);
  });

  it('are over when the clock of the sandbox says so: that of the seed, unless a flag has another', async () => {
    const text = withFaults('  - { status: 503, ttl_ms: 1500 }', 'clock: 2031-01-01T00:00:00Z\n');
    expect(await readRules(text, 'seed.yaml', null)).toEqual([
      { id: 'flt_1', status: 503, expires_at: Date.UTC(2031, 0, 1, 0, 0, 1, 500) },
    ]);
    expect((await readRules(text))[0]?.expires_at).toBe(Date.UTC(2026, 0, 1, 0, 0, 1, 500));
  });

  it.each<[string, object]>([
    ['{ preset: maintenance }', { ttl: 60_000, headers: { 'Retry-After': '60' } }],
    ['{ preset: maintenance, ttl_ms: 5 }', { ttl: 5, headers: { 'Retry-After': '60' } }],
    ['{ preset: maintenance, headers: {} }', { ttl: 60_000, headers: {} }],
    ['{ preset: maintenance, expires_at: 2026-01-01T00:00:09Z }', { ttl: 9000, headers: { 'Retry-After': '60' } }],
  ])('may replace members of a preset: %s', async (rule, { ttl, ...expected }: { ttl?: number }) => {
    const [{ expires_at = 0, ...rest } = {}] = await readRules(withFaults(`  - ${rule}`));
    expect([rest, expires_at - Date.UTC(2026, 0, 1)]).toEqual([
      { id: 'flt_1', name: 'maintenance', status: 503, ...expected },
      ttl,
    ]);
  });

  it.each(REFUSED_FAULTS)('are refused at their place: %s', async (_name, faults, expected) => {
    expect(await problems(withFaults(faults, '# Rules.\n'))).toEqual(expected.map((line) => `seed.yaml:${line}`));
  });

  it.each(REFUSED_FAULTS_IN_JSON)('are refused at their place in JSON: %s', async (_name, faults, expected) => {
    const found = await problems(withFaultsInJson(faults), 'seed.json');
    expect(found.map((line, index) => line.slice(0, `seed.json:${expected[index]}`.length))).toEqual(
      expected.map((line) => `seed.json:${line}`),
    );
  });

  it('are 100 at most', async () => {
    const rules = (count: number) => withFaults('  - { status: 503 }\n'.repeat(count));
    expect(await readRules(rules(100))).toHaveLength(100);
    expect(await problems(rules(101))).toEqual(['seed.yaml:2:1: faults: expected 100 rules at most']);
  });
});

/** An app whose state has the rule of every member. */
async function startFull(): Promise<ControlApp> {
  const app = await startControl();
  const answer = await app.ask('PUT', `${DEFAULT}/state`, FULL_SEED, YAML);
  expect(answer.status).toBe(200);
  return app;
}
const YAML = { headers: { 'content-type': 'application/yaml' } };
const listRules = async ({ ask }: ControlApp, at = DEFAULT) => (await ask('GET', `${at}/faults`)).text;
const UNUSED = `{"faults":[${FULL_JSON.slice(0, -1)},"matched":0,"fired":0}]}`;

describe('the rules of a sandbox', () => {
  it.each(['json', 'yaml'])('are exported as %s and imported, text for text', async (type) => {
    const app = await startFull();
    expect(await listRules(app)).toBe(UNUSED);
    const readState = (at: string) =>
      app.ask('GET', `${at}/state`, undefined, { headers: { accept: `application/${type}` } });
    const exported = (await readState(DEFAULT)).text;
    expect(exported).toContain(`[${FULL_JSON}]`);
    const other = await startControl();
    const headers = { 'content-type': `application/${type}` };
    expect((await other.ask('PUT', `${DEFAULT}/state`, exported, { headers })).status).toBe(200);
    expect(await listRules(other)).toBe(UNUSED);
    const again = await other.ask('GET', `${DEFAULT}/state`, undefined, { headers: { accept: `application/${type}` } });
    expect(again.text).toBe(exported);
  });

  it('are those of the seed of a new one, or those that are given beside it', async () => {
    const app = await startControl();
    const make = async (members: string) =>
      (await app.ask('POST', '/sandboxes', members)).json.sandboxes[0].sandbox_id as string;
    const seeded = await make(`{"seed":${JSON.stringify(FULL_SEED)}}`);
    expect(await listRules(app, `/sandboxes/${seeded}`)).toBe(UNUSED);
    const given = await make(`{"seed":${JSON.stringify(FULL_SEED)},"faults":[{"preset":"flaky"}]}`);
    expect(await listRules(app, `/sandboxes/${given}`)).toBe(
      '{"faults":[{"id":"flt_1","name":"flaky","every":3,"status":503,"matched":0,"fired":0}]}',
    );
    const none = await make(`{"seed":${JSON.stringify(FULL_SEED)},"faults":[]}`);
    expect(await listRules(app, `/sandboxes/${none}`)).toBe('{"faults":[]}');
    expect(await listRules(app)).toBe('{"faults":[]}');
  });

  it('of a new one are over by its own clock, wherever that is said', async () => {
    const app = await startControl();
    const organizations = [{ organization_id: 'org_a' }];
    const faults = [{ status: 503, ttl_ms: 1000 }];
    const [early, late] = ['2040-01-01T00:00:00Z', '2050-01-01T00:00:00Z'];
    for (const [members, expires_at] of [
      [{ faults }, '2026-01-01T00:00:01Z'],
      [{ clock: early, faults }, '2040-01-01T00:00:01Z'],
      [{ seed: { version: 1, organizations, faults } }, '2026-01-01T00:00:01Z'],
      [{ seed: { version: 1, organizations, faults, clock: early } }, '2040-01-01T00:00:01Z'],
      [{ clock: late, seed: { version: 1, organizations, faults, clock: early } }, '2050-01-01T00:00:01Z'],
    ] as const) {
      const { json } = await app.ask('POST', '/sandboxes', members);
      const { faults: rules } = (await app.ask('GET', `/sandboxes/${json.sandboxes[0].sandbox_id}/faults`)).json;
      expect(rules).toEqual([{ id: 'flt_1', status: 503, expires_at, matched: 0, fired: 0 }]);
    }
  });

  it('of a new one are refused with what is wrong, and nothing is made', async () => {
    const app = await startControl();
    const refused = await app.ask('POST', '/sandboxes', { faults: [{ status: 503 }, { status: 503, evry: 2 }] });
    expect(refused.json).toEqual(invalid([['faults', 1, 'evry'], 'unknown member: did you mean every?']));
    expect((await app.ask('GET', '/sandboxes')).json.sandboxes).toHaveLength(1);
  });

  it('are in a snapshot; restored they count anew', async () => {
    const app = await startControl();
    await app.ask('POST', `${DEFAULT}/faults`, { id: 'flt_a', status: 503, times: 1 });
    await app.ask('PUT', `${DEFAULT}/snapshots/mine`);
    const statuses = async () => [(await app.get()).status, (await app.get()).status];
    expect(await statuses()).toEqual([503, 200]);
    await app.ask('DELETE', `${DEFAULT}/faults`);
    await app.ask('POST', `${DEFAULT}/snapshots/mine/restore`);
    expect((await app.ask('GET', `${DEFAULT}/faults`)).json.faults).toEqual([
      { id: 'flt_a', status: 503, times: 1, matched: 0, fired: 0 },
    ]);
    expect(await statuses()).toEqual([503, 200]);
    await app.ask('POST', `${DEFAULT}/snapshots/mine/restore`);
    expect(await statuses()).toEqual([503, 200]);
  });

  it('show what differs from a snapshot', async () => {
    const app = await startControl();
    await app.ask('PUT', `${DEFAULT}/snapshots/mine`);
    await app.ask('POST', `${DEFAULT}/faults`, { id: 'flt_a', status: 503 });
    const { changes } = (await app.ask('GET', `${DEFAULT}/snapshots/mine/changes`)).json;
    expect(changes).toEqual([
      { kind: 'settings', id: null, member: 'faults', before: [], after: [{ id: 'flt_a', status: 503 }] },
    ]);
  });

  it('survive a restart; those of a database that knew none are none', async () => {
    const db = join(makeFolder(), 'mock.db');
    const seed = { ...SEED, faults: [{ id: 'flt_seed', status: 503 }] };
    const first = await start({ db, seed });
    await first.snapshot('mine');
    await first.close();

    const second = await start({ db, seed });
    expect((await second.faults.list()).map(({ id }) => id)).toEqual(['flt_seed']);
    await second.close();

    const olderDb = join(makeFolder(), 'mock.db');
    new Sqlite(olderDb).exec(readFileSync(DUMP, 'utf8')).close();
    const older = await start({ db: olderDb, seed });
    for (const goBack of [() => {}, () => older.reset()]) {
      await goBack();
      expect([await older.faults.list(), await statusOf(older)]).toEqual([[], 200]);
    }
    expect((await older.state()).faults).toEqual([]);
    await older.faults.add({ status: 503 });
    expect(await statusOf(older)).toBe(503);
  });
});

it('a rule that a seed says is off lets the requests of its organization pass', async () => {
  const app = await startFull();
  expect((await app.show(FULL_KEY)).status).toBe(200);
});
