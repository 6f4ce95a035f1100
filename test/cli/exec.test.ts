import { once } from 'node:events';
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder } from '../support/folder.ts';
import { runCli, spawnCli } from '../support/process.ts';

const NODE = process.execPath;

describe('exec', () => {
  it.each([
    ['succeeds', ['sh', '-c', 'exit 0'], 0, ''],
    ['fails', ['sh', '-c', 'exit 7'], 7, ''],
    ['is ended by a signal', ['sh', '-c', 'kill -KILL $$'], 137, ''],
    ['is not there', ['no-such-command'], 127, 'mixpeek-mock: no-such-command: there is no such command\n'],
    ['has no name', [''], 126, 'mixpeek-mock: : cannot be run (ERR_INVALID_ARG_VALUE)\n'],
    ['cannot be run', ['./plain'], 126, 'mixpeek-mock: ./plain: cannot be run (EACCES)\n'],
  ])('ends as a command that %s', async (_name, command, expected, message) => {
    const folder = makeFolder();
    writeFileSync(join(folder, 'plain'), '');
    chmodSync(join(folder, 'plain'), 0o644);
    const { code, stdout, stderr } = await runCli(['exec', '--', ...command], folder);
    expect([code, stdout, stderr]).toEqual([expected, '', message]);
  });

  it('gives the command a server, by variables, and its whole standard output', async () => {
    const script = `
      const { MIXPEEK_API_KEY: key, MIXPEEK_BASE_URL: url, ...env } = process.env;
      const headers = { authorization: 'Bearer ' + key };
      const info = await fetch(env.MIXPEEK_MOCK_URL + '/_mock/info', {
        headers: { authorization: 'Bearer ' + env.MIXPEEK_MOCK_CONTROL_TOKEN },
      });
      const { organization_id } = await (await fetch(url + '/v1/organizations', { headers })).json();
      const same = url === env.MIXPEEK_MOCK_URL && url === env.MIXPEEK_API_URL;
      console.log(JSON.stringify([organization_id, same, (await info.json()).db, env.MIXPEEK_NAMESPACE]));`;
    const variables = { MIXPEEK_MOCK_CONTROL_TOKEN: 'a-token-of-ours', MIXPEEK_NAMESPACE: 'kept' };
    const args = ['exec', '--verbose', NODE, '--input-type=module', '-e', script];
    const { code, stdout, stderr } = await runCli(args, makeFolder(), variables);
    expect([code, stdout]).toEqual([0, '["org_demo123",true,":memory:","kept"]\n']);
    expect(stderr).toContain('is listening on http://localhost:');
  });

  it('takes flags of the server in front of the command, and lends a key where none is known', async () => {
    const folder = makeFolder();
    writeFileSync(
      join(folder, 'mixpeek-mock.yaml'),
      'version: 1\norganizations:\n  - organization_id: org_own\n    account_type: team\n',
    );
    const script = `
      const { MIXPEEK_API_KEY: key, MIXPEEK_API_URL: url } = process.env;
      const response = await fetch(url + '/v1/organizations', { headers: { authorization: 'Bearer ' + key } });
      const { organization_id } = await response.json();
      console.log(organization_id, response.headers.get('x-ratelimit-limit'), process.argv.slice(1).join());`;
    const args = ['exec', '--limits', 'off', NODE, '--input-type=module', '-e', script, '--', '--limits', 'x'];
    const { code, stdout, stderr } = await runCli(args, folder);
    expect([code, stdout, stderr]).toEqual([0, 'org_own null --limits,x\n', '']);
  });

  it('obeys no variable of another server, and hands on one token', async () => {
    const folder = makeFolder();
    writeFileSync(join(folder, 'token'), 'a-token-of-ours');
    const variables = {
      MIXPEEK_MOCK_CONTROL_TOKEN_FILE: join(folder, 'token'),
      MIXPEEK_MOCK_DB: join(folder, 'mock.db'),
      MIXPEEK_MOCK_PORT: '1',
      MIXPEEK_MOCK_SHUTDOWN_DELAY: '20m',
    };
    const script = 'console.log(process.env.MIXPEEK_MOCK_CONTROL_TOKEN, process.env.MIXPEEK_MOCK_CONTROL_TOKEN_FILE)';
    const { code, stdout, stderr } = await runCli(['exec', NODE, '-e', script], folder, variables);
    expect([code, stdout, stderr]).toEqual([0, 'a-token-of-ours undefined\n', '']);
    expect(existsSync(join(folder, 'mock.db'))).toBe(false);
  });

  it.each([
    [['exec'], "mixpeek-mock: missing required argument 'command' (see mixpeek-mock exec --help)\n"],
    [['exec', '--limits', 'x', 'true'], "mixpeek-mock: --limits: 'x' was given; allowed: off, headers, enforce\n"],
  ])('refuses %j and runs nothing', async (args, message) => {
    const { code, stdout, stderr } = await runCli(args, makeFolder());
    expect([code, stdout, stderr]).toEqual([2, '', message]);
  });

  it.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)('passes %s on, and ends after the command', async (signal) => {
    // The command says when it is there, and what it hears; the server is still there then.
    const script = `
      process.on('${signal}', async () => {
        const { status } = await fetch(process.env.MIXPEEK_MOCK_URL + '/v1/health');
        process.stdout.write('heard ' + status, () => process.exit(5));
      });
      setInterval(() => {}, 1000);
      process.stdout.write('there ');`;
    const child = spawnCli(['exec', NODE, '-e', script], makeFolder());
    let stdout = '';
    const isThere = new Promise<void>((resolve) => {
      child.stdout?.on('data', (chunk) => {
        stdout += chunk;
        resolve();
      });
    });
    await isThere;
    child.kill(signal);
    const [code] = await once(child, 'close');
    expect([code, stdout]).toEqual([5, 'there heard 200']);
  });

  it('--strict ends with 3 where the command succeeds, and else as the command', async () => {
    const ask =
      'await fetch(process.env.MIXPEEK_MOCK_URL + "/v1/collections", { headers: { authorization: "Bearer " + process.env.MIXPEEK_API_KEY } });';
    const run = (script: string) =>
      runCli(['exec', '--strict', '--', NODE, '--input-type=module', '-e', script], makeFolder());
    const said = 'mixpeek-mock: --strict: GET /v1/collections is not served (501), but was asked for once\n';
    const results = await Promise.all([run(''), run(ask), run(`${ask} process.exit(4)`)]);
    expect(results.map(({ code, stderr }) => [code, stderr])).toEqual([
      [0, ''],
      [3, said],
      [4, said],
    ]);
  });
});
