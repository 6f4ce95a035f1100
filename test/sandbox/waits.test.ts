import { describe, expect, it } from 'vitest';
import { freezeAt } from '../../src/domain/clock.ts';
import { type EndReason, WaitLimit, Waits } from '../../src/sandbox/waits.ts';
import { startControl } from '../support/control.ts';

/** Whether it is done by the time that everything else that is due has happened. */
const isDone = ({ done }: { done: Promise<unknown> }) =>
  Promise.race([done.then(() => true), new Promise((resolve) => setTimeout(resolve, 0, false))]);

describe('what waits in a sandbox', () => {
  it('is counted for all of a server, until it is over', async () => {
    const limit = new WaitLimit(3);
    const [one, other] = [new Waits(limit), new Waits(limit)];
    const wait = one.delay(3_600_000);
    const release = other.hold(() => {});
    const clocked = other.delayUntil(2000, freezeAt(1000));
    expect([one.isFull, other.isFull, one.isIdle, other.isIdle]).toEqual([true, true, false, false]);
    wait.end();
    release();
    other.moveClock(freezeAt(2000));
    await clocked.done;
    expect([one.isFull, one.isIdle, other.isIdle]).toEqual([false, true, true]);
  });

  it('for the clock is done at its time, wherever the clock was when it began', async () => {
    const waits = new Waits(new WaitLimit());
    const wait = waits.delayUntil(2000, freezeAt(1000));
    waits.moveClock(freezeAt(1999));
    expect(await isDone(wait)).toBe(false);
    // A request that was found before the clock was set.
    const late = waits.delayUntil(1500, freezeAt(1000));
    await late.done;
    waits.moveClock(freezeAt(1000));
    waits.moveClock(freezeAt(2000));
    await wait.done;
    expect(waits.isIdle).toBe(true);
  });

  it.each<[EndReason]>([['replaced'], ['removed'], ['stopped']])(
    'ends when all ends, and is told why: %s',
    async (reason) => {
      const waits = new Waits(new WaitLimit());
      const reasons: string[] = [];
      waits.hold((one) => reasons.push(one));
      const all = [waits.delay(3_600_000), waits.delayUntil(2000, freezeAt(1000))];
      waits.endAll(reason);
      await Promise.all(all.map(({ done }) => done));
      expect([reasons, waits.isIdle]).toEqual([[reason], true]);
      await waits.delay(3_600_000).done;
      await waits.delayUntil(2000, freezeAt(1000)).done;
    },
  );

  it('is at most 1,000: what would have to wait besides is refused, what answers at once is not', async () => {
    const app = await startControl();
    const { waits } = await app.findSandbox();
    const releases = Array.from({ length: 1000 }, () => waits.hold(() => {}));
    const ask = (header: string) => app.get({ headers: { 'x-mixpeek-mock-fault': header } });
    const refused = await ask('delay_ms=1');
    expect([refused.status, refused.headers['x-mixpeek-mock-hint']]).toEqual([
      503,
      '1,000 requests wait already, the most that may',
    ]);
    expect((await ask('status=429')).status).toBe(429);
    releases[0]?.();
    expect((await ask('delay_ms=1')).status).toBe(200);
  });
});
