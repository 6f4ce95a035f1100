import { now } from '../domain/real-time.ts';
import type { ControlClient } from './control-client.ts';
import { ControlError } from './control-error.ts';
import type { Sandbox } from './mock-client.ts';
import { buildMockClient } from './remote-sandbox.ts';
import { type TestOptions, TTL_SECONDS, toSandboxOptions } from './test-sandbox.ts';

/** Sandboxes that the first, the second and each further request for a kind makes: a kind may be that of one test only. */
const MADE_AT_ONCE = [1, 4, 10];
/** As soon as so few are left, others are made. */
const FEW = 5;
/** Used sandboxes that one request removes. */
const REMOVED_AT_ONCE = 25;
/** Real milliseconds after which one that nobody has used may be gone: a debugger may have stopped the tests. */
const STALE_MS = (TTL_SECONDS * 1000) / 2;

/** Sandboxes of one kind that nobody has used yet. */
interface Stock {
  sandboxes: { sandbox: Sandbox; madeAt: number }[];
  making: Promise<void> | undefined;
  /** How many requests have made some. */
  requests: number;
  /** The most that one request may make. */
  most: number;
}

/** Gives each test a new sandbox at once: they are made ahead, and removed together. */
export class SandboxPool {
  private readonly client: ControlClient;
  private readonly stocks = new Map<string, Stock>();
  /** Those that keep the keys of their seed, which no other sandbox may have meanwhile. */
  private readonly ofGivenKeys = new Set<string>();
  private used: string[] = [];
  private readonly removals = new Set<Promise<unknown>>();
  private isClosed = false;

  constructor(client: ControlClient) {
    this.client = client;
  }

  /** @throws {ControlError} where the server refuses to make such a sandbox */
  async open(options: TestOptions): Promise<Sandbox> {
    const wanted = toSandboxOptions(options);
    const kind = toKind(wanted);
    if (kind === undefined) return this.openGiven(wanted);
    const stock: Stock = this.stocks.get(kind) ?? { sandboxes: [], making: undefined, requests: 0, most: 10 };
    this.stocks.set(kind, stock);
    for (;;) {
      if (this.isClosed) throw new ControlError('the tests that the sandbox is for are over');
      while (now() - (stock.sandboxes[0]?.madeAt ?? now()) > STALE_MS) stock.sandboxes.shift();
      const mayMake = stock.sandboxes.length === 0 || (stock.requests > 1 && stock.sandboxes.length <= FEW);
      if (mayMake) this.makeAhead(stock, wanted);
      const made = stock.sandboxes.shift();
      if (made !== undefined) return made.sandbox;
      await stock.making;
    }
  }

  /** Removes it, sooner or later; at once where the next one needs its keys. */
  async release({ sandboxId }: Sandbox): Promise<void> {
    if (this.ofGivenKeys.delete(sandboxId)) await this.client.call('POST', '/sandboxes/delete', { ids: [sandboxId] });
    else this.removeLater(sandboxId);
  }

  /** Removes every sandbox that it made and that was released, or never used. */
  async close(): Promise<void> {
    this.isClosed = true;
    const stocks = [...this.stocks.values()];
    await Promise.allSettled(stocks.map(({ making }) => making));
    for (const { sandboxes } of stocks) {
      for (const { sandbox } of sandboxes.splice(0)) this.removeLater(sandbox.sandboxId);
    }
    this.removeUsed();
    await Promise.all(this.removals);
  }

  private async openGiven(wanted: TestOptions): Promise<Sandbox> {
    const sandbox = await buildMockClient(this.client).createSandbox(wanted);
    this.ofGivenKeys.add(sandbox.sandboxId);
    return sandbox;
  }

  private makeAhead(stock: Stock, wanted: TestOptions): void {
    if (stock.making !== undefined) return;
    const count = Math.min(MADE_AT_ONCE[stock.requests] ?? stock.most, stock.most);
    stock.requests++;
    const making = buildMockClient(this.client)
      .createSandboxes(count, wanted)
      .then((made) => {
        for (const sandbox of made) stock.sandboxes.push({ sandbox, madeAt: now() });
      })
      .catch((error) => {
        // So many of this size may be too much: one may not.
        if (count === 1 || !(error instanceof ControlError) || error.status !== 422) throw error;
        stock.most = 1;
      })
      .finally(() => {
        stock.making = undefined;
      });
    // Whoever waits for it sees the error; made ahead, it is made again for the next one.
    making.catch(() => {});
    stock.making = making;
  }

  private removeLater(sandboxId: string): void {
    this.used.push(sandboxId);
    if (this.used.length >= REMOVED_AT_ONCE) this.removeUsed();
  }

  private removeUsed(): void {
    if (this.used.length === 0) return;
    const removal = this.client.call('POST', '/sandboxes/delete', { ids: this.used });
    this.used = [];
    this.removals.add(removal);
    removal.then(
      () => this.removals.delete(removal),
      // Whoever closes the pool sees it.
      () => {},
    );
  }
}

/** What tells kinds apart; undefined for what is made one by one, or is no JSON, which the making refuses. */
function toKind(wanted: TestOptions): string | undefined {
  if (wanted.keys === 'as_given') return undefined;
  try {
    return JSON.stringify(wanted);
  } catch {
    return undefined;
  }
}
