import { describe, expect, it } from 'vitest';
import { readFaultTable } from '../../scripts/documents.js';
import { CONNECTION_FAULTS } from '../../src/domain/fault.ts';
import type { MockServer } from '../../src/index.ts';
import type { Parsed } from '../support/conformance.ts';
import { rename, send, start } from '../support/handle.ts';

/** What Node's `fetch` makes of an answer: its status and its JSON, or the name of what it throws. */
async function seen(server: MockServer, header: string, method = 'GET', signal = AbortSignal.timeout(5000)) {
  const headers = {
    authorization: `Bearer ${server.apiKey}`,
    'content-type': 'application/json',
    'x-mixpeek-mock-fault': header,
  };
  const body = method === 'PATCH' ? { body: '{"organization_name":"Changed"}' } : {};
  const nameOf = (error: unknown) =>
    error instanceof Error ? ((error.cause as NodeJS.ErrnoException | undefined)?.code ?? error.name) : 'no error';
  try {
    const answer = await fetch(`${server.apiUrl}/organizations`, { method, headers, signal, ...body });
    return [answer.status, await answer.json().then(() => 'whole', nameOf)];
  } catch (error) {
    return [nameOf(error)];
  }
}

const SHORT = 200;

describe('what fetch sees of a fault', () => {
  const table = readFaultTable();
  const isWhole = (codes: string[]) => codes.length === 1 && /^\d+$/.test(codes[0] ?? '');

  it('is documented for every kind', () => {
    const kinds = table.flatMap(({ fault }) => /^connection=\{?"?(\w+)/.exec(fault)?.[1] ?? []);
    expect(kinds.sort()).toEqual([...CONNECTION_FAULTS, 'drip_bytes_per_second'].sort());
  });

  it.each(table)('$fault, as docs/faults.md has it', async ({ fault, fetch: codes }) => {
    const server = await start();
    const expected = isWhole(codes) ? [Number(codes[0]), 'whole'] : codes.map((code) => Number(code) || code);
    const signal = AbortSignal.timeout(codes.includes('TimeoutError') ? SHORT : 5000);
    expect(await seen(server, fault, 'GET', signal)).toEqual(expected);
    expect(await seen(server, 'delay_ms=0')).toEqual([200, 'whole']);
  });

  it.each([
    ['connection=half_body; status=503', [503, 'UND_ERR_SOCKET']],
    ['status=502; after_handler', [502, 'whole']],
    ['delay_ms=60000', ['TimeoutError']],
    ['connection={"drip_bytes_per_second":1}', [200, 'TimeoutError']],
  ])('%s', async (header, expected) => {
    const server = await start();
    const signal = AbortSignal.timeout(expected.includes('TimeoutError') ? SHORT : 5000);
    expect(await seen(server, header, 'GET', signal)).toEqual(expected);
  });
});

describe('an answer that is lost', () => {
  it.each([
    ['after_handler; status=502', [502, 'whole'], { status: 502, outcome: 'answered' }],
    ['after_handler; connection=reset', ['ECONNRESET'], { status: null, outcome: 'cut' }],
    ['after_handler; connection=close', ['UND_ERR_SOCKET'], { status: null, outcome: 'cut' }],
    ['connection=half_body', [200, 'UND_ERR_SOCKET'], { status: null, outcome: 'cut' }],
  ])('%s: the change is made, and the journal has it', async (header, expected, kept) => {
    const server = await start();
    expect(await seen(server, header, 'PATCH')).toEqual(expected);
    const shown = await send(server, 'GET');
    expect(await shown.json()).toMatchObject({ organization_name: 'Changed' });
    const journal = await fetch(`${server.baseUrl}/_mock/sandboxes/default/requests?method=PATCH`);
    const { requests }: Parsed = await journal.json();
    const changes = [{ member: 'organization_name', before: 'Acme Corporation', after: 'Changed' }];
    expect(requests).toMatchObject([{ ...kept, changes, fault: { id: 'header' } }]);
  });

  it.each(['status=502', 'connection=reset', 'connection=close', 'connection=half_body; status=200'])(
    '%s without after_handler: nothing is changed',
    async (header) => {
      const server = await start();
      await seen(server, header, 'PATCH');
      expect(await (await send(server, 'GET')).json()).toMatchObject({ organization_name: 'Acme Corporation' });
    },
  );
});

describe('what waits', () => {
  it.each([
    ['a delay', '"delay_ms":3600000', 200],
    ['a delay by the clock of the sandbox', '"delay_ms":3600000,"delay_clock":"sandbox"', 200],
    ['silence', '"connection":"hang"', undefined],
  ])('ends with a reset: %s', async (_name, effect, status) => {
    const server = await start();
    await addFault(server, `{"match":{"method":"GET"},${effect}}`);
    const waiting = send(server, 'GET').then(
      (answer) => answer.status,
      () => undefined,
    );
    await untilOpen(server);
    await server.reset();
    expect(await waiting).toBe(status);
  });

  it('ends with its sandbox', async () => {
    const server = await start();
    const sandbox = await server.createSandbox();
    await addFault(server, '{"connection":"hang"}', sandbox.sandboxId);
    const waiting = send(sandbox, 'GET').catch((error) => error.message);
    await untilOpen(server, sandbox.sandboxId);
    await sandbox.close();
    expect(await waiting).toBe('fetch failed');
  });

  it('ends with the server, before its connections do', async () => {
    const server = await start();
    const effects = ['{"delay_ms":3600000,"delay_clock":"sandbox","times":1}', '{"delay_ms":3600000,"times":1}'];
    for (const effect of [...effects, '{"connection":"hang","times":1}']) await addFault(server, effect);
    const statusOf = () => send(server, 'GET').then((answer) => answer.status);
    const waiting = Promise.allSettled([statusOf(), statusOf(), statusOf()]);
    await untilOpen(server, 'default', 3);
    const started = performance.now();
    await server.close();
    expect(performance.now() - started).toBeLessThan(2000);
    expect((await waiting).map((one) => ('value' in one ? one.value : 'cut')).sort()).toEqual([503, 503, 'cut']);
  });

  it('comes on with the clock of the sandbox', async () => {
    const server = await start({ clock: '2026-01-01T00:00:00Z' });
    await addFault(server, '{"match":{"method":"PATCH"},"delay_ms":60000,"delay_clock":"sandbox"}');
    let isDone = false;
    const renamed = rename(server, 'Later').then((name) => {
      isDone = true;
      return name;
    });
    await untilOpen(server);
    await server.clock.advance(59_999);
    expect([isDone, await untilOpen(server)]).toEqual([false, 1]);
    await server.clock.advance(1);
    expect(await renamed).toBe('Later');
  });

  it.each([false, true])(
    'ends when the client gives up, and the change is made: after_handler %s',
    async (after_handler) => {
      const server = await start({ clock: '2026-01-01T00:00:00Z' });
      const match = { method: 'PATCH' };
      await addFault(server, JSON.stringify({ match, delay_ms: 1000, delay_clock: 'sandbox', after_handler }));
      const signal = AbortSignal.timeout(SHORT);
      const headers = { authorization: `Bearer ${server.apiKey}`, 'content-type': 'application/json' };
      const body = '{"organization_name":"Gone"}';
      const sent = fetch(`${server.apiUrl}/organizations`, { method: 'PATCH', headers, body, signal });
      expect(await sent.catch((error) => error.name)).toBe('TimeoutError');
      await untilOpen(server, 'default', 0);
      expect(await (await send(server, 'GET')).json()).toMatchObject({ organization_name: 'Gone' });
    },
  );

  it('is no silence that nobody hears, also where its client gave up during a delay', async () => {
    const server = await start();
    await addFault(server, '{"delay_ms":3600000,"connection":"hang"}');
    const headers = { authorization: `Bearer ${server.apiKey}` };
    const sent = fetch(`${server.apiUrl}/organizations`, { headers, signal: AbortSignal.timeout(SHORT) });
    await sent.catch(() => {});
    expect(await untilOpen(server, 'default', 0)).toBe(0);
  });

  it('is answered with 503 where its sandbox is removed, changed or not', async () => {
    const server = await start();
    const sandbox = await server.createSandbox();
    const rules = ['{"delay_ms":3600000,"times":1}', '{"delay_ms":3600000,"after_handler":true,"times":1}'];
    for (const rule of rules) await addFault(server, rule, sandbox.sandboxId);
    const waiting = [send(sandbox, 'PATCH', {}), send(sandbox, 'PATCH', {})];
    await untilOpen(server, sandbox.sandboxId, 2);
    await sandbox.close();
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([503, 503]);
  });

  it('is no silence that nobody hears', async () => {
    const server = await start();
    await seen(server, 'connection=hang', 'GET', AbortSignal.timeout(SHORT));
    expect(await untilOpen(server, 'default', 0)).toBe(0);
  });
});

async function addFault(server: MockServer, rule: string, sandboxId = 'default'): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const url = `${server.baseUrl}/_mock/sandboxes/${sandboxId}/faults`;
  const answer = await fetch(url, { method: 'POST', headers, body: rule });
  if (answer.status !== 201) throw new Error(await answer.text());
}

/** Asks until so many requests are under way. */
async function untilOpen(server: MockServer, sandboxId = 'default', count = 1): Promise<number> {
  for (;;) {
    const { requests }: Parsed = await (await fetch(`${server.baseUrl}/_mock/sandboxes/${sandboxId}/requests`)).json();
    const open = requests.filter(({ outcome }: { outcome: string }) => outcome === 'open').length;
    if (open === count) return open;
  }
}
