import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { makeFolder } from '../support/folder.ts';
import { runCli, spawnCli } from '../support/process.ts';

const EXPECTED =
  '(expected serve, exec, health, openapi, check, init, validate, schema, reset, snapshot, restore, state, requests, sandboxes, help)';

describe('wrong usage is one line, with exit code 2:', () => {
  it.each([
    [['--prot', '1'], "unknown option '--prot': did you mean --port? (see mixpeek-mock serve --help)"],
    [
      ['--control-tokn=very-secret'],
      "unknown option '--control-tokn=…': did you mean --control-token? (see mixpeek-mock serve --help)",
    ],
    [['--nonsense=very-secret'], "unknown option '--nonsense=…' (see mixpeek-mock serve --help)"],
    [['health', '--wiat', '1s'], "unknown option '--wiat': did you mean --wait? (see mixpeek-mock health --help)"],
    [['openapi', '--x\u001b[31m\n'], "unknown option '--x\\u001b[31m\\n' (see mixpeek-mock openapi --help)"],
    [['check'], "required option '--openapi <url|file>' not specified (see mixpeek-mock check --help)"],
    [
      ['check', '--openapi', 'x', '--api-version', '0.80'],
      "option '--api-version <version>' argument '0.80' is invalid. Allowed choices are 0.81, 0.82. (see mixpeek-mock check --help)",
    ],
    [['--port'], "option '-p, --port <number>' argument missing (see mixpeek-mock serve --help)"],
    [['foo'], `unknown command 'foo' ${EXPECTED} (see mixpeek-mock --help)`],
    [['start', '--port', '1'], `unknown command 'start' ${EXPECTED}: did you mean serve? (see mixpeek-mock --help)`],
    [['lint', 'x'], `unknown command 'lint' ${EXPECTED}: did you mean validate? (see mixpeek-mock --help)`],
    [['heath', '--wait', '1s'], `unknown command 'heath' ${EXPECTED}: did you mean health? (see mixpeek-mock --help)`],
    [['help', 'sevre'], `unknown command 'sevre' ${EXPECTED}: did you mean serve? (see mixpeek-mock --help)`],
    [['\u009bsk_live_secretsecret1'], `unknown command '\\u009bsk_live_se…' ${EXPECTED} (see mixpeek-mock --help)`],
    [[''], `unknown command '' ${EXPECTED} (see mixpeek-mock --help)`],
    [
      ['--reset', 'true'],
      "too many arguments for 'serve'. Expected 0 arguments but got 1. (see mixpeek-mock serve --help)",
    ],
    [['-p', '70000'], "--port: '70000' was given; allowed: 0 to 65535"],
  ])('%j', async (args, message) => {
    expect(await runCli(args, makeFolder())).toEqual({ code: 2, stdout: '', stderr: `mixpeek-mock: ${message}\n` });
  });

  it('a typo of a variable', async () => {
    expect(await runCli([], makeFolder(), { MIXPEEK_MOCK_PROT: '1' })).toEqual({
      code: 2,
      stdout: '',
      stderr: 'mixpeek-mock: unknown variable MIXPEEK_MOCK_PROT: did you mean MIXPEEK_MOCK_PORT?\n',
    });
  });
});

it('a file with a secret that cannot be read is one line, with exit code 1', async () => {
  expect(await runCli([], makeFolder(), { MIXPEEK_MOCK_CONTROL_TOKEN_FILE: '/nope' })).toEqual({
    code: 1,
    stdout: '',
    stderr: 'mixpeek-mock: MIXPEEK_MOCK_CONTROL_TOKEN_FILE: the file that it names cannot be read (ENOENT)\n',
  });
});

it('the answer of health escapes what a terminal would obey', async () => {
  const { stdout } = await runCli(['health', '--host', '\u009b2J\n', '--port', '1'], makeFolder());
  expect(stdout).toMatch(/^http:\/\/\\u009b2J\\n:1\/v1\/health is not healthy: .*\n$/);
});

it('a reader that goes away before it has the document is no failure', async () => {
  const child = spawnCli(['openapi'], makeFolder());
  child.stdout?.destroy();
  let stderr = '';
  child.stderr?.on('data', (chunk) => (stderr += chunk));
  const [code] = await once(child, 'close');
  expect([code, stderr]).toEqual([0, '']);
});

describe('help', () => {
  it.each([
    [['--help'], '  mixpeek-mock --port 4031 --db :memory:'],
    [['help'], '  mixpeek-mock --port 4031 --db :memory:'],
    [['help', 'help'], '  mixpeek-mock --port 4031 --db :memory:'],
    [['serve', '--help'], '  mixpeek-mock serve --limits enforce --reset'],
    [['help', 'serve'], '  mixpeek-mock serve --limits enforce --reset'],
    [['help', 'health'], '  mixpeek-mock health --port 4031 --wait 10s'],
    [['help', 'reset'], '  mixpeek-mock reset'],
    [['snapshot', '--help'], '  mixpeek-mock snapshot seeded'],
    [['help', 'restore'], '  mixpeek-mock restore seeded'],
    [['help', 'state'], '  mixpeek-mock state > seed.yaml'],
    [['help', 'sandboxes'], '  mixpeek-mock sandboxes --url http://localhost:4031'],
    [['help', 'sandboxes', 'create'], '  eval "$(mixpeek-mock sandboxes create --ttl 10m)"'],
    [['sandboxes', 'delete', '-h'], '  mixpeek-mock sandboxes delete sbx_0123456789abcdef01234567'],
    [['help', 'init'], '  mixpeek-mock init'],
    [['validate', '--help'], '  mixpeek-mock validate mixpeek-mock.yaml'],
    [['help', 'schema'], '  mixpeek-mock schema > seed.schema.json'],
    [['check', '--help'], '  mixpeek-mock check --openapi https://api.mixpeek.com/docs/openapi.json'],
    [['openapi', '-h'], '  mixpeek-mock openapi --openapi 3.0 --url http://localhost:4030 > openapi.json'],
  ])('%j ends with an example', async (args, example) => {
    const { code, stdout, stderr } = await runCli(args, makeFolder());
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Usage: mixpeek-mock /);
    expect(stdout.endsWith(`\n\nExample:\n${example}\n`)).toBe(true);
  });

  it('of the program lists the commands and the options of serve', async () => {
    const { stdout } = await runCli(['--help'], makeFolder());
    for (const text of [
      '-p, --port <number>',
      '--api-key <key>',
      'MIXPEEK_MOCK_LOG_LEVEL',
      'health [options]',
      'sandboxes [options]',
    ]) {
      expect(stdout).toContain(text);
    }
  });
});

it('the help of a command shows variables of those flags only that have one', async () => {
  const { stdout } = await runCli(['sandboxes', 'create', '--help'], makeFolder());
  expect(stdout.match(/MIXPEEK_MOCK_\w+/g)).toEqual(['MIXPEEK_MOCK_URL', 'MIXPEEK_MOCK_CONTROL_TOKEN']);
});

it('--version is that of the package', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  expect(await runCli(['--version'], makeFolder())).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
});
