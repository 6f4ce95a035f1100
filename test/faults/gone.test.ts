import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { FaultRule } from '../../src/domain/fault.ts';
import type { Exchange } from '../../src/sandbox/exchange.ts';
import { ADMIN, buildTestApp } from '../support/harness.ts';

const HOUR = 3_600_000;

/** A PATCH on a connection of its own, under a rule. */
async function startPatch(rule: Omit<FaultRule, 'id'>) {
  const test = await buildTestApp();
  await test.store.updateSettings('default', (settings) => ({ ...settings, faults: [{ id: 'flt_1', ...rule }] }));
  const sandbox = await test.findSandbox();
  const url = new URL(await test.app.listen({ host: '127.0.0.1', port: 0 }));
  const send = () => {
    const socket = connect(Number(url.port), url.hostname);
    onTestFinished(() => void socket.destroy());
    const body = '{"logo_url":"https://example.com/a.png"}';
    socket.write(
      `PATCH /v1/organizations HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${ADMIN}\r\n` +
        `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    return async (how: 'destroy' | 'resetAndDestroy' = 'destroy') => {
      socket[how]();
      await once(socket, 'close');
    };
  };
  const read = () => sandbox.journal.list()[0] as Exchange | undefined;
  return { ...test, sandbox, send, read };
}

const listLive = ({ live, caller, bytes, json }: Exchange) => [live, caller, bytes, json];
const NOTHING = [undefined, undefined, undefined, undefined];

describe('a client that gives up', () => {
  describe.each(['destroy', 'resetAndDestroy'] as const)('by %s', (how) => {
    it.each<[string, Omit<FaultRule, 'id'>]>([
      ['an injected answer', { status: 503, delay_ms: HOUR }],
      ['silence', { connection: 'hang', delay_ms: HOUR }],
      ['the real answer', { delay_ms: HOUR }],
      ['an answer that is lost', { after_handler: true, status: 502, delay_ms: HOUR }],
    ])('ends its delay; what is kept of its request holds nothing of it: %s', async (_name, rule) => {
      const { sandbox, send, read } = await startPatch(rule);
      const giveUp = send();
      await expect.poll(() => sandbox.waits.isIdle).toBe(false);
      await giveUp(how);
      await expect.poll(() => sandbox.waits.isIdle).toBe(true);
      await expect.poll(() => read()?.ms).toBeDefined();
      await expect.poll(() => listLive(read() as Exchange)).toEqual(NOTHING);
      expect(read()).toMatchObject({ status: null, answer: undefined, fault: { id: 'flt_1' } });
    });
  });

  it('before its delay begins does not begin it', async () => {
    const { store, sandbox, send, read } = await startPatch({ after_handler: true, delay_ms: HOUR });
    const update = store.updateOrganization.bind(store);
    let goOn = () => {};
    const held = new Promise<void>((reached) => {
      store.updateOrganization = async (...args) => {
        await new Promise<void>((resolve) => {
          goOn = resolve;
          reached();
        });
        return update(...args);
      };
    });
    const giveUp = send();
    await held;
    await giveUp();
    await expect.poll(() => read()?.ms).toBeDefined();
    goOn();
    await expect.poll(() => listLive(read() as Exchange)).toEqual(NOTHING);
    expect([sandbox.waits.isIdle, read()?.changes]).toMatchObject([true, [{ member: 'logo_url' }]]);
  });
});
