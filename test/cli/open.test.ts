import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readServeConfig } from '../../src/cli/config.ts';
import { makeFolder } from '../support/folder.ts';
import { spawnCli } from '../support/process.ts';

const OPENER = process.platform === 'darwin' ? 'open' : 'xdg-open';

/** Starts the program where a script is what opens pages; undefined for none. */
async function start(flags: string[], script: string | undefined) {
  const folder = makeFolder();
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  if (script !== undefined) writeFileSync(join(bin, OPENER), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const opened = join(folder, 'opened');
  const PATH = script === undefined ? bin : `${bin}${delimiter}${process.env.PATH}`;
  const child = spawnCli(['--port', '0', '--db', ':memory:', ...flags], folder, { PATH, OPENED: opened });
  const output = { out: '', err: '' };
  child.stdout?.on('data', (chunk) => (output.out += chunk));
  child.stderr?.on('data', (chunk) => (output.err += chunk));
  await expect.poll(() => output.out, { timeout: 10_000 }).toMatch(/Press Ctrl-C|"ready"/);
  const [, url = ''] = /(http:\/\/localhost:\d+)/.exec(output.out) ?? [];
  return { url, output, readOpened: () => (existsSync(opened) ? readFileSync(opened, 'utf8') : '') };
}

describe.skipIf(process.platform === 'win32')('--open', () => {
  it.each([[['--open']], [['--open', '--json']]])('%j opens the inspector once the server listens', async (flags) => {
    const { url, readOpened } = await start(flags, 'printf %s "$*" > "$OPENED"');
    await expect.poll(readOpened).toBe(`${url}/_mock/`);
    expect((await fetch(`${url}/_mock/`)).status).toBe(200);
  });

  it.each<[string, string | undefined, string]>([
    ['cannot be started', undefined, 'ENOENT'],
    ['finds no browser', 'exit 3', 'exit code 3'],
  ])('of what %s is a line, and no failure', async (_name, script, reason) => {
    const { url, output } = await start(['--open'], script);
    const line = `mixpeek-mock: --open: ${OPENER} failed (${reason}): open ${url}/_mock/ in a browser\n`;
    await expect.poll(() => output.err).toContain(line);
    expect((await fetch(`${url}/v1/health`)).status).toBe(200);
  });

  it('is not meant without it', async () => {
    const { url, output, readOpened } = await start([], 'printf %s "$*" > "$OPENED"');
    await fetch(`${url}/_mock/`);
    expect([readOpened(), output.err.includes('open')]).toEqual(['', false]);
  });
});

it('--open without a control plane is ignored with a warning, and has no variable', () => {
  const read = (flags: Record<string, string | boolean>, variables = {}) => {
    const { open, warnings } = readServeConfig(flags, variables, makeFolder());
    return [open, warnings];
  };
  expect(read({ open: true })).toEqual([true, []]);
  expect(read({ open: true, control: 'off' })).toEqual([
    false,
    ['--open is ignored: with --control off there is no inspector'],
  ]);
  expect(read({ control: 'off' })).toEqual([false, []]);
  expect(read({}, { MIXPEEK_MOCK_OPEN: '1' })).toEqual([
    false,
    ['unknown variable MIXPEEK_MOCK_OPEN is ignored; --help lists the known ones'],
  ]);
});
