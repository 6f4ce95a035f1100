import { expect, it, onTestFailed } from 'vitest';
import { DEFAULT_TIERS, type Tiers } from '../src/domain/rate-limits.ts';
import type { Settings } from '../src/domain/state.ts';
import { buildAsk } from './support/ask.ts';
import { ADMIN, buildTestApp, type TestApp } from './support/harness.ts';
import { buildNumbers, JOURNAL_SIZE, type MadeWorld, ModelClient, ORGANIZATION_ID } from './support/isolation.ts';
import { type Chance, STEPS } from './support/isolation-steps.ts';

/** What the sandboxes of a batch are made with; each batch is of another century. */
const BATCHES: Omit<Settings, 'tiers' | 'clock' | 'faults'>[] = [
  { api_version: '0.81', unknown_fields: 'ignore', limits: 'enforce' },
  { api_version: '0.82', unknown_fields: 'reject', limits: 'enforce' },
  { api_version: '0.81', unknown_fields: 'reject', limits: 'headers' },
  { api_version: '0.82', unknown_fields: 'ignore', limits: 'off' },
];
const SANDBOXES_OF_BATCH = 50;
/** Steps of each client, where no time is given. */
const STEPS_OF_CLIENT = 4;

const { ISOLATION_SECONDS, ISOLATION_SEED } = process.env;
const seconds = Number(ISOLATION_SECONDS ?? 0);

async function make(app: TestApp, batch: number): Promise<MadeWorld[]> {
  const { [batch]: settings } = BATCHES;
  if (settings === undefined) throw new Error('there is no such batch');
  const now = Date.UTC(2000 + 100 * batch, 0, 1);
  const enterprise = { ...DEFAULT_TIERS.enterprise, metadata: 1000 + batch };
  const tiers: Tiers = { ...DEFAULT_TIERS, enterprise };
  const seed = { version: 1, organizations: [{ organization_id: ORGANIZATION_ID, account_type: 'free' }] };
  const { json } = await buildAsk(app)('POST', '', {
    count: SANDBOXES_OF_BATCH,
    seed,
    clock: new Date(now).toISOString(),
    tiers: { enterprise: { metadata: enterprise.metadata } },
    ...settings,
  });
  return json.sandboxes.map((made: MadeWorld) => ({ ...made, settings: { ...settings, tiers }, now }));
}

it(
  '200 sandboxes that are used at once are 200 worlds: nobody sees, changes or pays for what is of another',
  async () => {
    const seed = Number(ISOLATION_SEED ?? Math.floor(Math.random() * 2 ** 32));
    onTestFailed(() => console.error(`ISOLATION_SEED=${seed} ISOLATION_SECONDS=${seconds} repeats it`));
    const app = await buildTestApp({ journalSize: JOURNAL_SIZE });
    const made = await Promise.all(BATCHES.map((_, batch) => make(app, batch)));
    const clients = await Promise.all(made.flat().map((one) => ModelClient.open(app, one)));
    const end = performance.now() + seconds * 1000;
    const work = async (client: ModelClient, index: number) => {
      const next = buildNumbers(seed + index);
      const below = (limit: number) => Math.floor(next() * limit);
      const oneOf = <T>(values: readonly T[]) => values[below(values.length)] as T;
      const stranger = () => oneOf(clients.filter((other) => other !== client));
      const chance: Chance = { below, oneOf, stranger };
      for (let step = 0; seconds === 0 ? step < STEPS_OF_CLIENT : performance.now() < end; step++) {
        await oneOf(STEPS)(client, chance);
        await client.check();
      }
    };
    const outcomes = await Promise.allSettled(clients.map(work));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    const statuses = new Set(clients.flatMap((client) => [...client.statuses]));
    expect([...statuses].sort()).toEqual([200, 401, 422, 429, 501]);
    const { sandbox } = (await app.sandboxes.find('default')) ?? {};
    expect([sandbox?.journal.list(), await sandbox?.buckets.list()]).toEqual([[], []]);
    expect((await app.get({ authorization: `Bearer ${ADMIN}` })).json.organization_name).toBe('Acme Corporation');
  },
  30_000 + seconds * 2000,
);
