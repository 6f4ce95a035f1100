import type { ApiKey } from '../../domain/api-key.ts';
import type { FaultRule } from '../../domain/fault.ts';
import type { Organization } from '../../domain/organization.ts';
import { buildRandom, drawFraction } from '../../domain/random.ts';
import type { Bucket } from '../../domain/rate-limiter.ts';
import { hasSameLimits, limitsOf, type RateLimitCategory } from '../../domain/rate-limits.ts';
import { isStorable } from '../../domain/text.ts';
import type { Buckets, FaultCounters, FaultCounts, GoneKeys, KeyBuckets, SharedRuns } from '../runtime.ts';
import type { Updated } from '../store.ts';
import { Charges, inOrder, toDebt } from './charges.ts';
import type { Connections, Session } from './connections.ts';
import type { Health } from './health.ts';
import { Journals } from './journals.ts';
import { API_KEYS } from './rows.ts';

// In the order in which charges take them, so that no two wait for each other.
const LOCKED = `(SELECT b.sandbox_id, b.generation, b.api_key_id, b.category FROM buckets AS b WHERE b.sandbox_id = $1 ORDER BY ${inOrder('b')} FOR UPDATE)`;
const SAME = `b.sandbox_id = locked.sandbox_id AND b.generation = locked.generation AND b.api_key_id = locked.api_key_id
  AND b.category = locked.category`;

/** What the processes that share an engine share of the run of a world. */
export class Runs implements SharedRuns {
  private readonly connections: Connections;
  private readonly health: Health;
  private readonly charges: Charges;
  private readonly journals: Journals;

  constructor(connections: Connections, health: Health) {
    this.connections = connections;
    this.health = health;
    this.charges = new Charges(connections, health);
    this.journals = new Journals(connections, health);
  }

  openJournal = (sandboxId: string, size: number) => this.journals.open(sandboxId, size);
  settle = () => this.health.watchWrite(() => this.journals.settle());
  onSettle = (write: () => Promise<void>) => this.journals.onSettle(write);
  begin = async () => {
    await this.connections.transactLarge(forgetGone);
    await this.journals.begin();
  };
  close = () => this.journals.close();

  openBuckets(sandboxId: string, generation: number): Buckets {
    const { charges } = this;
    const write = (text: string, values: (string | number | null)[]) =>
      this.health.watchWrite(() => this.connections.write(text, values));
    let version = 0;
    return {
      charge: ({ api_key_id }, category, limit, now, count = 1) =>
        charges.charge({ sandboxId, generation, apiKeyId: api_key_id, category, limit, now, count }),
      changeLimits: async () => {},
      moveBack: async () => {},
      refill: async (apiKeyId, category) => {
        if (apiKeyId !== undefined && !isStorable(apiKeyId)) return;
        await write(
          `UPDATE buckets SET debt = 0 WHERE sandbox_id = $1 AND generation = $2
           AND ($3::text IS NULL OR api_key_id = $3) AND ($4::text IS NULL OR category = $4)`,
          [sandboxId, generation, apiKeyId ?? null, category ?? null],
        );
      },
      areFull: () => true,
      forget: async (_gone: GoneKeys) => {
        await write(
          `DELETE FROM buckets AS b WHERE sandbox_id = $1 AND generation = $2 AND NOT EXISTS (
             SELECT FROM api_keys AS k WHERE k.sandbox_id = $1 AND k.snapshot = '' AND k.api_key_id = b.api_key_id
           )`,
          [sandboxId, generation],
        );
      },
      // Others may have charged.
      get version() {
        return ++version;
      },
      list: () => this.listBuckets(sandboxId, generation),
    };
  }

  openFaultCounters(sandboxId: string, generation: number): FaultCounters {
    const place = [sandboxId, generation] as const;
    const write = (text: string, values: readonly (string | number | readonly string[])[]) =>
      this.health.watchWrite(() => this.connections.write(text, values));
    return {
      isUnused: true,
      count: async ({ id, after = 0, every = 1, times, probability = 1, random_seed }: FaultRule, draw) => {
        const [counted] = await write(
          `INSERT INTO fault_counters AS c (sandbox_id, generation, fault_id, matched, fired) VALUES ($1, $2, $3, 1, 0)
           ON CONFLICT (sandbox_id, generation, fault_id) DO UPDATE SET matched = c.matched + 1 RETURNING matched`,
          [...place, id],
        );
        const matched = Number(counted?.matched);
        const behind = matched - after;
        if (
          behind < 1 ||
          behind % every !== 0 ||
          (probability < 1 && toDraw(random_seed, matched, draw) >= probability)
        )
          return undefined;
        const fired = await write(
          `UPDATE fault_counters SET fired = fired + 1 WHERE sandbox_id = $1 AND generation = $2 AND fault_id = $3
           AND fired < $4 RETURNING fired`,
          [...place, id, times ?? Number.MAX_SAFE_INTEGER],
        );
        return fired.length === 0 ? undefined : matched;
      },
      read: async () => {
        const rows = await this.health.watch(() =>
          this.connections.read(
            'SELECT fault_id, matched, fired FROM fault_counters WHERE sandbox_id = $1 AND generation = $2',
            [...place],
          ),
        );
        return new Map<string, FaultCounts>(
          rows.map(({ fault_id, matched, fired }) => [
            String(fault_id),
            { matched: Number(matched), fired: Number(fired) },
          ]),
        );
      },
      // That was done with the change of the settings.
      keepOnly: async () => {},
    };
  }

  private async listBuckets(sandboxId: string, generation: number): Promise<KeyBuckets[]> {
    const rows = await this.health.watch(() =>
      this.connections.read(
        `SELECT b.category, b.requests, b.debt, b.at, b.used, ${API_KEYS.selected.replaceAll(/\w+/g, 'k.$&')}
         FROM buckets AS b JOIN api_keys AS k ON k.sandbox_id = b.sandbox_id AND k.snapshot = '' AND k.api_key_id = b.api_key_id
         WHERE b.sandbox_id = $1 AND b.generation = $2 ORDER BY b.used`,
        [sandboxId, generation],
      ),
    );
    const byKey = new Map<string, KeyBuckets>();
    for (const row of rows) {
      const apiKey: ApiKey = API_KEYS.toValue(row);
      const kept: KeyBuckets = byKey.get(apiKey.api_key_id) ?? { apiKey, byCategory: {}, used: 0 };
      kept.used = Number(row.used);
      const bucket: Bucket = { limit: Number(row.requests), debt: BigInt(String(row.debt)), at: Number(row.at) };
      if (bucket.debt > 0n) kept.byCategory[row.category as RateLimitCategory] = bucket;
      byKey.set(apiKey.api_key_id, kept);
    }
    return [...byKey.values()];
  }
}

/** With a seed it follows from the place of the request, whichever process draws. */
const toDraw = (seed: number | undefined, place: number, draw: () => number): number =>
  seed === undefined ? draw() : drawFraction(buildRandom(seed, `fault ${place}`));

/** With the state that is replaced, or the sandbox that is removed, what was of its run goes. */
export async function forgetRun(session: Session, sandboxIds: readonly string[]): Promise<void> {
  await session.query('DELETE FROM buckets WHERE sandbox_id = ANY ($1::text[])', [sandboxIds]);
  await session.query('DELETE FROM fault_counters WHERE sandbox_id = ANY ($1::text[])', [sandboxIds]);
  await session.query('DELETE FROM journal WHERE sandbox_id = ANY ($1::text[])', [sandboxIds]);
  await session.query('UPDATE sandboxes SET journal_start = last_seq WHERE sandbox_id = ANY ($1::text[])', [
    sandboxIds,
  ]);
}

/** In the transaction of a change of settings: counts of rules that are gone go. */
export async function forgetFaults(session: Session, sandboxId: string, rules: readonly FaultRule[]): Promise<void> {
  await session.query('DELETE FROM fault_counters WHERE sandbox_id = $1 AND fault_id <> ALL ($2::text[])', [
    sandboxId,
    rules.map(({ id }) => id),
  ]);
}

/** What requests left behind that were under way when their state was replaced, or their sandbox removed. */
export async function forgetGone(session: Session): Promise<void> {
  for (const table of ['buckets', 'fault_counters']) {
    await session.query(
      `DELETE FROM ${table} AS old WHERE NOT EXISTS (
         SELECT FROM sandboxes AS s WHERE s.sandbox_id = old.sandbox_id AND s.generation = old.generation
       )`,
    );
  }
}

/** In the transaction of a change of an organization: limits that change hold at once. */
export function changeLimits(
  session: Session,
  sandboxId: string,
  { before, after, settings, now }: Updated<Organization | undefined>,
): Promise<unknown> | undefined {
  if (before === undefined || after === undefined || hasSameLimits(before, after)) return undefined;
  const limits = Object.entries(limitsOf(settings.tiers, after));
  return session.query(
    `WITH locked AS MATERIALIZED ${LOCKED}
     UPDATE buckets AS b SET debt = ${toDebt('changed.requests', '$3::bigint')}, requests = changed.requests, at = greatest(b.at, $3)
     FROM locked JOIN unnest($4::text[], $5::bigint[]) AS changed (category, requests) ON changed.category = locked.category
     WHERE ${SAME} AND b.api_key_id IN (
       SELECT api_key_id FROM api_keys WHERE sandbox_id = $1 AND snapshot = '' AND organization_id = $2
     )`,
    [sandboxId, after.organization_id, now, limits.map(([category]) => category), limits.map(([, limit]) => limit)],
  );
}

/** In the transaction of a change of settings: a clock that goes back takes the buckets with it. */
export async function moveBack(session: Session, sandboxId: string, from: number, to: number): Promise<void> {
  await session.query(
    `WITH locked AS MATERIALIZED ${LOCKED}
     UPDATE buckets AS b SET debt = greatest(0, b.debt - b.requests::numeric * greatest(0, $2::bigint - b.at)), at = $3
     FROM locked WHERE ${SAME}`,
    [sandboxId, from, to],
  );
}
