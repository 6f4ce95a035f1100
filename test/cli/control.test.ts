import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { askControl } from '../../src/cli/control-client.ts';
import { done, failed, startControlled } from '../support/controlled-program.ts';
import { makeFolder } from '../support/folder.ts';
import { runCli, startServer } from '../support/process.ts';
import { get, patch } from '../support/requests.ts';

const TOKEN = 'some-long-token';
const REPLACED = 'organizations, api_keys, tiers, clock, limits, api_version, unknown_fields, faults, requests';
const UNDO = 'restore before-reset to undo, but for the requests';
const WHERE = '(--url, or the variable MIXPEEK_MOCK_URL)';

async function listenOn(server: Server): Promise<string> {
  onTestFinished(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('reset, snapshot and restore', () => {
  it('take the default sandbox back and forth', async () => {
    const { url, run } = await startControlled();
    const nameOf = async () => (await get(url)).organization_name;
    await patch(url, { organization_name: 'First' });
    expect(await run(['snapshot', 'first'])).toEqual(
      done('default is kept in the snapshot first; restore first to go back'),
    );
    await patch(url, { organization_name: 'Second' });
    expect(await run(['reset'])).toEqual(done(`default is reset: ${REPLACED}; ${UNDO}`));
    expect(await nameOf()).toBe('Acme Corporation');
    expect(await run(['restore', 'before-reset'])).toEqual(
      done(`default is restored to before-reset: ${REPLACED}; ${UNDO}`),
    );
    expect(await nameOf()).toBe('Second');
    expect((await run(['restore', 'first'])).code).toBe(0);
    expect(await nameOf()).toBe('First');
  });

  it.each(['.', '..'])('keep nothing under %s, which clients take for another path', async (name) => {
    const { run } = await startControlled();
    const { code, stderr } = await run(['snapshot', name]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('and not . or .. alone')]);
  });

  it('take the sandbox that --sandbox names, and no other', async () => {
    const { url, run, control } = await startControlled();
    await control('PUT', '/mine/state', { version: 1, organizations: [{ organization_id: 'org_mine' }] });
    await patch(url, { organization_name: 'Kept' });
    expect(await run(['snapshot', 'a..b', '--sandbox', 'mine'])).toEqual(
      done('mine is kept in the snapshot a..b; restore a..b to go back'),
    );
    expect(await run(['restore', 'a..b', '--sandbox', 'mine'])).toEqual(
      done(`mine is restored to a..b: ${REPLACED}; ${UNDO}`),
    );
    expect(await run(['reset', '--sandbox', 'mine'])).toEqual(done(`mine is reset: ${REPLACED}; ${UNDO}`));
    expect((await get(url)).organization_name).toBe('Kept');
    const names = async (id: string) =>
      (await control('GET', `/${id}/snapshots`)).snapshots.map(({ name }: { name: string }) => name);
    expect([await names('mine'), await names('default')]).toEqual([['initial', 'a..b', 'before-reset'], ['initial']]);
  });
});

describe('state', () => {
  it('printed into a file is the seed of another server, metadata to the byte', async () => {
    const { url, folder, run } = await startControlled({ clock: '2026-01-01T00:00:00Z', limits: 'enforce' });
    const metadata = '{"b":1,"10":12345678901234567890,"2":1.10,"family":"👨‍👩‍👧","csi":"\u009b\u2028"}';
    const headers = { authorization: 'Bearer sk_test_xyz789', 'content-type': 'application/json' };
    await fetch(`${url}/v1/organizations`, { method: 'PATCH', headers, body: `{"metadata":${metadata}}` });
    const [yaml, json] = await Promise.all([run(['state']), run(['state', '--json'])]);
    expect([yaml.code, yaml.stderr, json.code, json.stderr]).toEqual([0, '', 0, '']);
    expect(yaml.stdout).toMatch(/^version: 1\nclock: /);
    expect(JSON.parse(json.stdout)).toEqual(await (await fetch(`${url}/_mock/sandboxes/default/state`)).json());
    for (const [name, { stdout }] of Object.entries({ 'seed.yaml': yaml, 'seed.json': json })) {
      writeFileSync(join(folder, name), stdout);
      const { ready } = await startServer(['--db', ':memory:', '--seed', name], folder);
      const answer = await (await fetch(`${ready.url}/v1/organizations`, { headers })).text();
      expect(answer).toContain(`"metadata":${metadata},`);
      const again = await run(['state', '--json', '--url', ready.url]);
      expect(again.stdout).toBe(json.stdout);
    }
  });
});

describe('what the server refuses is one line, with exit code 1:', () => {
  it.each([
    [
      ['reset', '--sandbox', 'nope'],
      'cannot reset the sandbox nope: Not Found; GET /_mock/sandboxes lists what there is',
    ],
    [
      ['state', '--sandbox', '../default'],
      'cannot read the state of the sandbox ../default: Not Found; GET /_mock/sandboxes lists what there is',
    ],
    [
      ['restore', 'nope'],
      'cannot restore the snapshot nope of the sandbox default: Not Found; GET /_mock/sandboxes/default/snapshots lists what there is',
    ],
    [
      ['snapshot', 'initial'],
      'cannot keep a snapshot initial of the sandbox default: The snapshot initial cannot be written; it is the state that the sandbox was made with: choose another name',
    ],
    [
      ['reset', '--sandbox', '\u001b\nsk_live_secretsecret1'],
      'cannot reset the sandbox \\u001b\\nsk_live_se…: Not Found; GET /_mock/sandboxes lists what there is',
    ],
  ])('%j', async (args, line) => {
    expect(await (await startControlled()).run(args)).toEqual(failed(line));
  });
});

describe('a control token', () => {
  const args = ['sandboxes'];
  const needed =
    "cannot list the sandboxes: The control plane needs its token; send 'Authorization: Bearer <control token>' " +
    '(--control-token, or the variable MIXPEEK_MOCK_CONTROL_TOKEN)';

  it('comes from the flag, the variable or a file, and where it is wrong or missing the line says so', async () => {
    const { folder, run } = await startControlled({ controlToken: TOKEN });
    const file = join(folder, 'token');
    writeFileSync(file, `${TOKEN}\n`);
    const given = await Promise.all([
      run([...args, '--control-token', TOKEN]),
      run(args, { MIXPEEK_MOCK_CONTROL_TOKEN: TOKEN }),
      run(args, { MIXPEEK_MOCK_CONTROL_TOKEN_FILE: file }),
    ]);
    expect(given.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(await run(args)).toEqual(failed(needed));
    expect(await run([...args, '--control-token', 'wrong-long-token'])).toEqual(failed(needed));
  });

  it('of a flag before a command of sandboxes counts too', async () => {
    const { run } = await startControlled({ controlToken: TOKEN });
    expect((await run(['sandboxes', '--control-token', TOKEN, 'create'])).code).toBe(0);
  });
});

describe('where no control plane answers, the line says where it was sought:', () => {
  it('nobody is listening', async () => {
    const server = createServer();
    const host = await listenOn(server);
    server.close();
    expect(await runCli(['reset', '--url', `http://${host}/`], makeFolder())).toEqual(
      failed(`http://${host} does not answer (ECONNREFUSED): is the server running there? ${WHERE}`),
    );
    const both = await runCli(['sandboxes', 'delete', 'a', 'b', '--url', `http://${host}`], makeFolder());
    expect(both.stderr.split('\n')).toHaveLength(2);
  });

  it.each(['off', 'on'] as const)('a mock with --control %s, /v1 behind its URL', async (control) => {
    const { url, run } = await startControlled({ control });
    const { code, stderr } = await run(['state', '--url', control === 'off' ? url : `${url}/v1`]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^mixpeek-mock: http:\S+ has no control plane \(status \d+\): is it mixpeek-mock's URL\? \(/,
    );
  });

  it.each([200, 302, 401, 404])('another program, which answers %i', async (status) => {
    const url = `http://${await listenOn(createHttpServer((_request, response) => response.writeHead(status).end('<p>')))}`;
    expect(await runCli(['reset', '--url', url], makeFolder())).toEqual(
      failed(`${url} has no control plane (status ${status}): is it mixpeek-mock's URL? ${WHERE}`),
    );
  });

  it.each([
    ['nothing at all', ''],
    ['half an answer', 'HTTP/1.1 200 OK\r\nx-request-id: req_1\r\ncontent-length: 9\r\n\r\n{'],
  ])('a server that sends %s', async (_what, sent) => {
    const server = createServer((socket) => void socket.on('error', () => {}).write(sent));
    const url = `http://${await listenOn(server)}`;
    const call = { task: '', method: 'GET', path: '/sandboxes' } as const;
    await expect(askControl({ url, controlToken: undefined }, call, 50)).rejects.toThrow(
      /^http:\S+ does not answer \((?:silent for 0.05 s|ECONNRESET)\): is the server running there\?/,
    );
  });
});

it('a prefix of the URL is kept', async () => {
  const paths: (string | undefined)[] = [];
  const server = createHttpServer(({ url, method }, response) => {
    paths.push(`${method} ${url}`);
    response.setHeader('x-request-id', 'req_1').end('{"reset":["organizations"],"before":"before-reset"}');
  });
  const url = `http://${await listenOn(server)}/behind/a/proxy/`;
  expect((await runCli(['reset', '--url', url, '--sandbox', 'a/b'], makeFolder())).code).toBe(0);
  expect(paths).toEqual(['POST /behind/a/proxy/_mock/sandboxes/a%2Fb/reset']);
});

it('an https URL begins with a TLS handshake', async () => {
  const received: number[] = [];
  const server = createServer((socket) => {
    socket
      .on('error', () => {})
      .once('data', ([first]) => {
        received.push(first ?? 0);
        socket.destroy();
      });
  });
  const url = `https://${await listenOn(server)}`;
  const { code, stderr } = await runCli(['reset', '--url', url], makeFolder());
  expect([code, received]).toEqual([1, [0x16]]);
  expect(stderr).toMatch(/^mixpeek-mock: https:\S+ does not answer \(E[A-Z]+\): is the server running there\?/);
});

describe('wrong usage is one line, with exit code 2:', () => {
  it.each<[string[], Record<string, string>, string]>([
    [['snapshot'], {}, "missing required argument 'name' (see mixpeek-mock snapshot --help)"],
    [
      ['sandboxes', 'crate'],
      {},
      "unknown command 'crate' (expected create, delete): did you mean create? (see mixpeek-mock sandboxes --help)",
    ],
    [
      ['help', 'sandboxes', 'rm'],
      {},
      "unknown command 'rm' (expected create, delete): did you mean delete? (see mixpeek-mock sandboxes --help)",
    ],
    [
      ['sandboxes', 'create', '--tll', '1m'],
      {},
      "unknown option '--tll': did you mean --ttl? (see mixpeek-mock sandboxes create --help)",
    ],
    [
      ['sandboxes', 'create', '--ttl', '500ms'],
      {},
      "--ttl: '500ms' was given; allowed: a duration like 90s or 10m, in whole seconds",
    ],
    [
      ['sandboxes', 'create', '--account-type', 'x'],
      {},
      "--account-type: 'x' was given; allowed: free, pro, team, enterprise",
    ],
    [
      ['reset', '--control-token', 'short'],
      {},
      '--control-token: the value cannot be used, and is not repeated here; allowed: 8 characters or more, printable ASCII without whitespace',
    ],
    [
      ['reset'],
      { MIXPEEK_MOCK_URL: `http://any:${TOKEN}@localhost:4030` },
      "MIXPEEK_MOCK_URL: 'http://…@localhost:4030' was given; allowed: a URL like http://localhost:4030; a token goes into --control-token",
    ],
    [['reset'], { MIXPEEK_MOCK_URI: 'x' }, 'unknown variable MIXPEEK_MOCK_URI: did you mean MIXPEEK_MOCK_URL?'],
  ])('%j %j', async (args, variables, line) => {
    expect(await runCli(args, makeFolder(), variables)).toEqual({ ...failed(line), code: 2 });
  });
});
