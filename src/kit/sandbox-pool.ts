import type { ControlClient } from './control-client.ts';
import type { Sandbox } from './mock-client.ts';
import { buildMockClient } from './remote-sandbox.ts';
import { type TestOptions, toSandboxOptions } from './test-sandbox.ts';

/** Sandboxes that one request makes. */
const MADE_AT_ONCE = 10;
/** As soon as so few are left, others are made. */
const FEW = 5;
/** Used sandboxes that one request removes. */
const REMOVED_AT_ONCE = 25;

/** Gives each test a new sandbox at once: they are made ahead, and removed together. */
export class SandboxPool {
  private readonly client: ControlClient;
  /** Those that nobody has used yet, and those that are being made, by what they are to be. */
  private readonly ready = new Map<string, { sandboxes: Sandbox[]; making: Promise<void> | undefined }>();
  private used: string[] = [];
  private readonly removals = new Set<Promise<unknown>>();

  constructor(client: ControlClient) {
    this.client = client;
  }

  /** @throws {ControlError} where the server refuses to make such a sandbox */
  async open(options: TestOptions): Promise<Sandbox> {
    const wanted = toSandboxOptions(options);
    // A seed that keeps its keys can be in one sandbox only.
    if (wanted.keys === 'as_given') return buildMockClient(this.client).createSandbox(wanted);
    const kind = JSON.stringify(wanted);
    const stock = this.ready.get(kind) ?? { sandboxes: [], making: undefined };
    this.ready.set(kind, stock);
    for (;;) {
      if (stock.sandboxes.length <= FEW) {
        stock.making ??= buildMockClient(this.client)
          .createSandboxes(MADE_AT_ONCE, wanted)
          .then((made) => void stock.sandboxes.push(...made))
          .finally(() => {
            stock.making = undefined;
          });
        // Whoever waits for it sees the error; made ahead, it is made again for the next one.
        stock.making.catch(() => {});
      }
      const sandbox = stock.sandboxes.shift();
      if (sandbox !== undefined) return sandbox;
      await stock.making;
    }
  }

  /** Removes it, sooner or later. */
  release({ sandboxId }: Sandbox): void {
    this.used.push(sandboxId);
    if (this.used.length >= REMOVED_AT_ONCE) this.removeUsed();
  }

  /** Removes every sandbox that it made and that was released, or never used. */
  async close(): Promise<void> {
    const stocks = [...this.ready.values()];
    await Promise.allSettled(stocks.map(({ making }) => making));
    for (const { sandboxes } of stocks) for (const sandbox of sandboxes.splice(0)) this.release(sandbox);
    this.removeUsed();
    await Promise.all(this.removals);
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
