import { expect, it } from 'vitest';
import type { Connections, Row, Session } from '../../src/store/postgres/connections.ts';
import { OrganizationWriter } from '../../src/store/postgres/organization-writer.ts';
import type { Updated } from '../../src/store/store.ts';

/** What somebody waits for until it is opened. */
function makeGate() {
  let resolve = () => {};
  const promise = new Promise<void>((open) => {
    resolve = open;
  });
  return { promise, resolve: () => resolve() };
}

it('changes of one organization happen in the order in which they came, also where somebody else has locked it', async () => {
  const [isTried, isFree] = [makeGate(), makeGate()];
  const settings: Row[] = [{ sandbox_id: 'default', settings: '{"clock":{"frozen_at":null,"offset_ms":0}}', real: 0 }];
  // The row is never among those that can be locked at once.
  const session: Session = { query: async (text) => (/FROM states/.test(text) ? settings : []) };
  let batches = 0;
  const clock = { ms: 0 };
  const times: number[] = [];
  const connections = {
    where: 'postgres://h/d',
    batch: async (work: (session: Session) => Promise<unknown>) => {
      batches++;
      await isTried.promise;
      return work(session);
    },
    batchLocked: async (work: (session: Session) => Promise<unknown>, ms: number) => {
      times.push(ms);
      await isFree.promise;
      return work(session);
    },
    transactLocked: async (work: (session: Session) => Promise<unknown>, ms: number) => {
      times.push(ms);
      return work(session);
    },
  };
  const done: string[] = [];
  const writer = new OrganizationWriter(
    connections as unknown as Connections,
    async (_session, _sandboxId, organizationId, change) => {
      change(undefined, 0, 0);
      done.push(organizationId);
      return {} as Updated<undefined>;
    },
    () => undefined,
    () => clock.ms,
  );
  const order: number[] = [];
  const update = (n: number) =>
    writer.update('default', 'org_a', () => {
      order.push(n);
      return undefined;
    });
  const first = update(1);
  await expect.poll(() => batches).toBe(1);
  // It comes while the first one finds out that somebody else has the row.
  const second = update(2);
  isTried.resolve();
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
  // A second look would perhaps find the row free, and overtake.
  expect(batches).toBe(1);
  // Whoever waited longer than it may is tried all the same, for a moment.
  clock.ms = 10_000;
  isFree.resolve();
  await Promise.all([first, second]);
  expect(order).toEqual([1, 2]);
  expect(done).toHaveLength(2);
  expect(times).toEqual([1900, 300, 300, 300]);
});
