import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { DEFAULT_SEED } from '../../src/seed/default.ts';
import { readSeedStream } from '../../src/seed/unread.ts';
import { makeFolder } from '../support/folder.ts';
import { CLI, runCli, spawnCli, startServer } from '../support/process.ts';
import { problems } from '../support/seed.ts';
import { findSchemaErrors, parseSeed } from '../support/seed-schema.ts';

const VALID = `version: 1
organizations:
  - { organization_id: org_a, api_keys: [{ key: sk_test_a }, { key: sk_test_b }] }
  - { organization_id: org_b }
`;
const WRONG = 'version: 1\norganizations:\n  - organization_id: org_a\n    organisation_name: x\n    logo_url: 5\n';
const FOUND = [
  ':5:5: organizations[0].logo_url: expected text: put quotes around a number',
  ':4:5: organizations[0].organisation_name: unknown member: did you mean organization_name?',
];

function makeFile(text: string | Buffer, name = 'seed.yaml'): string {
  const folder = makeFolder();
  writeFileSync(join(folder, name), text);
  return folder;
}
const failing = (stderr: string) => ({ code: 1, stdout: '', stderr: `mixpeek-mock: ${stderr}\n` });
const passing = (stdout: string) => ({ code: 0, stdout: `${stdout}\n`, stderr: '' });

/** Runs the program with this on its standard input. */
async function pipe(args: string[], input: string | Buffer) {
  const child = spawnCli(args, makeFolder(), {}, undefined, 'pipe');
  const output = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk) => (output.stdout += chunk));
  child.stderr?.on('data', (chunk) => (output.stderr += chunk));
  // Nobody reads the rest of what is too large.
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);
  const [code] = await once(child, 'close');
  return { code, ...output };
}

describe('validate', () => {
  it.each([
    ['seed.yaml', VALID, '2 organizations, 2 API keys'],
    ['seed.json', JSON.stringify(DEFAULT_SEED), '4 organizations, 10 API keys'],
    [
      'one.yaml',
      'version: 1\norganizations: [{ organization_id: org_a, api_keys: [{ key: sk_a }] }]',
      '1 organization, 1 API key',
    ],
    ['none.yaml', 'version: 1\norganizations: [{ organization_id: org_a }]', '1 organization, 0 API keys'],
  ])('says of %s what is in it', async (name, text, counts) => {
    const folder = makeFile(text, name);
    expect(await runCli(['validate', name], folder)).toEqual(passing(`${name} is valid: ${counts}`));
    expect(await pipe(['validate', '-'], text)).toEqual(passing(`<stdin> is valid: ${counts}`));
    expect(readdirSync(folder)).toEqual([name]);
  });

  it('reports mistakes as a start does, and starts nothing', async () => {
    const folder = makeFile(WRONG);
    const expected = failing(FOUND.map((line) => `seed.yaml${line}`).join('\n'));
    expect(await runCli(['validate', 'seed.yaml'], folder)).toEqual(expected);
    expect(await runCli(['--seed', 'seed.yaml', '--db', 'mock.db'], folder)).toEqual(expected);
    expect(readdirSync(folder)).toEqual(['seed.yaml']);
    expect(await pipe(['validate', '-'], WRONG)).toEqual(failing(FOUND.map((line) => `<stdin>${line}`).join('\n')));
  });

  it.each([
    [
      'contradictions between members',
      'version: 1\ntiers: { pro: { search: 61 } }\norganizations: [{ organization_id: org_a, api_keys: [{ key: sk_a }, { key: sk_a }] }]',
      'seed.yaml:3:71: organizations[0].api_keys[1].key: duplicate key, first used at organizations[0].api_keys[0].key\n' +
        'seed.yaml:2:17: tiers.pro.search: 61 is more than data (60): metadata >= data >= search >= upload >= compute',
    ],
    [
      'bytes that are not text',
      Buffer.from([0, 1, 0xff, 0xfe]),
      'seed.yaml: is not in UTF-8: save it in that encoding',
    ],
    ['nothing', '', 'seed.yaml:1:1: the file: is empty: expected version and organizations'],
  ])('finds %s', async (_name, text, message) => {
    expect(await runCli(['validate', 'seed.yaml'], makeFile(text))).toEqual(failing(message));
    const stdin = message.replaceAll('seed.yaml', '<stdin>');
    expect(await pipe(['validate', '-'], Buffer.from(text))).toEqual(failing(stdin));
  });

  it.each<[string, (path: string) => void, string]>([
    ['a folder', (path) => mkdirSync(path), 'is not a file but a folder'],
    ['a pipe', (path) => void execFileSync('mkfifo', [path]), 'is not a file but a pipe or device'],
    ['a file over 64 MiB', (path) => makeLong(path), 'is larger than 64 MiB'],
    ['nothing', () => {}, 'there is no such file'],
  ])('refuses %s at once', async (_name, make, message) => {
    const folder = makeFolder();
    make(join(folder, 'seed.yaml'));
    expect(await runCli(['validate', 'seed.yaml'], folder)).toEqual(failing(`seed.yaml: ${message}`));
  });

  it('refuses more than 64 MiB on its standard input', async () => {
    expect(await pipe(['validate', '-'], Buffer.alloc(64 * 1024 * 1024 + 1, ' '))).toEqual(
      failing('<stdin>: is larger than 64 MiB'),
    );
  });

  it('says why its standard input cannot be read', async () => {
    const broken = new Readable({
      read: () => void broken.destroy(Object.assign(new Error('broken'), { code: 'EIO' })),
    });
    await expect(readSeedStream('<stdin>', broken)).rejects.toThrow('<stdin>: cannot be read (EIO)');
  });

  it('needs a file', async () => {
    expect(await runCli(['validate'], makeFolder())).toEqual({
      code: 2,
      stdout: '',
      stderr: "mixpeek-mock: missing required argument 'file' (see mixpeek-mock validate --help)\n",
    });
  });
});

function makeLong(path: string): void {
  writeFileSync(path, '');
  truncateSync(path, 64 * 1024 * 1024 + 1);
}

const INSTALLED = 'node_modules/mixpeek-mock/dist/seed.schema.json';
/** A folder in which the package is installed, as far as `init` looks. */
function makeProject(): string {
  const folder = makeFolder();
  mkdirSync(join(folder, INSTALLED, '..'), { recursive: true });
  writeFileSync(join(folder, INSTALLED), '{}');
  return folder;
}
const readIn = (folder: string, name: string) => readFileSync(join(folder, name), 'utf8');

describe('init', () => {
  const WRITTEN = 'is written: validate it with mixpeek-mock validate';

  it('writes a seed that editors check with the schema of the package', async () => {
    const folder = makeProject();
    expect(await runCli(['init'], folder)).toEqual(
      passing(`mixpeek-mock.yaml ${WRITTEN} mixpeek-mock.yaml, start from it with mixpeek-mock --reset`),
    );
    expect(readIn(folder, 'mixpeek-mock.yaml').split('\n')[0]).toBe(`# yaml-language-server: $schema=./${INSTALLED}`);
    expect(readdirSync(folder).sort()).toEqual(['mixpeek-mock.yaml', 'node_modules']);

    mkdirSync(join(folder, 'test/seeds'), { recursive: true });
    expect(await runCli(['init', 'test/seeds/my seed.yaml'], folder)).toEqual(
      passing(
        `test/seeds/my seed.yaml ${WRITTEN} 'test/seeds/my seed.yaml', start from it with mixpeek-mock --seed 'test/seeds/my seed.yaml' --reset`,
      ),
    );
    expect(readIn(folder, 'test/seeds/my seed.yaml').split('\n')[0]).toBe(
      `# yaml-language-server: $schema=../../${INSTALLED}`,
    );
  });

  it('writes the schema beside the seed where the package is not installed', async () => {
    const folder = makeFolder();
    const { stdout } = await runCli(['init'], folder);
    expect(stdout.split('\n')[1]).toBe('mixpeek-mock.schema.json is written: editors check the seed with it');
    expect(readIn(folder, 'mixpeek-mock.yaml')).toMatch(
      /^# yaml-language-server: \$schema=\.\/mixpeek-mock\.schema\.json\n/,
    );
    expect(readIn(folder, 'mixpeek-mock.schema.json')).toBe((await runCli(['schema'], folder)).stdout);

    writeFileSync(join(folder, 'mixpeek-mock.schema.json'), 'mine');
    expect((await runCli(['init', 'other.yaml'], folder)).stdout.split('\n')[1]).toBe(
      'mixpeek-mock.schema.json was here already: mixpeek-mock schema prints that of this version',
    );
    expect(readIn(folder, 'mixpeek-mock.schema.json')).toBe('mine');
  });

  it('writes JSON into a .json file, which has the same in it', async () => {
    const folder = makeFolder();
    await runCli(['init', 'a.yaml'], folder);
    expect((await runCli(['init', 'a.JSON'], folder)).code).toBe(0);
    expect(JSON.parse(readIn(folder, 'a.JSON'))).toEqual({
      $schema: './mixpeek-mock.schema.json',
      ...(parseSeed(readIn(folder, 'a.yaml')) as object),
    });
    expect(await runCli(['validate', 'a.JSON'], folder)).toEqual(
      passing('a.JSON is valid: 1 organization, 3 API keys'),
    );
  });

  it('writes the first organization of the built-in seed, and lines to uncomment', async () => {
    const folder = makeFolder();
    await runCli(['init'], folder);
    const text = readIn(folder, 'mixpeek-mock.yaml');
    const { organizations, ...settings } = parseSeed(text) as typeof DEFAULT_SEED;
    const [{ api_keys = [], ...organization } = {}, ...others] = organizations;
    const [{ api_keys: builtIn = [], ...first } = {}] = DEFAULT_SEED.organizations;
    expect([settings, organization, others]).toEqual([{ version: 1 }, first, []]);
    const withDefaults = api_keys.map((key) => ({ permissions: ['admin'], ...key }));
    expect(
      withDefaults.filter(
        (key) => !builtIn.some((one) => JSON.stringify(one) === JSON.stringify({ key: key.key, ...key })),
      ),
    ).toEqual([]);

    const EXAMPLE = /^( *)# (?=- |[a-z_]+: |[a-z_]+:$| +(?:- |[a-z_]+:))/gm;
    const uncommented = text.replace(EXAMPLE, '$1');
    expect(text.match(EXAMPLE)?.length).toBeGreaterThan(15);
    expect(await problems(uncommented)).toEqual([]);
    expect(findSchemaErrors(parseSeed(uncommented))).toEqual([]);
    const used = parseSeed(uncommented) as typeof DEFAULT_SEED;
    expect(Object.keys(used)).toEqual([
      'version',
      'clock',
      'limits',
      'api_version',
      'unknown_fields',
      'tiers',
      'faults',
      'organizations',
    ]);
    expect(used.organizations).toHaveLength(2);
  });

  it('overwrites nothing', async () => {
    const folder = makeFile('mine', 'mixpeek-mock.yaml');
    const THERE = 'is there already, and init overwrites nothing: name another file, or remove it';
    expect(await runCli(['init'], folder)).toEqual(failing(`mixpeek-mock.yaml: ${THERE}`));
    expect(readIn(folder, 'mixpeek-mock.yaml')).toBe('mine');
    symlinkSync(join(folder, 'target.yaml'), join(folder, 'dangling.yaml'));
    expect(await runCli(['init', 'dangling.yaml'], folder)).toEqual(failing(`dangling.yaml: ${THERE}`));
    mkdirSync(join(folder, 'sub'));
    expect(await runCli(['init', 'sub'], folder)).toEqual(
      failing('sub: is a folder: name a file in it, such as sub/mixpeek-mock.yaml'),
    );
    expect(await runCli(['init', 'none/seed.yaml'], folder)).toEqual(
      failing('none/seed.yaml: cannot be written: its folder does not exist'),
    );
    expect(readdirSync(folder).sort()).toEqual(['dangling.yaml', 'mixpeek-mock.yaml', 'sub']);
  });

  it('writes no second seed for a start to find', async () => {
    const folder = makeFile('{}', 'mixpeek-mock.json');
    expect(await runCli(['init'], folder)).toEqual(
      failing(
        'mixpeek-mock.yaml: mixpeek-mock.json is there already, and a start finds one seed only: name another file',
      ),
    );
    expect((await runCli(['init', 'other.yaml'], folder)).code).toBe(0);
  });

  it('says why a file cannot be written', async () => {
    expect(await runCli(['init', 'file/seed.yaml'], makeFile('mine', 'file'))).toEqual(
      failing('file/seed.yaml: cannot be written (ENOTDIR)'),
    );
  });

  it('leaves nothing of a file for which there is no room', () => {
    const folder = makeFolder();
    // The limit stands in for a full disk.
    const args = ['-c', 'ulimit -f 1; exec "$0" "$@"', process.execPath, CLI, 'init'];
    const { status, stderr } = spawnSync('sh', args, { cwd: folder, encoding: 'utf8' });
    expect({ code: status, stdout: '', stderr }).toEqual(failing('mixpeek-mock.yaml: cannot be written (EFBIG)'));
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each(['', '-'])('takes %j for no name of a file', async (name) => {
    const folder = makeFolder();
    expect(await runCli(['init', name], folder)).toEqual({
      code: 2,
      stdout: '',
      stderr: `mixpeek-mock: init: '${name}' is not the name of a file\n`,
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('writes what a start finds and takes', async () => {
    const folder = makeFolder();
    await runCli(['init'], folder);
    const server = await startServer(['--db', ':memory:'], folder);
    expect(server.ready.api_keys.map(({ key, status }) => [key, status])).toEqual([
      ['sk_live_abc123def456', undefined],
      ['sk_test_readonly', undefined],
      ['sk_test_revoked', 'revoked'],
    ]);
    expect(existsSync(join(folder, '.mixpeek-mock'))).toBe(false);
    await server.stop();
  });
});

it('schema prints the JSON Schema that the package has too', async () => {
  const { code, stdout, stderr } = await runCli(['schema'], makeFolder());
  expect([code, stderr]).toEqual([0, '']);
  expect(JSON.parse(stdout)).toMatchObject({ title: 'Seed of mixpeek-mock', required: ['version', 'organizations'] });
  expect(readFileSync(new URL('../../dist/seed.schema.json', import.meta.url), 'utf8')).toBe(stdout);
});
