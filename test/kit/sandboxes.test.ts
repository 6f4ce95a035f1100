import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Sandbox, SandboxOptions } from '../../src/index.ts';
import { makeFolder } from '../support/folder.ts';
import { FULL_ANSWER, FULL_KEY, FULL_SEED } from '../support/full.ts';
import { CLOCK, failure, get, nameOf, readJson, rename, SEED, send, start, statusOf } from '../support/handle.ts';

describe('createSandbox', () => {
  it('gives a world of its own, with keys of its own', async () => {
    const server = await start({ clock: CLOCK });
    const sandbox = await server.createSandbox();
    const { sandboxId, organizationId, apiKey, keys, env, baseUrl, apiUrl } = sandbox;
    expect({ baseUrl, apiUrl, apiKey, env }).toEqual({
      baseUrl: server.url,
      apiUrl: `${server.url}/v1`,
      apiKey: keys.admin,
      env: { MIXPEEK_API_KEY: keys.admin, MIXPEEK_BASE_URL: server.url, MIXPEEK_API_URL: server.url },
    });
    expect([sandboxId, organizationId]).toEqual([expect.stringMatching(/^sbx_/), expect.stringMatching(/^org_/)]);
    expect(await rename(sandbox, 'Mine')).toBe('Mine');
    const patchAs = async (key: string) => (await send({ ...sandbox, apiKey: key }, 'PATCH', {})).status;
    expect(await Promise.all(Object.values(keys).map(patchAs))).toEqual([200, 403, 403, 403]);
    expect(await nameOf(server)).toBe('Acme Corporation');
    expect((await sandbox.state()).clock).toEqual({ frozen_at: CLOCK });
  });

  it('makes more than one request can', async () => {
    const server = await start();
    const made = await server.createSandboxes(101, { name: 'many' });
    expect(new Set(made.map(({ apiKey }) => apiKey)).size).toBe(101);
    expect(await Promise.all([made[0], made[100]].map((one) => one && statusOf(one)))).toEqual([200, 200]);
    const names = (await failure(server.createSandboxes(0))).message;
    expect(names).toContain('count: expected a whole number from 1 to 100');
  });

  it('is gone once it is closed, once or twice, or its block ends', async () => {
    const server = await start();
    const sandbox = await server.createSandbox();
    await sandbox.close();
    await sandbox.close();
    expect([await statusOf(sandbox), (await failure(sandbox.reset())).status]).toEqual([401, 404]);
    const disposed = await server.createSandbox();
    await disposed[Symbol.asyncDispose]();
    expect(await statusOf(disposed)).toBe(401);
  });

  it.each<[SandboxOptions, object]>([
    [{}, { organizations: [expect.objectContaining({ account_type: 'pro' })], limits: 'headers' }],
    [{ accountType: 'free' }, { organizations: [expect.objectContaining({ account_type: 'free' })] }],
    [{ seed: SEED }, { organizations: [expect.objectContaining({ metadata: { a: 1 } }), expect.anything()] }],
    [{ clock: '2031-01-01T00:00:00Z' }, { clock: { frozen_at: '2031-01-01T00:00:00Z' } }],
    [{ limits: 'enforce' }, { limits: 'enforce' }],
    [{ apiVersion: '0.82' }, { api_version: '0.82' }],
    [{ unknownFields: 'reject' }, { unknown_fields: 'reject' }],
    [{ faults: [{ preset: 'flaky' }] }, { faults: [{ id: 'flt_1', name: 'flaky', every: 3, status: 503 }] }],
    [{ limits: undefined as never, name: undefined as never }, { limits: 'headers' }],
  ])('with %j is that', async (options, expected) => {
    const server = await start();
    expect(await (await server.createSandbox(options)).state()).toMatchObject(expected);
  });

  it('with a name and a time to live is listed so', async () => {
    const server = await start();
    const { sandboxId } = await server.createSandbox({ name: '\u00dcber', ttlSeconds: 60 });
    const { name, ttl_left_seconds } = await readJson(fetch(`${server.url}/_mock/sandboxes/${sandboxId}`));
    expect([name, ttl_left_seconds > 0, ttl_left_seconds <= 60]).toEqual(['\u00dcber', true, true]);
  });

  it('issues the keys of a seed anew, or keeps them; a seed may be a file', async () => {
    const server = await start();
    const seed = join(makeFolder(), 'seed.yaml');
    writeFileSync(seed, FULL_SEED);
    const anew = await server.createSandbox({ seed });
    expect(await statusOf({ ...anew, apiKey: FULL_KEY })).toBe(401);
    expect(await (await get(anew)).text()).toBe(FULL_ANSWER['0.81']);
    const given = await server.createSandbox({ seed, keys: 'as_given' });
    expect(await (await get({ ...given, apiKey: FULL_KEY })).text()).toBe(FULL_ANSWER['0.81']);
    const taken = await failure(server.createSandbox({ seed, keys: 'as_given' }));
    expect(taken.status).toBe(409);
    expect(taken.message).toContain(`The key sk_test_fu… belongs to the sandbox ${given.sandboxId}; `);
  });

  const OPTIONS = 'name, accountType, seed, keys, clock, limits, apiVersion, unknownFields, faults, ttlSeconds';
  it.each<[string, object, string, number | undefined]>([
    ['an unknown option', { acountType: 'pro' }, `unknown option acountType; there are ${OPTIONS}`, undefined],
    ['an option of prototypes', { constructor: 1 }, `unknown option constructor; there are ${OPTIONS}`, undefined],
    ['a file that is not there', { seed: '/nonexistent.yaml' }, '/nonexistent.yaml: there is no such file', undefined],
    ['a folder', { seed: '/' }, '/: cannot be read (EISDIR)', undefined],
    [
      'what is not JSON',
      { seed: { version: 1n } },
      'POST /sandboxes: what is sent is not JSON: Do not know how to serialize a BigInt',
      undefined,
    ],
    ['a wrong value', { limits: 'enforced' }, 'POST /sandboxes: 422 limits: did you mean enforce?', 422],
    [
      'a mistake in a seed',
      { seed: { ...SEED, limit: 'off' } },
      'POST /sandboxes: 422 seed.limit: unknown member: did you mean limits?',
      422,
    ],
    [
      'a tier beside a seed',
      { seed: SEED, accountType: 'pro' },
      'POST /sandboxes: 422 account_type: goes without seed only: a seed says the tier of each organization',
      422,
    ],
  ])('refuses %s', async (_name, options, message, status) => {
    const server = await start();
    const error = await failure(server.createSandbox(options));
    expect([error.message, error.status]).toEqual([message, status]);
  });

  it('gives the place of a mistake in a file', async () => {
    const server = await start();
    const seed = join(makeFolder(), 'seed.yaml');
    writeFileSync(seed, 'version: 1\norganizations:\n  - organization_id: nope\n');
    const { message } = await failure(server.createSandbox({ seed }));
    expect(message).toContain('organization_id: line 3, column 5: expected org_, then letters, digits, _ or -');
  });
});

describe('createSandboxes and sandbox', () => {
  it('make many at once, and find one again', async () => {
    const server = await start();
    const sandboxes = await server.createSandboxes(3, { accountType: 'team' });
    expect(new Set(sandboxes.flatMap(({ sandboxId, keys }) => [sandboxId, ...Object.values(keys)])).size).toBe(15);
    const [first, second] = sandboxes as [Sandbox, Sandbox];
    const found = server.sandbox(first.sandboxId);
    await rename(first, 'Changed');
    await rename(second, 'Changed');
    await found.reset();
    expect([await nameOf(first), await nameOf(second)]).toEqual([first.organizationId, 'Changed']);
    await found[Symbol.asyncDispose]();
    expect([await statusOf(first), await statusOf(second)]).toEqual([401, 200]);
    await server.sandbox(second.sandboxId).close();
    expect(await statusOf(second)).toBe(401);
  });

  it('refuse what cannot be', async () => {
    const server = await start({ maxSandboxes: 2 });
    expect((await failure(server.createSandboxes(0))).message).toContain('POST /sandboxes: 422 count: ');
    const tooMany = await failure(server.createSandboxes(3));
    expect([tooMany.status, tooMany.message]).toEqual([409, expect.stringContaining('--max-sandboxes')]);
    expect((await failure(server.sandbox('nope').state())).message).toBe(
      'GET /sandboxes/nope/state: 404 Not Found; GET /_mock/sandboxes lists what there is',
    );
    expect((await failure(server.sandbox('../default').state())).status).toBe(404);
    const refused = await failure(server.sandbox('default').close());
    expect(refused.message).toContain('409 The sandbox default is always there; POST /_mock/sandboxes/default/reset');
  });
});
