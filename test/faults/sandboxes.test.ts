import { expect, it } from 'vitest';
import { get, start, statusOf } from '../support/handle.ts';

it('a rule is of one sandbox: it fails nobody else, counts nobody else, and knows nothing of another of its id', async () => {
  const server = await start();
  const [one, other] = await server.createSandboxes(2);
  if (one === undefined || other === undefined) throw new Error('two were asked for');
  await one.faults.add({ id: 'flt_same', status: 503, times: 1 });
  await other.faults.add({ id: 'flt_same', status: 502, after: 1 });
  expect([await statusOf(server), await statusOf(other), await statusOf(one)]).toEqual([200, 200, 503]);
  expect([await statusOf(other), await statusOf(one), await statusOf(server)]).toEqual([502, 200, 200]);
  expect(await one.faults.list()).toMatchObject([{ status: 503, matched: 2, fired: 1 }]);
  expect(await other.faults.list()).toMatchObject([{ status: 502, matched: 2, fired: 1 }]);
  await one.reset();
  expect(await statusOf(other)).toBe(502);
  expect((await get(other)).headers.get('x-mixpeek-mock')).toBe('fault; id=flt_same');
});

it('what waits in one goes on when another is reset or removed', async () => {
  const server = await start();
  const [one, other, third] = await server.createSandboxes(3);
  if (one === undefined || other === undefined || third === undefined) throw new Error('three were asked for');
  await one.faults.add({ delay_ms: 3_600_000 });
  let isAnswered = false;
  const waiting = get(one).then(({ status }) => {
    isAnswered = true;
    return status;
  });
  while ((await one.requests()).length + (await openOf(one.sandboxId)) === 0);
  await other.reset();
  await third.close();
  expect([isAnswered, await statusOf(other)]).toEqual([false, 200]);
  await one.reset();
  expect(await waiting).toBe(200);

  async function openOf(id: string): Promise<number> {
    const { requests } = (await (await fetch(`${server.baseUrl}/_mock/sandboxes/${id}/requests`)).json()) as {
      requests: unknown[];
    };
    return requests.length;
  }
});
