import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { Parsed } from '../support/conformance.ts';
import { start } from '../support/handle.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

it('each test has a fresh sandbox and leaves none, however it ends; the report of one that fails names its requests', async () => {
  const { url } = await start();
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--root', 'test/fixtures/suite'];
  const env = { PATH: process.env.PATH, MIXPEEK_MOCK_URL: url, MIXPEEK_API_KEY: 'of the shell' };
  const { stdout } = spawn(process.execPath, args, { cwd: PROJECT, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ends = new Map<string, { state: string; message: string }>(JSON.parse(await text(stdout)));
  const withState = (state: string) => [...ends].filter(([, end]) => end.state === state).map(([title]) => title);
  expect(withState('failed')).toEqual([
    'fails',
    'fails in silence',
    'times out',
    'asks for what is not served',
    'fails without a report',
    'have no variables',
  ]);
  expect(withState('skipped')).toEqual(['is skipped while it runs']);
  expect(withState('passed')).toHaveLength(20);

  const messageOf = (title: string) => ends.get(title)?.message ?? '';
  expect(messageOf('fails')).toMatch(/is not as expected:\n {2}organization_name: expected .*"New".*, found .*"Used"/);
  expect(messageOf('fails')).toContain(
    '\n\nIts sandbox received 2 requests:' +
      `\n  PATCH /v1/organizations 200  organization_name: "org_` +
      messageOf('fails').split('organization_name: "org_')[1]?.slice(0, 24) +
      '" -> "Used"' +
      '\n  PATCH /v1/organizations 422  rate_limits.search: must be an integer from 1 to 9007199254740991',
  );
  expect(messageOf('fails in silence')).toContain(
    'Its sandbox received no request: does the client use its `apiKey` and `url`, and is `fetch` not a stub?',
  );
  expect(messageOf('times out')).toMatch(
    /^Test timed out in 1500ms\.[\s\S]*\n {2}GET \/v1\/organizations open {2}fault flt_hang/,
  );
  expect(messageOf('asks for what is not served')).toMatch(
    /^The test asked [^\n]*onUnserved: 'ignore' allows it\n {2}GET \/v1\/collections: this mock serves GET \/v1\/organizations, /,
  );
  expect(messageOf('fails without a report')).not.toContain('Its sandbox');
  expect(messageOf('have no variables')).toMatch(/^mixpeekEnv sets variables of the process/);

  const { sandboxes }: Parsed = await (await fetch(`${url}/_mock/sandboxes`)).json();
  expect(sandboxes.map(({ sandbox_id }: Parsed) => sandbox_id)).toEqual(['default']);
});
