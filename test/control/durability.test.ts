import { describe, expect, it } from 'vitest';
import type { Parsed } from '../support/conformance.ts';
import { makeFolder } from '../support/folder.ts';
import { type RunningServer, startServer } from '../support/process.ts';

const ROUNDS = 3;
/** Sandboxes that are worked on at once. */
const WORKERS = 4;
/** Answers that come before the process is killed; each round has its own. */
const ANSWERS = [25, 60, 110];
const BATCH = 5;

type Send = ReturnType<typeof buildSend>;

/** Sends to the control plane of a server. */
const buildSend =
  ({ ready: { url } }: RunningServer) =>
  async (method: string, path: string, body?: unknown): Promise<{ status: number; json: Parsed }> => {
    const response = await fetch(`${url}/_mock/sandboxes${path}`, {
      method,
      ...(method !== 'GET' && { headers: { 'content-type': 'application/json' } }),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, json: text === '' ? undefined : JSON.parse(text) };
  };

const readStatus = async ({ ready: { url } }: RunningServer, key: string): Promise<number> => {
  const response = await fetch(`${url}/v1/organizations`, { headers: { authorization: `Bearer ${key}` } });
  await response.text();
  return response.status;
};

/** A sandbox in a few words: each organization, its name, and the keys that it has. */
type World = string[];

const describeWorld = ({ organizations }: Parsed): World =>
  organizations.map(({ organization_id, organization_name, api_keys }: Parsed) =>
    [organization_id, organization_name, ...api_keys.map(({ name }: Parsed) => name)].join(' '),
  );

/** Two organizations that must come together, or not at all. */
const seedOf = (id: string, version: number) => ({
  version: 1,
  organizations: ['org_a', 'org_b'].map((organization_id) => ({
    organization_id,
    organization_name: `v${version}`,
    api_keys: [{ key: `sk_test_${id}_${organization_id}_${version}`, name: `key${version}` }],
  })),
});
const worldOf = (version: number): World => ['org_a', 'org_b'].map((id) => `${id} v${version} key${version}`);

/** What a sandbox is by all that was answered, and what it is if the request that is under way was done, too. */
interface Expected {
  done: World;
  begun: World;
}

/** Changes one sandbox, one request after another, until the server is gone. */
async function work(send: Send, id: string, expected: Expected, onAnswer: () => void): Promise<void> {
  const initial = worldOf(0);
  let saved = initial;
  const run = async (method: string, path: string, body: unknown, begun: World) => {
    expected.begun = begun;
    const { status, json } = await send(method, `/${id}${path}`, body);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(json)}`);
    expected.done = begun;
    onAnswer();
  };
  for (let version = 1; ; version++) {
    await run('PUT', '/state', seedOf(id, version), worldOf(version));
    await run('PUT', '/snapshots/saved', {}, worldOf(version));
    saved = expected.done;
    const made = { organization_id: 'org_c', organization_name: `v${version}` };
    await run('POST', '/organizations', made, [...saved, `org_c v${version}`]);
    const key = { organization_id: 'org_c', key: `sk_test_${id}_c_${version}`, name: `c${version}` };
    await run('POST', '/api-keys', key, [...saved, `org_c v${version} c${version}`]);
    if (version % 2 === 0) await run('POST', '/reset', {}, initial);
    await run('POST', '/snapshots/saved/restore', {}, saved);
  }
}

/** Makes sandboxes, several with each request, until the server is gone. */
async function makeMany(send: Send, round: number, made: Map<string, string[]>, onAnswer: () => void): Promise<void> {
  for (let batch = 0; ; batch++) {
    const name = `batch ${round}.${batch}`;
    const { status, json } = await send('POST', '', { count: BATCH, name });
    expect(status).toBe(201);
    made.set(
      name,
      json.sandboxes.map(({ api_keys }: Parsed) => api_keys.admin),
    );
    onAnswer();
  }
}

async function listSandboxes(send: Send): Promise<Parsed[]> {
  const { json } = await send('GET', '?limit=1000');
  expect(json.next).toBeNull();
  return json.sandboxes;
}

describe('control operations that are under way when the process is killed', () => {
  it('are there whole or not at all, and those that were answered are there', async () => {
    const folder = makeFolder();
    const made = new Map<string, string[]>();
    const worlds = new Map<string, Expected>();
    let server = await startServer([], folder);
    for (let worker = 0; worker < WORKERS; worker++) {
      const id = `w${worker}`;
      expect((await buildSend(server)('PUT', `/${id}/state`, seedOf(id, 0))).status).toBe(201);
      worlds.set(id, { done: worldOf(0), begun: worldOf(0) });
    }
    for (let round = 0; round < ROUNDS; round++) {
      const send = buildSend(server);
      let answers = 0;
      let killed: Promise<number | string> | undefined;
      const onAnswer = () => {
        answers++;
        if (answers === ANSWERS[round]) killed = server.stop('SIGKILL');
      };
      const workers = [...worlds].map(([id, expected]) => work(send, id, expected, onAnswer));
      const outcomes = await Promise.allSettled([...workers, makeMany(send, round, made, onAnswer)]);
      // A connection that breaks is a TypeError of fetch.
      expect(outcomes.map((one) => one.status === 'rejected' && String(one.reason))).toEqual(
        outcomes.map(() => expect.stringMatching(/^TypeError: (?:fetch failed|terminated)$/)),
      );
      expect(await killed).toBe('SIGKILL');

      server = await startServer([], folder);
      const sendAgain = buildSend(server);
      for (const [id, expected] of worlds) {
        const world = describeWorld((await sendAgain('GET', `/${id}/state`)).json);
        expect([expected.done, expected.begun]).toContainEqual(world);
        // The next round begins with what the first began with.
        expect((await sendAgain('PUT', `/${id}/state`, seedOf(id, 0))).status).toBe(200);
        Object.assign(expected, { done: worldOf(0), begun: worldOf(0) });
      }
      const counts = new Map<string, number>();
      for (const { name } of await listSandboxes(sendAgain)) {
        if (name !== null) counts.set(name, (counts.get(name) ?? 0) + 1);
      }
      expect([...counts.values()].filter((count) => count !== BATCH)).toEqual([]);
      expect([...made.keys()].filter((name) => !counts.has(name))).toEqual([]);
      const statuses = await Promise.all([...made.values()].flat().map((key) => readStatus(server, key)));
      expect(statuses.filter((status) => status !== 200)).toEqual([]);
    }
    expect(await server.stop()).toBe(0);
  });
});

describe('a thousand sandboxes', () => {
  it('are there after SIGKILL, with the key of each', async () => {
    const folder = makeFolder();
    const first = await startServer([], folder);
    const send = buildSend(first);
    const batches = await Promise.all(Array.from({ length: 10 }, () => send('POST', '', { count: 100 })));
    expect(batches.map(({ status }) => status)).toEqual(batches.map(() => 201));
    const made: Parsed[] = batches.flatMap(({ json }) => json.sandboxes);
    expect((await send('POST', '', {})).status).toBe(409);
    await first.stop('SIGKILL');
    const second = await startServer([], folder);
    const answers = await Promise.all(
      made.map(async ({ api_keys, organization_id }) => {
        const headers = { authorization: `Bearer ${api_keys.admin}` };
        const response = await fetch(`${second.ready.url}/v1/organizations`, { headers });
        const { organization_id: answered } = (await response.json()) as Parsed;
        return [response.status, answered === organization_id];
      }),
    );
    expect(answers.filter(([status, isOwn]) => status !== 200 || isOwn !== true)).toEqual([]);
    expect(answers).toHaveLength(1000);
    expect(await second.stop()).toBe(0);
  });
});

describe('seq', () => {
  it('never goes back: not with a reset, a restart, a SIGKILL', async () => {
    const folder = makeFolder();
    let server = await startServer([], folder);
    const { json } = await buildSend(server)('POST', '', {});
    const [{ sandbox_id, api_keys }] = json.sandboxes;
    const keys = new Map([
      [sandbox_id, api_keys.admin],
      ['default', 'sk_test_xyz789'],
    ]);
    const last = new Map<string, number>();
    /** Sends three requests to each: theirs are the only numbers of the journal, behind those from before. */
    const look = async () => {
      for (const [id, key] of keys) {
        const before = last.get(id) ?? 0;
        for (let count = 0; count < 3; count++) expect(await readStatus(server, key)).toBe(200);
        const { requests } = (await buildSend(server)('GET', `/${id}/requests`)).json;
        const numbers: number[] = requests.map(({ seq }: Parsed) => seq);
        const first = numbers[0] ?? 0;
        expect(numbers).toEqual([first, first + 1, first + 2]);
        expect(first).toBeGreaterThan(before);
        last.set(id, first + 2);
      }
    };
    await look();
    for (const id of keys.keys()) await buildSend(server)('POST', `/${id}/reset`, {});
    await look();
    for (const signal of ['SIGTERM', 'SIGKILL', 'SIGKILL', 'SIGTERM'] as const) {
      await server.stop(signal);
      server = await startServer([], folder);
      await look();
    }
    await server.stop();
  });
});
