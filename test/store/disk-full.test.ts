import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { makeFolder } from '../support/folder.ts';
import { runCli, startServer } from '../support/process.ts';
import { get, patch } from '../support/requests.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.cjs', import.meta.url));

/** Blocks of 512 or 1024 bytes, as the shell has it: some hundred KiB. */
const MAX_BLOCKS = 600;
const CHANGES = 200;

it('on a disk that takes no more, changes are refused, health tells, and what was acknowledged is there after SIGKILL', async () => {
  const folder = makeFolder();
  // The limit stands in for a full disk, without a disk of one's own.
  const command = `ulimit -f ${MAX_BLOCKS}; exec "$0" "$@"`;
  const args = ['-c', command, process.execPath, CLI, '--port', '0', '--json'];
  const child = spawn('sh', args, { cwd: folder, env: { PATH: process.env.PATH }, stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let log = '';
  child.stderr.on('data', (chunk) => (log += chunk));
  const [line] = await once(createInterface(child.stdout), 'line');
  const { url } = JSON.parse(line);

  const changeUntilRefused = async (send: (change: number) => Promise<Response>) => {
    for (let change = 1; change <= CHANGES; change++) {
      const answer = await send(change);
      if (answer.status !== 200) return { kept: change - 1, answer };
    }
    throw new Error('the limit was not reached');
  };
  const large = await changeUntilRefused((change) => patch(url, { metadata: { change, text: 'x'.repeat(20_000) } }));
  expect(large.kept).toBeGreaterThan(0);
  expect([large.answer.status, large.answer.headers.get('retry-after')]).toEqual([503, '1']);
  const small = await changeUntilRefused((change) => patch(url, { logo_url: `${change}` }));
  // Until there is no room for a single page, so that no write that health tries works.
  await changeUntilRefused((change) =>
    fetch(`${url}/_mock/sandboxes/default/limits`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ mode: change % 2 === 0 ? 'headers' : 'off' }),
    }),
  );
  expect(await get(url)).toMatchObject({ metadata: { change: large.kept } });
  expect(await (await fetch(`${url}/v1/health`)).json()).toMatchObject({
    status: 'DEGRADED',
    data: { metadata: false },
  });
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  expect(await runCli(['health', '--port', new URL(url).port], folder)).toEqual({
    code: 1,
    stdout: `http://localhost:${new URL(url).port}/v1/health is not healthy: it cannot store changes; its log says why\n`,
    stderr: '',
  });
  expect(log.match(/changes cannot be kept: [^"]*mock\.db: cannot be/g)).toHaveLength(1);

  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
  const again = await startServer([], folder);
  const { metadata, logo_url } = await get(again.ready.url);
  expect([metadata.change, logo_url]).toEqual([large.kept, small.kept > 0 ? `${small.kept}` : null]);
  expect((await patch(again.ready.url, { metadata: { text: 'x'.repeat(20_000) } })).status).toBe(200);
});
