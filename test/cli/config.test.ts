import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { type Flags, readHealthConfig, readServeConfig } from '../../src/cli/config.ts';
import { toVariable } from '../../src/cli/variables.ts';
import type { MockServerOptions } from '../../src/index.ts';
import type { Setting } from '../../src/setting.ts';
import { SERVE_COMMAND_SETTINGS, type SERVE_SETTINGS } from '../../src/settings.ts';
import { makeFolder } from '../support/folder.ts';

const DEFAULTS = {
  port: 4030,
  host: 'localhost',
  db: '.mixpeek-mock/mock.db',
  seed: undefined,
  reset: false,
  apiKey: [],
  unknownFields: undefined,
  limits: undefined,
  journalSize: 1000,
  maxSandboxes: 1000,
  metrics: 'on',
  randomSeed: undefined,
  control: 'on',
  requestTimeout: 30_000,
  shutdownDelay: 0,
  logLevel: 'info',
  json: false,
  open: false,
  pid: process.pid,
  warnings: [],
};

const read = (flags: Flags, variables: Record<string, string> = {}) => readServeConfig(flags, variables, makeFolder());

describe('the configuration', () => {
  it('has defaults', () => {
    expect(read({})).toEqual(DEFAULTS);
  });

  it('is what programs may set too, but for --json', () => {
    expectTypeOf<keyof MockServerOptions>().toEqualTypeOf<Exclude<keyof typeof SERVE_SETTINGS, 'json'>>();
  });

  it('takes flags before variables before defaults', () => {
    const variables = { MIXPEEK_MOCK_PORT: '1', MIXPEEK_MOCK_LOG_LEVEL: 'warn', MIXPEEK_MOCK_DB: '' };
    expect(read({ port: '2' }, variables)).toEqual({ ...DEFAULTS, port: 2, logLevel: 'warn' });
  });

  it('takes the largest numbers and the shortest token', () => {
    const flags = { port: '65535', journalSize: '100000', controlToken: '8-chars!' };
    expect(read(flags)).toEqual({ ...DEFAULTS, port: 65_535, journalSize: 100_000, controlToken: '8-chars!' });
  });

  it('takes the longest durations that a timer can wait', () => {
    const longest = 24 * 24 * 60 * 60_000;
    expect(read({ requestTimeout: '34560m', shutdownDelay: '2073600s' }, {})).toEqual({
      ...DEFAULTS,
      requestTimeout: longest,
      shutdownDelay: longest,
    });
    expect(longest).toBeLessThan(2 ** 31);
  });

  it('reads every kind of value', () => {
    expect(
      read(
        { reset: true, requestTimeout: '2m', shutdownDelay: '5s' },
        {
          MIXPEEK_MOCK_JSON: '1',
          MIXPEEK_MOCK_API_KEY: 'sk_test_a, sk_test_b=read,sk_live_c=write@org_x',
          MIXPEEK_MOCK_UNKNOWN_FIELDS: 'reject',
        },
      ),
    ).toEqual({
      ...DEFAULTS,
      reset: true,
      requestTimeout: 120_000,
      shutdownDelay: 5000,
      json: true,
      unknownFields: 'reject',
      apiKey: [
        { key: 'sk_test_a', permission: 'admin', organization_id: undefined },
        { key: 'sk_test_b', permission: 'read', organization_id: undefined },
        { key: 'sk_live_c', permission: 'write', organization_id: 'org_x' },
      ],
    });
  });

  it.each<[Flags, Record<string, string>, RegExp]>([
    [{ port: '65536' }, {}, /^--port: '65536' was given; allowed: 0 to 65535$/],
    [{ port: 'x' }, {}, /^--port: 'x' was given/],
    [{ port: 'sk_live_abc123def456' }, {}, /^--port: 'sk_live_ab…' was given; allowed/],
    [{ port: '-1' }, {}, /^--port: '-1' was given/],
    [{}, { MIXPEEK_MOCK_PORT: '4.5' }, /^MIXPEEK_MOCK_PORT: '4.5' was given; allowed: 0 to 65535$/],
    [{ host: '' }, {}, /^--host: '' was given/],
    [{ logLevel: 'loud' }, {}, /^--log-level: 'loud' was given; allowed: fatal, error, /],
    [{ unknownFields: 'x' }, {}, /^--unknown-fields: 'x' was given; allowed: ignore, reject$/],
    [
      { requestTimeout: '30' },
      {},
      /^--request-timeout: '30' was given; allowed: a duration like 500ms, 30s or 2m; at most 24 days$/,
    ],
    [{ requestTimeout: '0' }, {}, /^--request-timeout: '0' was given/],
    // A timer that is longer than Node's longest would end at once.
    [{ requestTimeout: '34561m' }, {}, /^--request-timeout: '34561m' was given/],
    [{ shutdownDelay: '2073601s' }, {}, /^--shutdown-delay: '2073601s' was given/],
    [
      { shutdownDelay: '5' },
      {},
      /^--shutdown-delay: '5' was given; allowed: 0, or a duration like 500ms, 30s or 2m; at most 24 days$/,
    ],
    [{ journalSize: '100001' }, {}, /^--journal-size: '100001' was given; allowed: 0 to 100000$/],
    [{}, { MIXPEEK_MOCK_RESET: 'TRUE' }, /^MIXPEEK_MOCK_RESET: 'TRUE' was given; allowed: true, false, 1, 0$/],
    [{}, { MIXPEEK_MOCK_RESET: 'yes' }, /^MIXPEEK_MOCK_RESET: 'yes' was given; allowed: true, false, 1, 0$/],
    [{ port: '4\u001b[31m\n' }, {}, /^--port: '4\\u001b\[31m\\n' was given; allowed/],
    [{ db: '"/data/mock.db"' }, {}, /^--db: there are quotes around the value: write it without them$/],
    [
      { apiKey: ['sk_test_a', 'nonsense'] },
      {},
      /^--api-key: value 2 cannot be used, and is not repeated here; allowed: KEY, KEY=permission/,
    ],
    [{ apiKey: ['sk_test_a=read@org_a@org_b'] }, {}, /^--api-key: value 1 cannot be used/],
    [{ apiKey: ['sk_test_a=read=org_a'] }, {}, /^--api-key: value 1 cannot be used/],
    [{ apiKey: ['sk_test_verysecret=root'] }, {}, /^--api-key: value 1 cannot be used/],
    [{}, { MIXPEEK_MOCK_API_KEY: 'sk_test_a,sk.b' }, /^MIXPEEK_MOCK_API_KEY: value 2 cannot be used/],
    [
      { controlToken: '7-chars' },
      {},
      /^--control-token: the value cannot be used, and is not repeated here; allowed: 8 characters or more/,
    ],
  ])('%j %j is refused', (flags, variables, message) => {
    expect(() => read(flags, variables)).toThrow(message);
  });

  it('finds the seed file of the folder by itself, unless one is named', () => {
    const folder = makeFolder();
    writeFileSync(join(folder, 'mixpeek-mock.yml'), '');
    expect(readServeConfig({}, {}, folder).seed).toBe(join(folder, 'mixpeek-mock.yml'));
    expect(readServeConfig({ seed: 'other.yaml' }, {}, folder).seed).toBe('other.yaml');
    writeFileSync(join(folder, 'mixpeek-mock.json'), '');
    expect(() => readServeConfig({}, {}, folder)).toThrow('mixpeek-mock.yml and mixpeek-mock.json are both here');
  });

  it('of health follows the port of the server, which cannot be 0', () => {
    expect(readHealthConfig({ wait: '10s' }, { MIXPEEK_MOCK_PORT: '5' })).toEqual({
      port: 5,
      host: 'localhost',
      wait: 10_000,
    });
    expect(() => readHealthConfig({}, { MIXPEEK_MOCK_PORT: '0' })).toThrow(
      "MIXPEEK_MOCK_PORT: '0' was given; allowed: 1 to 65535",
    );
  });
});

describe('README', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

  it('has exactly the settings of the program, in its words', () => {
    const rows = Object.entries<Setting>(SERVE_COMMAND_SETTINGS).map(
      ([name, { flag, short, default: fallback, description, isFlagOnly }]) => {
        const shown = fallback === undefined ? '' : `\`${fallback}\` `;
        const variable = isFlagOnly ? '' : `\`${toVariable(name)}\` `;
        const flags = short === undefined ? `\`${flag}\`` : `\`${flag}\`, \`${short}\``;
        return `| ${flags} | ${variable}| ${shown}| ${description} |`;
      },
    );
    expect(readme.split('\n').filter((line) => line.startsWith('| `--'))).toEqual(rows);
  });
});
