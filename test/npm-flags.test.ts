import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findSwallowedFlags, readFlags, toCommand, withoutSeparator } from '../scripts/npm-flags.js';
import { CREATE_SETTINGS, REQUESTS_SETTINGS, STATE_SETTINGS } from '../src/cli/control-settings.ts';
import type { Setting } from '../src/setting.ts';
import { HEALTH_SETTINGS, SERVE_COMMAND_SETTINGS } from '../src/settings.ts';
import { makeFolder } from './support/folder.ts';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const NPM = { npm_lifecycle_event: 'start', npm_config_user_agent: 'npm/11.19.1 node/v20.20.2 linux x64' };
const GYP = '/npm/node_modules/@npmcli/run-script/lib/node-gyp-bin';

const taken = (names: string, example: string) => ({
  message: `npm took ${names} for itself; what is meant for mixpeek-mock goes behind --: npm start -- ${example}`,
  isCertain: true,
});
const set = (names: string, example: string) => ({
  message: `${names} is set for npm (by an outer script, or an .npmrc) and not for mixpeek-mock; if it is meant: npm start -- ${example}`,
  isCertain: false,
});

it('every flag of the program but --json may be swallowed', () => {
  const settings = [SERVE_COMMAND_SETTINGS, HEALTH_SETTINGS, STATE_SETTINGS, CREATE_SETTINGS, REQUESTS_SETTINGS];
  const flags = settings.flatMap((one) => Object.values<Setting>(one)).map(({ flag }) => flag);
  expect(new Set(readFlags())).toEqual(new Set(flags.filter((flag) => flag !== '--json')));
});

describe('what npm 10 and 11 make of', () => {
  it.each<[string, string[], Record<string, string>, ReturnType<typeof findSwallowedFlags>]>([
    ['npm start', [], {}, undefined],
    ['npm start -- --port 4031', ['--port', '4031'], {}, undefined],
    ['npm start --json', [], { json: 'true' }, undefined],
    ['npm start --no-reset', [], { reset: '' }, undefined],
    ['npm start --reset=false', [], { reset: 'false' }, undefined],
    ['npm start --loglevel silent', [], { loglevel: 'silent' }, undefined],
    ['npm start --reset', [], { reset: 'true' }, taken('--reset', '--reset')],
    ['npm start --limits=enforce', [], { limits: 'enforce' }, taken('--limits', '--limits enforce')],
    ['npm start --port 4031', ['4031'], { port: 'true' }, taken('--port', '--port 4031')],
    ['npm start -p 4031', ['4031'], { parseable: 'true' }, taken('-p', '-p 4031')],
    ['npm start --db :memory:', [':memory:'], { db: 'true' }, taken('--db', '--db :memory:')],
    ['npm start --port', [], { port: 'true' }, taken('--port', '--port <number>')],
    [
      'npm start --port 4031 --log-level warn',
      ['4031', 'warn'],
      { port: 'true', log_level: 'true' },
      taken('--port, --log-level', '--port <number> --log-level <level>'),
    ],
    ['npm start --port 4031 -- --reset', ['4031', '--reset'], { port: 'true' }, taken('--port', '--port 4031 …')],
    ['npm start health --wait 10s', ['health', '10s'], { wait: 'true' }, taken('--wait', 'health --wait 10s')],
    ['npm start --api-key=some-secret', [], { api_key: 'some-secret' }, taken('--api-key', '--api-key <key>')],
    [
      'npm start --control-token some-secret',
      ['some-secret'],
      { control_token: 'true' },
      taken('--control-token', '--control-token <token>'),
    ],
    ['npm start reset --sandbox=sbx_1', ['reset'], { sandbox: 'sbx_1' }, taken('--sandbox', 'reset --sandbox sbx_1')],
    ["npm start --seed='a b.yaml'", [], { seed: 'a b.yaml' }, taken('--seed', '--seed <file>')],
    ['npm start --db=$ESCAPE', [], { db: '\u001b[31m' }, taken('--db', '--db <file>')],
  ])('%s', (_typed, args, config, expected) => {
    const env = Object.fromEntries(Object.entries(config).map(([name, value]) => [`npm_config_${name}`, value]));
    expect(findSwallowedFlags(args, { ...NPM, ...env })).toEqual(expected);
  });

  it('an outer script with such a flag is a warning, since the flag may be its own', () => {
    const env = { ...NPM, npm_config_reset: 'true' };
    expect(findSwallowedFlags([], { ...env, PATH: ['/bin', GYP].join(delimiter) })?.isCertain).toBe(true);
    expect(findSwallowedFlags([], { ...env, PATH: [GYP, '/x/.bin', GYP, '/bin'].join(delimiter) })).toEqual(
      set('--reset', '--reset'),
    );
  });

  it('an .npmrc with such a name is a warning', () => {
    const npm_config_userconfig = join(makeFolder(), '.npmrc');
    writeFileSync(npm_config_userconfig, 'yes=true\n port = 8080\n');
    const env = { ...NPM, npm_config_userconfig, npm_config_port: '8080' };
    expect(findSwallowedFlags([], env)).toEqual(set('--port', '--port 8080'));
    expect(findSwallowedFlags([], { ...env, npm_config_reset: 'true' })?.isCertain).toBe(true);
  });

  it('nothing is looked for where npm did not run start', () => {
    expect(findSwallowedFlags([], { npm_config_reset: 'true' })).toBe(undefined);
    expect(findSwallowedFlags([], { ...NPM, npm_lifecycle_event: 'test', npm_config_reset: 'true' })).toBe(undefined);
  });
});

describe('what a person types before flags', () => {
  it.each([
    [NPM, 'npm start --'],
    [{ npm_lifecycle_event: 'start' }, 'npm start --'],
    [{ ...NPM, npm_config_user_agent: 'pnpm/10.34.9 npm/? node/v20.20.2 linux x64' }, 'pnpm start'],
    [{ ...NPM, npm_config_user_agent: 'yarn/4.5.0 npm/? node/v20.20.2 linux x64' }, 'yarn start'],
    [{ ...NPM, npm_lifecycle_event: 'test' }, undefined],
    [{}, undefined],
  ])('%j', (env, expected) => {
    expect(toCommand(env)).toBe(expected);
  });

  it('pnpm start -- --port 1 means what npm start -- --port 1 means', () => {
    expect(withoutSeparator(['--', '--port', '1'])).toEqual(['--port', '1']);
    expect(withoutSeparator(['--port', '1', '--'])).toEqual(['--port', '1', '--']);
  });
});

describe('scripts/start.js', () => {
  const outsideOfNpm = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
  const PATH = (process.env.PATH ?? '').split(delimiter).filter((folder) => !/node-gyp-bin/.test(folder));
  const env = { ...outsideOfNpm, PATH: PATH.join(delimiter) };
  const run = (command: string, args: string[], more: Record<string, string> = {}) => {
    const { status, stdout, stderr } = spawnSync(command, args, {
      cwd: PROJECT,
      env: { ...env, ...more },
      encoding: 'utf8',
      shell: process.platform === 'win32',
    });
    return { status, stdout, stderr };
  };

  it('stops for npm start --reset', () => {
    const { status, stderr } = run('npm', ['start', '--reset', '--silent']);
    expect([status, stderr.split('\n').filter((line) => !line.startsWith('npm '))]).toEqual([
      2,
      [
        'mixpeek-mock: npm took --reset for itself; what is meant for mixpeek-mock goes behind --: npm start -- --reset',
        '',
      ],
    ]);
  });

  it('has messages say what to type', () => {
    const typo = run(process.execPath, ['scripts/start.js', '--prot', '1'], NPM);
    expect(typo).toEqual({
      status: 2,
      stdout: '',
      stderr: "mixpeek-mock: unknown option '--prot': did you mean --port? (see npm start -- serve --help)\n",
    });
    const file = run(process.execPath, ['scripts/start.js', '--db', '.'], NPM);
    expect([file.status, file.stderr]).toEqual([
      1,
      'mixpeek-mock: .: is a folder: name a file in it with npm start -- --db\n',
    ]);
    const help = run(process.execPath, ['scripts/start.js', '--', '--help'], NPM);
    expect(help.stdout).toMatch(/^Usage: npm start -- \[options\] \[command\]\n/);
    expect(help.stdout).toMatch(/\n {2}npm start -- --port 4031 --db :memory:\n$/);
  });

  it('has the banner say what to type', async () => {
    const seed = join(makeFolder(), 'seed.json');
    const api_keys = [{ key_hash: 'a'.repeat(64), key_prefix: 'sk_test_a' }];
    writeFileSync(seed, JSON.stringify({ version: 1, organizations: [{ organization_id: 'org_a', api_keys }] }));
    const args = ['scripts/start.js', '--port', '0', '--db', ':memory:', '--seed', seed];
    const child = spawn(process.execPath, args, { cwd: PROJECT, env: { ...env, ...NPM } });
    onTestFinished(() => void child.kill('SIGKILL'));
    let banner = '';
    for await (const chunk of child.stdout) {
      banner += chunk;
      if (banner.includes('Ctrl-C')) break;
    }
    expect(banner).toContain('add a key with npm start -- --api-key\n');
  });

  it('speaks of mixpeek-mock where no package manager ran it', () => {
    expect(run(process.execPath, ['scripts/start.js', '--db', '.']).stderr).toBe(
      'mixpeek-mock: .: is a folder: name a file in it with --db\n',
    );
  });
});
