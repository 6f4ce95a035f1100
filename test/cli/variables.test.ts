import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Flags, readHealthConfig, readServeConfig } from '../../src/cli/config.ts';
import { SecretFileError } from '../../src/cli/variables.ts';
import { ConfigError } from '../../src/setting.ts';
import { makeFolder } from '../support/folder.ts';

const read = (variables: Record<string, string>, flags: Flags = {}) => readServeConfig(flags, variables, makeFolder());
const grantOf = (key: string) => ({ key, permission: 'admin', organization_id: undefined });

describe('a variable', () => {
  it.each([
    [' 4031 ', 4031],
    ['4031\r\n', 4031],
    ['\ufeff4031', 4031],
    ['   ', 4030],
    ['', 4030],
  ])('%j is trimmed, and is not given when nothing is left', (MIXPEEK_MOCK_PORT, port) => {
    expect(read({ MIXPEEK_MOCK_PORT }).port).toBe(port);
  });

  it.each([
    ['MIXPEEK_MOCK_DB', '"/data/mock.db"'],
    ['MIXPEEK_MOCK_DB', "'/data/mock.db'"],
    ['MIXPEEK_MOCK_DB', ' "" '],
    ['MIXPEEK_MOCK_SEED', '`seed.yaml`'],
    ['MIXPEEK_MOCK_PORT', '"4031"'],
    ['MIXPEEK_MOCK_API_KEY', '"sk_test_a,sk_test_b"'],
    ['MIXPEEK_MOCK_API_KEY', 'sk_test_a,"sk_test_b"'],
    ['MIXPEEK_MOCK_CONTROL_TOKEN', '"some-long-token"'],
    ['MIXPEEK_MOCK_CONTROL_TOKEN_FILE', '"/run/secrets/token"'],
  ])('%s=%s is refused for its quotes, and not repeated', (name, value) => {
    expect(() => read({ [name]: value })).toThrow(
      new ConfigError(`${name}: there are quotes around the value: write it without them`),
    );
  });

  it.each(['a"b', '"', '"a', "bob's"])('with a quote elsewhere is taken: %s', (MIXPEEK_MOCK_DB) => {
    expect(read({ MIXPEEK_MOCK_DB }).db).toBe(MIXPEEK_MOCK_DB);
  });

  it.each(['sk_test_a,sk_test_b', 'sk_test_a\nsk_test_b\n', ' , sk_test_a ,,\r\n\r\nsk_test_b,'])(
    'lists values between commas and newlines, and empty ones are none: %j',
    (MIXPEEK_MOCK_API_KEY) => {
      expect(read({ MIXPEEK_MOCK_API_KEY }).apiKey).toEqual([grantOf('sk_test_a'), grantOf('sk_test_b')]);
    },
  );

  it.each([',', ' ,\n, '])('that lists only empty values gives none: %j', (MIXPEEK_MOCK_API_KEY) => {
    expect(read({ MIXPEEK_MOCK_API_KEY }).apiKey).toEqual([]);
  });
});

describe('what Kubernetes makes of a Service named mixpeek-mock', () => {
  it.each(['tcp://10.96.14.7:4030', 'udp://10.96.14.7:4030', 'sctp://10.96.14.7:4030', 'tcp://[fd00::1]:4030'])(
    '%s is no port, for serve and for health',
    (MIXPEEK_MOCK_PORT) => {
      expect(read({ MIXPEEK_MOCK_PORT })).toMatchObject({ port: 4030, warnings: [] });
      expect(readHealthConfig({}, { MIXPEEK_MOCK_PORT }).port).toBe(4030);
    },
  );

  it('is passed over without a word', () => {
    const variables: Record<string, string> = {
      MIXPEEK_MOCK_SERVICE_HOST: '10.96.14.7',
      MIXPEEK_MOCK_SERVICE_PORT: '4030',
      MIXPEEK_MOCK_SERVICE_PORT_HTTP: '4030',
      MIXPEEK_MOCK_PORT: 'tcp://10.96.14.7:4030',
      MIXPEEK_MOCK_PORT_4030_TCP: 'tcp://10.96.14.7:4030',
      MIXPEEK_MOCK_PORT_4030_TCP_PROTO: 'tcp',
      MIXPEEK_MOCK_PORT_4030_TCP_PORT: '4030',
      MIXPEEK_MOCK_PORT_4030_TCP_ADDR: '10.96.14.7',
      // Of a Service named mixpeek-mock-admin.
      MIXPEEK_MOCK_ADMIN_SERVICE_HOST: '10.96.14.8',
      MIXPEEK_MOCK_ADMIN_SERVICE_PORT: '4030',
      MIXPEEK_MOCK_ADMIN_PORT: 'udp://10.96.14.8:4030',
      MIXPEEK_MOCK_ADMIN_PORT_4030_UDP_ADDR: '10.96.14.8',
    };
    expect(read(variables)).toEqual(read({}));
  });
});

describe('a variable that is unknown', () => {
  it.each([
    ['MIXPEEK_MOCK_PROT', 'PORT'],
    ['MIXPEEK_MOCK_port', 'PORT'],
    ['mixpeek_mock_port', 'PORT'],
    ['MIXPEEK_MOCK_APIKEY', 'API_KEY'],
    ['MIXPEEK_MOCK_API_KEYS', 'API_KEY'],
    ['MIXPEEK_MOCK_LOGLEVEL', 'LOG_LEVEL'],
    ['MIXPEEK_MOCK_LIMIT', 'LIMITS'],
    ['MIXPEEK_MOCK_CONTROL_TOKENS', 'CONTROL_TOKEN'],
    ['MIXPEEK_MOCK_API_KEY_FILES', 'API_KEY_FILE'],
    ['MIXPEEK_MOCK_WAITS', 'WAIT'],
  ])('%s ends the start when it is near MIXPEEK_MOCK_%s', (name, meant) => {
    expect(() => read({ [name]: 'x' })).toThrow(
      new ConfigError(`unknown variable ${name}: did you mean MIXPEEK_MOCK_${meant}?`),
    );
  });

  it.each(['MIXPEEK_MOCK_FOO', 'MIXPEEK_MOCK_DIR', 'MIXPEEK_MOCK_API_URL', 'MIXPEEK_MOCK_READY', 'MIXPEEK_MOCK_'])(
    '%s is a warning otherwise',
    (name) => {
      expect(read({ [name]: 'x' }).warnings).toEqual([
        `unknown variable ${name} is ignored; --help lists the known ones`,
      ]);
    },
  );

  it.each([
    ['MIXPEEK_MOCK_HTTP_PORT', '8080'],
    ['MIXPEEK_MOCK_SERVICE_HOST', 'localhost:4030'],
    ['MIXPEEK_MOCK_SERVICE_PORT', 'http'],
    ['MIXPEEK_MOCK_PORT_4030_TCP', '4030'],
  ])('%s=%s has a name as Kubernetes makes it, and a value as a person writes it: a warning', (name, value) => {
    expect(read({ [name]: value }).warnings).toEqual([
      `unknown variable ${name} is ignored; --help lists the known ones`,
    ]);
  });

  it('is not looked at when it is empty', () => {
    expect(read({ MIXPEEK_MOCK_PROT: '', MIXPEEK_MOCK_FOO: ' ' }).warnings).toEqual([]);
  });

  it('is none that another command or a client knows', () => {
    const variables = { MIXPEEK_MOCK_URL: 'http://localhost:1', MIXPEEK_MOCK_WAIT: '5s', MIXPEEK_API_KEY: 'x' };
    expect(read(variables)).toEqual(read({}));
  });
});

describe('a variable that names a file with a secret', () => {
  const inFile = (text: string | Buffer) => {
    const file = join(makeFolder(), 'secret');
    writeFileSync(file, text);
    return file;
  };

  it.each(['some-long-token', 'some-long-token\n', 'some-long-token\r\n'])('gives the token: %j', (text) => {
    expect(read({ MIXPEEK_MOCK_CONTROL_TOKEN_FILE: inFile(text) }).controlToken).toBe('some-long-token');
  });

  it('gives keys, a line each; a symlink, as Kubernetes mounts it, is followed', () => {
    const link = join(makeFolder(), 'link');
    symlinkSync(inFile('sk_test_a\nsk_test_b=read\n\n'), link);
    expect(read({ MIXPEEK_MOCK_API_KEY_FILE: link }).apiKey).toEqual([
      grantOf('sk_test_a'),
      { ...grantOf('sk_test_b'), permission: 'read' },
    ]);
  });

  it('is not read when a flag says it', () => {
    const variables = { MIXPEEK_MOCK_CONTROL_TOKEN_FILE: '/nope' };
    expect(read(variables, { controlToken: 'some-long-token' }).controlToken).toBe('some-long-token');
  });

  it('cannot stand beside the plain one', () => {
    const variables = { MIXPEEK_MOCK_API_KEY_FILE: '/nope', MIXPEEK_MOCK_API_KEY: 'sk_test_a' };
    expect(() => read(variables)).toThrow(
      new ConfigError('MIXPEEK_MOCK_API_KEY and MIXPEEK_MOCK_API_KEY_FILE are both set: keep one of them'),
    );
  });

  it('is named with what it holds wrong, which is not repeated', () => {
    expect(() => read({ MIXPEEK_MOCK_CONTROL_TOKEN_FILE: inFile('secret') })).toThrow(
      /^MIXPEEK_MOCK_CONTROL_TOKEN_FILE: the value cannot be used, and is not repeated here; allowed: 8 characters or more/,
    );
  });

  const LIMIT = 64 * 1024;
  it('may have 64 KiB', () => {
    const text = `${'\n'.repeat(LIMIT - 9)}sk_test_a`;
    expect(read({ MIXPEEK_MOCK_API_KEY_FILE: inFile(text) }).apiKey).toEqual([grantOf('sk_test_a')]);
    expect(() => read({ MIXPEEK_MOCK_API_KEY_FILE: inFile(`\n${text}`) })).toThrow('is larger than 64 KiB');
  });

  it.each<[string, string, () => string]>([
    ['nothing', 'cannot be read (ENOENT)', () => '/nope/some-long-token'],
    ['an empty file', 'is empty', () => inFile(' \n')],
    [
      'a folder',
      'is not a regular file',
      () => {
        const folder = join(makeFolder(), 'folder');
        mkdirSync(folder);
        return folder;
      },
    ],
    [
      'a FIFO that nobody writes to',
      'is not a regular file',
      () => {
        const fifo = join(makeFolder(), 'fifo');
        execFileSync('mkfifo', [fifo]);
        return fifo;
      },
    ],
    ['a device', 'is not a regular file', () => '/dev/zero'],
  ])('that is %s is reported in one line without its name', (_what, reason, make) => {
    expect(() => read({ MIXPEEK_MOCK_CONTROL_TOKEN_FILE: make() })).toThrow(
      new SecretFileError(`MIXPEEK_MOCK_CONTROL_TOKEN_FILE: the file that it names ${reason}`),
    );
  });
});
