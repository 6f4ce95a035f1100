import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder } from './support/folder.ts';
import { FULL_ANSWER, FULL_KEY, FULL_SEED } from './support/full.ts';
import { type RunningServer, startServer } from './support/process.ts';

const CONTROL = '/_mock/sandboxes/default';

/** Asks a server of its own process. */
async function ask({ ready }: RunningServer, method: string, path: string, body?: string, accept?: string) {
  const headers = {
    authorization: `Bearer ${FULL_KEY}`,
    ...(method !== 'GET' && { 'content-type': 'application/json' }),
    ...(accept !== undefined && { accept }),
  };
  const answer = await fetch(ready.url + path, { method, headers, ...(body !== undefined && { body }) });
  return answer.text();
}
const readState = (server: RunningServer, type = 'json') =>
  ask(server, 'GET', `${CONTROL}/state`, undefined, `application/${type}`);
/** The settings of the state, but for the tiers. */
async function readSettings(server: RunningServer) {
  const { clock, limits, api_version, unknown_fields } = JSON.parse(await readState(server));
  return { clock, limits, api_version, unknown_fields };
}

const SETTINGS = { clock: { frozen_at: '2031-01-01T00:00:00Z' }, limits: 'off', unknown_fields: 'reject' };
const SEED = `clock: 2031-01-01\nlimits: off\nunknown_fields: reject\napi_version: "0.82"\n${FULL_SEED}`;

function writeSeed(folder: string, text: string, name = 'seed.yaml'): string[] {
  writeFileSync(join(folder, name), text);
  return ['--seed', name];
}

describe('a state that was exported', () => {
  it.each(['json', 'yaml'])('as %s is the seed of another start, which exports the same', async (type) => {
    const folder = makeFolder();
    const first = await startServer(['--db', ':memory:', ...writeSeed(folder, SEED)], folder);
    expect(await ask(first, 'GET', '/v1/organizations')).toBe(FULL_ANSWER['0.82']);
    await ask(first, 'PATCH', '/v1/organizations', '{"metadata":{"a":"\\u0041\\/","n":1.10,"__proto__":{}}}');
    await ask(first, 'POST', `${CONTROL}/organizations`, '{"account_type":"enterprise","users":[{}]}');
    await ask(first, 'POST', `${CONTROL}/clock/advance`, '{"ms":1500}');
    const [state, exported, answer] = [
      await readState(first),
      await readState(first, type),
      await ask(first, 'GET', '/v1/organizations'),
    ];
    await first.stop();
    const second = await startServer(['--db', ':memory:', ...writeSeed(folder, exported, `export.${type}`)], folder);
    expect([await readState(second), await readState(second, type)]).toEqual([state, exported]);
    expect(await ask(second, 'GET', '/v1/organizations')).toBe(answer);
    await ask(second, 'PATCH', '/v1/organizations', '{"logo_url":null}');
    await ask(second, 'POST', `${CONTROL}/reset`);
    expect(await readState(second)).toBe(state);
  });
});

describe('settings of a seed, of flags and of a database', () => {
  const FLAGS = ['--limits', 'enforce', '--clock', '2032-01-01T00:00:00Z', '--unknown-fields', 'ignore'];
  const FLAGGED = { clock: { frozen_at: '2032-01-01T00:00:00Z' }, limits: 'enforce', unknown_fields: 'ignore' };

  it('a flag takes precedence over the seed, through a reset too; a later start without it keeps what is stored', async () => {
    const folder = makeFolder();
    const args = ['--db', 'mock.db', ...writeSeed(folder, SEED)];
    const first = await startServer([...args, ...FLAGS, '--api-version', '0.81'], folder);
    expect(await readSettings(first)).toEqual({ ...FLAGGED, api_version: '0.81' });
    await ask(first, 'POST', `${CONTROL}/reset`);
    expect(await readSettings(first)).toEqual({ ...FLAGGED, api_version: '0.81' });
    await ask(first, 'POST', `${CONTROL}/clock/advance`, '{"ms":60000}');
    await first.stop();

    const second = await startServer(args, folder);
    const moved = { ...FLAGGED, clock: { frozen_at: '2032-01-01T00:01:00Z' }, api_version: '0.81' };
    expect(await readSettings(second)).toEqual(moved);
    await second.stop();

    const third = await startServer([...args, '--limits', 'headers'], folder);
    expect(await readSettings(third)).toEqual({ ...moved, limits: 'headers' });
    await ask(third, 'POST', `${CONTROL}/reset`);
    expect(await readSettings(third)).toEqual({ ...SETTINGS, limits: 'headers', api_version: '0.82' });
  });

  it('--reset starts over: default is the seed, its snapshots and the other sandboxes are gone', async () => {
    const folder = makeFolder();
    const args = ['--db', 'mock.db', ...writeSeed(folder, SEED)];
    const first = await startServer([...args, ...FLAGS], folder);
    const seeded = await readState(first);
    const made = JSON.parse(await ask(first, 'POST', '/_mock/sandboxes', '{"count":2}')).sandboxes;
    await ask(first, 'PUT', `${CONTROL}/snapshots/mine`);
    await ask(first, 'PATCH', '/v1/organizations', '{"logo_url":"changed"}');
    await first.stop();

    const second = await startServer(args, folder);
    const listed = async (server: RunningServer) =>
      JSON.parse(await ask(server, 'GET', '/_mock/sandboxes')).sandboxes.map(
        (one: { sandbox_id: string }) => one.sandbox_id,
      );
    expect(await listed(second)).toEqual(['default', ...made.map((one: { sandbox_id: string }) => one.sandbox_id)]);
    const changed = await readState(second);
    expect(changed).toContain('"logo_url":"changed"');
    await second.stop();

    const third = await startServer([...args, '--reset'], folder);
    expect(await listed(third)).toEqual(['default']);
    expect(await readSettings(third)).toEqual({ ...SETTINGS, api_version: '0.82' });
    expect(JSON.parse(await readState(third)).organizations).toEqual(JSON.parse(seeded).organizations);
    const { snapshots } = JSON.parse(await ask(third, 'GET', `${CONTROL}/snapshots`));
    expect(snapshots.map(({ name }: { name: string }) => name)).toEqual(['initial']);
    const { api_keys } = made[0];
    const answer = await fetch(`${third.ready.url}/v1/organizations`, {
      headers: { authorization: `Bearer ${api_keys.admin}` },
    });
    expect(answer.status).toBe(401);
  });
});
