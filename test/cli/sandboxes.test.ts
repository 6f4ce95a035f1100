import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { quote, toDuration } from '../../src/cli/control.ts';
import { done, failed, startControlled } from '../support/controlled-program.ts';
import { runCli } from '../support/process.ts';
import { get, patch } from '../support/requests.ts';

describe('sandboxes', () => {
  it('are shown in a table, those without a limit of time with -', async () => {
    const { url, run, control } = await startControlled();
    await patch(url, {});
    const { sandboxes } = await control('POST', '', { name: 'ci \u001b[31m', ttl_seconds: 3600 });
    const { code, stdout, stderr } = await run(['sandboxes']);
    expect([code, stderr]).toEqual([0, '']);
    // What both servers and processes need takes a second at most, or some.
    const [header, ...rows] = stdout
      .split('\n')
      .map((line) => line.replace(/(?<= )\d+s(?= )|59m\d+s|1h(?= )/g, 'TIME'));
    expect(header).toBe('ID                            NAME           AGE  TTL LEFT  ORGANIZATIONS  KEYS  REQUESTS');
    expect(rows.map((row) => row.split(/ {2,}/))).toEqual([
      ['default', '-', 'TIME', '-', '4', '10', '1'],
      [sandboxes[0].sandbox_id, 'ci \\u001b[31m', 'TIME', 'TIME', '1', '4', '0'],
      [''],
    ]);
    const [first, second] = stdout.split('\n').slice(1);
    expect(first?.lastIndexOf('4')).toBe(second?.lastIndexOf('1', header?.indexOf('KEYS')));
  });

  it('are shown whole, however many pages there are', async () => {
    const { run, control } = await startControlled();
    for (let made = 0; made < 1000; made += 100) await control('POST', '', { count: 100 });
    const { stdout } = await run(['sandboxes']);
    const ids = stdout.split('\n').flatMap((line) => /^(?:default|sbx_\w+)/.exec(line)?.[0] ?? []);
    expect([ids.length, new Set(ids).size]).toEqual([1001, 1001]);
  });

  it.each([
    [0, '0s'],
    [59, '59s'],
    [60, '1m'],
    [3599, '59m59s'],
    [3600, '1h'],
    [3601, '1h'],
    [86_399, '23h59m'],
    [90_000, '1d1h'],
    [31_622_400, '366d'],
  ])('of %i seconds are shown as %s', (seconds, shown) => {
    expect(toDuration(seconds)).toBe(shown);
  });
});

describe('sandboxes create', () => {
  const evalIn = (script: string, stdout: string) =>
    execFileSync('sh', ['-c', script, 'sh', stdout], { encoding: 'utf8' }).trim();

  it('prints what a shell evaluates, with or without quotes around it', async () => {
    const { url, run } = await startControlled();
    const { code, stdout, stderr } = await run(['sandboxes', 'create']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /^export MIXPEEK_API_KEY=sk_test_\S+\nexport MIXPEEK_BASE_URL=\S+\nexport MIXPEEK_API_URL=\S+\n# sandbox sbx_\w{24}\n$/,
    );
    const print = 'echo "$MIXPEEK_API_KEY $MIXPEEK_BASE_URL $MIXPEEK_API_URL"';
    for (const argument of ['"$1"', '$1']) {
      const [key, ...urls] = evalIn(`eval ${argument}; ${print}`, stdout).split(' ');
      expect(urls).toEqual([url, url]);
      expect(await get(url, key)).toMatchObject({ account_type: 'pro', metadata: {} });
    }
  });

  it('gives the sandbox its name, its tier and its time to live', async () => {
    const { url, run, control } = await startControlled();
    const args = ['--name', 'ci', '--account-type', 'team', '--ttl', '10m', '--url', `${url}/`];
    const { stdout } = await run(['sandboxes', 'create', ...args], { MIXPEEK_MOCK_URL: 'http://localhost:1' });
    const [, key] = /KEY=(.*)/.exec(stdout) ?? [];
    const [, id] = /# sandbox (.*)/.exec(stdout) ?? [];
    expect(stdout).toContain(`export MIXPEEK_BASE_URL=${url}\n`);
    expect((await get(url, key)).account_type).toBe('team');
    const { name, ttl_left_seconds } = await control('GET', `/${id}`);
    expect([name, ttl_left_seconds > 500 && ttl_left_seconds <= 600]).toEqual(['ci', true]);
  });

  it('seeds it from a file, whose variable is for servers only', async () => {
    const { url, folder, run } = await startControlled();
    writeFileSync(join(folder, 'seed.yaml'), 'version: 1\norganizations: [{ organization_id: org_seeded }]\n');
    const variables = { MIXPEEK_MOCK_SEED: 'nope.yaml' };
    const seeded = await run(['sandboxes', 'create', '--seed', 'seed.yaml'], variables);
    const plain = await run(['sandboxes', 'create'], variables);
    const ids = [seeded, plain].map(
      async ({ stdout }) => (await get(url, /KEY=(.*)/.exec(stdout)?.[1])).organization_id,
    );
    expect(await Promise.all(ids)).toEqual(['org_seeded', expect.stringMatching(/^org_\w{24}$/)]);
  });

  it('reports the mistakes of a seed file with line and column, as a start does', async () => {
    const { folder, run } = await startControlled();
    const seed = 'version: 1\norganizations:\n  - organization_id: org_a\n    usrs: []\n    credit_count: x\n';
    writeFileSync(join(folder, 'bad.yaml'), seed);
    const { stderr } = await runCli(['--db', ':memory:', '--port', '0', '--seed', 'bad.yaml'], folder);
    expect(stderr).toMatch(/^mixpeek-mock: bad\.yaml:\d+:\d+: .*\nbad\.yaml:\d+:\d+: .*\n$/);
    expect(await run(['sandboxes', 'create', '--seed', 'bad.yaml'])).toEqual(
      failed(`cannot make a sandbox: ${stderr.replace('mixpeek-mock: ', '').trimEnd()}`),
    );
  });

  it.each<[string, string | Buffer | undefined, string]>([
    ['a syntax error', '{"version": 1,,}', 'cannot make a sandbox: seed.yaml:1:15: '],
    ['no file', undefined, 'seed.yaml: there is no such file\n'],
    ['not UTF-8', Buffer.from([0xff]), 'seed.yaml: is not in UTF-8: save it in that encoding\n'],
  ])('refuses a seed that is %s in one line', async (_what, content, message) => {
    const { folder, run } = await startControlled();
    if (content !== undefined) writeFileSync(join(folder, 'seed.yaml'), content);
    const { code, stdout, stderr } = await run(['sandboxes', 'create', '--seed', 'seed.yaml']);
    expect([code, stdout, stderr.split('\n').length]).toEqual([1, '', 2]);
    expect(stderr.slice(0, message.length + 14)).toBe(`mixpeek-mock: ${message}`);
  });

  it('says which member the server refuses', async () => {
    const { run } = await startControlled();
    expect(await run(['sandboxes', 'create', '--name', 'x'.repeat(101), '--ttl', '999999999m'])).toEqual(
      failed(
        'cannot make a sandbox: name: expected 1 to 100 characters',
        'ttl_seconds: expected a whole number from 1 to 31622400',
      ),
    );
  });

  it('says what to do when there are too many', async () => {
    const { run } = await startControlled({ maxSandboxes: 1 });
    expect((await run(['sandboxes', 'create'])).code).toBe(0);
    const { code, stderr } = await run(['sandboxes', 'create']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^mixpeek-mock: cannot make a sandbox: .*; .*--max-sandboxes.*\n$/);
  });

  it.each([
    ['http://localhost:4030/a-b_c.d~e%20', "'http://localhost:4030/a-b_c.d~e%20'"],
    ['http://localhost:4030/a-b_c.d%20', 'http://localhost:4030/a-b_c.d%20'],
    ['http://[::1]:4030', "'http://[::1]:4030'"],
    ["it's $(x) `y`", "'it'\\''s $(x) `y`'"],
    ['', "''"],
  ])('quotes %j for the shell', (value, quoted) => {
    expect(quote(value)).toBe(quoted);
    expect(evalIn(`printf %s ${quoted}`, '')).toBe(value);
  });
});

describe('sandboxes delete', () => {
  it('removes those that are there, and reports the others', async () => {
    const { run, control } = await startControlled();
    const { sandboxes } = await control('POST', '', { count: 3 });
    const [first, second, third] = sandboxes.map(({ sandbox_id }: { sandbox_id: string }) => sandbox_id);
    expect(await run(['sandboxes', 'delete', first])).toEqual(done(`${first} is removed`));
    expect(await run(['sandboxes', 'delete', first, second, 'default', third])).toEqual({
      code: 1,
      stdout: `${second} is removed\n${third} is removed\n`,
      stderr:
        `mixpeek-mock: cannot remove the sandbox ${first}: Not Found; GET /_mock/sandboxes lists what there is\n` +
        'cannot remove the sandbox default: The sandbox default is always there; ' +
        'POST /_mock/sandboxes/default/reset takes it back to its start\n',
    });
    expect((await control('GET', '')).sandboxes).toHaveLength(1);
  });
});
