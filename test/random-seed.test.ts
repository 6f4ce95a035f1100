import { readdirSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createMockServer } from '../src/index.ts';
import { makeFolder } from './support/folder.ts';
import { runCli, startServer } from './support/process.ts';
import { runSession, Session, toComparable } from './support/session.ts';

const FROZEN = ['--host', '127.0.0.1', '--db', 'mock.db', '--clock', '2026-01-01T00:00:00Z'];
const seeded = (randomSeed: number) => [...FROZEN, '--random-seed', String(randomSeed)];

/** What a session of a new server, with an empty database, is answered. */
async function record(args: string[]): Promise<string[]> {
  const server = await startServer(args, makeFolder());
  const session = new Session(server.ready.url);
  await runSession(session);
  await server.stop();
  return session.answers.map(toComparable);
}
/** Ids that were drawn: those in examples of documents are not. */
const idsIn = (answers: string[]) =>
  new Set(answers.join('').match(/\b(?:org|sbx|req)_(?!0123456789abcdef)[0-9a-f]{24}\b/g));

describe('with --random-seed and a frozen clock', () => {
  it('two runs answer the same, byte for byte, headers included; another number gives other ids', async () => {
    const [first, second, other] = [await record(seeded(42)), await record(seeded(42)), await record(seeded(43))];
    for (const [index, answer] of first.entries()) expect(second[index]).toBe(answer);
    expect(second).toHaveLength(first.length);
    expect(new Set(first.map((answer) => answer.slice(9, 12)))).toEqual(
      new Set(['200', '201', '204', '400', '401', '403', '404', '405', '409', '422', '429', '501']),
    );
    const ids = idsIn(first);
    expect(ids.size).toBeGreaterThan(first.length);
    expect([...idsIn(other)].filter((id) => ids.has(id))).toEqual([]);
  });

  it('each request has another id, but for one that names itself', async () => {
    const answers = await record(seeded(1));
    const ids = answers.map((answer) => /^x-request-id: (.*)\r$/m.exec(answer)?.[1]);
    expect(ids.filter((id) => !/^req_[0-9a-f]{24}$/.test(String(id)))).toEqual(['mine']);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('a sandbox gives the same ids and keys in whatever order it is used among others', async () => {
    const run = async (order: number[]) => {
      const server = await startServer(seeded(7), makeFolder());
      const session = new Session(server.ready.url);
      const { sandboxes } = await session.ask('POST', '/_mock/sandboxes', { body: '{"count":2}' });
      const answers: string[][] = [[], []];
      for (const index of order) {
        const { sandbox_id, api_keys } = sandboxes[index];
        const base = `/_mock/sandboxes/${sandbox_id}`;
        const from = session.answers.length;
        await session.ask('GET', '/v1/organizations', { key: api_keys.read });
        await session.ask('POST', `${base}/organizations`, { body: '{}' });
        await session.ask('POST', `${base}/api-keys`, { body: '{}' });
        answers[index]?.push(...session.answers.slice(from));
      }
      await server.stop();
      return answers;
    };
    expect(await run([0, 0, 0, 1, 1])).toEqual(await run([1, 0, 1, 0, 0]));
  });

  it('a restart on the same database gives ids and keys that nobody has yet', async () => {
    const folder = makeFolder();
    const seen: string[] = [];
    for (let start = 0; start < 3; start++) {
      const server = await startServer(seeded(7), folder);
      const session = new Session(server.ready.url);
      const { sandboxes } = await session.ask('POST', '/_mock/sandboxes');
      const { key } = await session.ask('POST', '/_mock/sandboxes/default/api-keys');
      const made = await session.ask('POST', '/_mock/sandboxes/default/organizations');
      expect(session.answers.map((answer) => answer.slice(9, 12))).toEqual(['201', '201', '201']);
      seen.push(sandboxes[0].sandbox_id, sandboxes[0].api_keys.admin, made.organization_id, key);
      await server.stop();
    }
    expect(new Set(seen).size).toBe(12);
  });

  it('a sandbox whose id was had by one that moved gets keys of its own', async () => {
    const folder = makeFolder();
    const first = await startServer(seeded(7), folder);
    const session = new Session(first.ready.url);
    const [sandbox] = (await session.ask('POST', '/_mock/sandboxes')).sandboxes;
    const state = await session.ask('GET', `/_mock/sandboxes/${sandbox.sandbox_id}/state`);
    await session.ask('DELETE', `/_mock/sandboxes/${sandbox.sandbox_id}`);
    await session.ask('PUT', '/_mock/sandboxes/moved/state', { body: JSON.stringify(state) });
    await first.stop();
    const second = await startServer(seeded(7), folder);
    const [again] = (await new Session(second.ready.url).ask('POST', '/_mock/sandboxes')).sandboxes;
    expect(again.sandbox_id).toBe(sandbox.sandbox_id);
    expect(again.api_keys).not.toEqual(sandbox.api_keys);
  });
});

describe('--random-seed', () => {
  it('gives the keys that a program is lent', async () => {
    const start = async (randomSeed: number) => {
      const server = await createMockServer({
        randomSeed,
        seed: { version: 1, organizations: [{ organization_id: 'org_a' }] },
      });
      onTestFinished(() => server.close());
      return server.keys;
    };
    const keys = await start(42);
    expect(new Set(Object.values(keys)).size).toBe(4);
    expect(await start(42)).toEqual(keys);
    expect(Object.values(await start(43)).filter((key) => Object.values(keys).includes(key))).toEqual([]);
  });

  it.each([
    ['0.0.0.0', 'mixpeek-mock: --random-seed: --host 0.0.0.0 can be reached by others, who could foresee every key\n'],
    ['::', 'mixpeek-mock: --random-seed: --host :: can be reached by others, who could foresee every key\n'],
  ])('is refused on %s, with one line and no database', async (host, stderr) => {
    const folder = makeFolder();
    const args = ['--port', '0', '--host', host, '--db', 'mock.db', '--random-seed', '1'];
    expect(await runCli(args, folder)).toEqual({ code: 2, stdout: '', stderr });
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each(['-1', '1.5', 'abc', '1000000'])('is refused as %s', async (value) => {
    const { code, stderr } = await runCli(['--db', ':memory:', `--random-seed=${value}`], makeFolder());
    expect([code, stderr]).toEqual([2, expect.stringContaining('allowed: 0 to 999999')]);
  });
});
