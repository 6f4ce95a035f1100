import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { failed, startControlled } from '../support/controlled-program.ts';
import { spawnCli } from '../support/process.ts';

const KEY = 'sk_live_abc123def456';
const patch = (url: string, body: object, more: Record<string, string> = {}) =>
  fetch(`${url}/v1/organizations`, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', ...more },
    body: JSON.stringify(body),
  });
const withoutTimes = (text: string) => text.replace(/[\d.]+ ms/g, 'N ms');

describe('mixpeek-mock requests', () => {
  it('prints what was received, a line each, with what it changed', async () => {
    const { url, run } = await startControlled();
    await patch(url, { organization_name: 'New', metadata: { a: 1 } });
    await patch(url, { organization_name: 5 });
    await patch(url, {}, { 'x-mixpeek-mock-fault': 'status=503' });
    const { code, stdout, stderr } = await run(['requests']);
    expect([code, withoutTimes(stdout), stderr]).toEqual([
      0,
      [
        'PATCH /v1/organizations 200 N ms org_demo123 — changed organization_name, metadata',
        'PATCH /v1/organizations 422 N ms org_demo123 — Validation error',
        'PATCH /v1/organizations 503 N ms org_demo123 — fault header; Service unavailable',
        '',
      ].join('\n'),
      '',
    ]);
  });

  it('goes on with those that come, until the server stops', async () => {
    const { url, folder, control, close } = await startControlled();
    await patch(url, {});
    const child = spawnCli(['requests', '--follow'], folder, { MIXPEEK_MOCK_URL: url });
    const lines: string[] = [];
    let wake = () => {};
    if (child.stdout === null) throw new Error('its output is a pipe');
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(withoutTimes(line));
      wake();
    });
    const until = async (count: number) => {
      while (lines.length < count) await new Promise<void>((resolve) => (wake = resolve));
    };
    await until(1);
    // Whether the stream is open cannot be seen from here: what comes before is in it as well.
    await patch(url, { logo_url: null });
    await until(2);
    await control('POST', '/default/clock/advance', { ms: 60_000 });
    await until(3);
    await close();
    const [code] = await once(child, 'close');
    expect([code, lines]).toEqual([
      0,
      [
        'PATCH /v1/organizations 200 N ms org_demo123',
        'PATCH /v1/organizations 200 N ms org_demo123',
        '--- clock +1 min (POST /clock/advance)',
        '--- the end: stopped',
      ],
    ]);
  });

  it.each([
    [
      ['requests', '--sandbox', 'nope'],
      'cannot list the requests of the sandbox nope: Not Found; GET /_mock/sandboxes lists what there is',
    ],
  ])('%j says what is wrong', async (args, line) => {
    const { run } = await startControlled();
    expect(await run(args)).toEqual(failed(line));
  });
});
