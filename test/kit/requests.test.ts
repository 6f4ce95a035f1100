import { describe, expect, it } from 'vitest';
import { failure, get, send, start } from '../support/handle.ts';

describe('requests', () => {
  it('are those that match, or all', async () => {
    const server = await start();
    await get(server);
    await send(server, 'PATCH', { metadata: { plan: 'pro' } });
    const all = await server.requests();
    expect(all.map(({ seq, method }) => [seq, method])).toEqual([
      [1, 'GET'],
      [2, 'PATCH'],
    ]);
    const [changed, ...others] = await server.requests({ body: { metadata: { plan: 'pro' } } });
    expect([changed?.changes, others]).toEqual([[{ member: 'metadata', before: {}, after: { plan: 'pro' } }], []]);
    expect(await server.requests({ status: 404 })).toEqual([]);
  });

  it('are all or an error', async () => {
    const server = await start({ journalSize: 1 });
    await get(server);
    await get(server);
    const { message } = await failure(server.requests());
    expect(message).toContain('the journal no longer has all of them');
  });

  it('are of their sandbox', async () => {
    const server = await start();
    const sandbox = await server.createSandbox();
    await get(sandbox);
    expect([await server.requests(), (await sandbox.requests()).length]).toEqual([[], 1]);
  });
});

describe('waitForRequest', () => {
  it('waits for one that is yet to come', async () => {
    const server = await start();
    const waiting = server.waitForRequest({ method: 'PATCH' }, { timeout: 30_000 });
    await get(server);
    await send(server, 'PATCH', {});
    expect(await waiting).toMatchObject([{ seq: 2, method: 'PATCH', status: 200 }]);
  });

  it('says what comes nearest, and what differs', async () => {
    const server = await start();
    await send(server, 'PATCH', { metadata: { plan: 'pro' } });
    const error = await failure(server.waitForRequest({ body: { metadata: { plan: 'free' } } }, { timeout: 0 }));
    expect(error.message.split('\n')).toEqual([
      'POST /sandboxes/default/requests/verify: 409 The requests are not as expected: found 0, expected at least 1 matching request',
      '  nearest: PATCH /v1/organizations (seq 1): body.metadata.plan is "pro", not "free"',
    ]);
  });

  it.each<[number | { min?: number; max?: number }, boolean]>([
    [2, true],
    [1, false],
    [3, false],
    [{ max: 2 }, true],
    [{ min: 1, max: 1 }, false],
    [{ min: 2 }, true],
  ])('of two takes times %j: %s', async (times, isRight) => {
    const server = await start();
    await get(server);
    await get(server);
    const waiting = server.waitForRequest({ method: 'GET' }, { times, timeout: 0 });
    expect(
      await waiting.then(
        (found) => found.length,
        (error) => error.status,
      ),
    ).toBe(isRight ? 2 : 409);
  });

  it('takes those behind a seq only', async () => {
    const server = await start();
    await get(server);
    expect((await failure(server.waitForRequest({}, { after: 1, timeout: 0 }))).status).toBe(409);
  });
});
