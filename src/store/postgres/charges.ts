import { type Spending, spendingOf } from '../../domain/rate-limiter.ts';
import { setImmediate } from '../../domain/real-time.ts';
import type { Connections } from './connections.ts';
import type { Health } from './health.ts';

/** What is charged: `count` requests of a bucket, all or none. */
export interface Charge {
  sandboxId: string;
  generation: number;
  apiKeyId: string;
  category: string;
  /** Requests per minute. */
  limit: number;
  /** Milliseconds since 1970. */
  now: number;
  count: number;
}

interface Waiting extends Charge {
  resolve(spending: Spending): void;
  reject(error: unknown): void;
}

/** The debt of a bucket at a moment, under a limit that may have changed: `toDebt` of the domain. */
export const toDebt = (limit: string, now: string): string => {
  const debt = `greatest(0, b.debt - b.requests::numeric * greatest(0, ${now} - b.at))`;
  const capacity = `60000::numeric * ${limit}`;
  const left = `(60000::numeric * b.requests - ${debt})`;
  return `CASE WHEN ${limit} >= b.requests THEN ${debt} WHEN ${left} > ${capacity} THEN 0 ELSE ${capacity} - ${left} END`;
};

/** As this program would sort them, whatever the engine thinks of the alphabet. */
export const inOrder = (row: string): string =>
  `${row}.sandbox_id COLLATE "C", ${row}.generation, ${row}.api_key_id COLLATE "C", ${row}.category COLLATE "C"`;

const BEFORE = toDebt('excluded.requests', 'excluded.at');
const allowedOf = (debt: string, row: string) =>
  `greatest(0, least(${row}.asked, floor((60000::numeric * ${row}.requests - ${debt}) / (60000::numeric * ${row}.unit))))`;

const CHARGE = `
  INSERT INTO buckets AS b (sandbox_id, generation, api_key_id, category, requests, at, unit, asked, allowed, debt)
  SELECT c.sandbox_id, c.generation, c.api_key_id, c.category, c.requests, c.at, c.unit, c.asked,
    ${allowedOf('0', 'c')}, 60000::numeric * c.unit * ${allowedOf('0', 'c')}
  FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[])
    AS c (sandbox_id, generation, api_key_id, category, requests, at, unit, asked)
  ORDER BY ${inOrder('c')}
  ON CONFLICT (sandbox_id, generation, api_key_id, category) DO UPDATE SET
    requests = excluded.requests, at = greatest(b.at, excluded.at), unit = excluded.unit, asked = excluded.asked,
    used = excluded.used, before = ${BEFORE}, allowed = ${allowedOf(`(${BEFORE})`, 'excluded')},
    debt = ${BEFORE} + 60000::numeric * excluded.unit * ${allowedOf(`(${BEFORE})`, 'excluded')}
  RETURNING sandbox_id, generation, api_key_id, category, before, allowed, debt, at`;

/**
 * Charges buckets: all that came in one turn by one statement, those of the same bucket as one. The rule is that of the domain,
 * written once more, in the language of the engine, so that it holds over all who share it.
 */
export class Charges {
  private readonly connections: Connections;
  private readonly health: Health;
  private waiting: Waiting[] = [];
  private isUnderWay = false;

  constructor(connections: Connections, health: Health) {
    this.connections = connections;
    this.health = health;
  }

  charge(charge: Charge): Promise<Spending> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ ...charge, resolve, reject });
      this.schedule();
    });
  }

  private schedule(): void {
    if (this.isUnderWay || this.waiting.length === 0) return;
    this.isUnderWay = true;
    setImmediate(() => {
      const { first, later } = group(this.waiting);
      this.waiting = later;
      void this.write(first).finally(() => {
        this.isUnderWay = false;
        this.schedule();
      });
    });
  }

  private async write(groups: Waiting[][]): Promise<void> {
    try {
      const of = <T>(read: (charge: Waiting, all: Waiting[]) => T) => groups.map((all) => read(all[0] as Waiting, all));
      const rows = await this.health.watchWrite(() =>
        this.connections.write(CHARGE, [
          of(({ sandboxId }) => sandboxId),
          of(({ generation }) => generation),
          of(({ apiKeyId }) => apiKeyId),
          of(({ category }) => category),
          of(({ limit }) => limit),
          of((_, all) => Math.max(...all.map(({ now }) => now))),
          of(({ count }) => count),
          of((_, all) => all.length),
        ]),
      );
      const byBucket = new Map(rows.map((row) => [placeOf(row), row]));
      for (const all of groups) {
        const [{ sandboxId: sandbox_id, generation, apiKeyId: api_key_id, category }] = all as [Waiting];
        const row = byBucket.get(placeOf({ sandbox_id, generation, api_key_id, category }));
        const [before, allowed] = [BigInt(String(row?.before)), Number(row?.allowed)];
        for (const [index, { limit, now, count, resolve }] of all.entries()) {
          const spent = BigInt(Math.min(index, allowed)) * BigInt(count);
          resolve(spendingOf(before + 60_000n * spent, limit, now, count));
        }
      }
    } catch (error) {
      for (const { reject } of groups.flat()) reject(error);
    }
  }
}

const placeOf = ({ sandbox_id, generation, api_key_id, category }: Record<string, unknown>) =>
  `${sandbox_id} ${generation} ${api_key_id} ${category}`;

/** One statement changes a bucket once: what is charged in another way has to wait for the next. */
function group(waiting: Waiting[]): { first: Waiting[][]; later: Waiting[] } {
  const groups = new Map<string, Waiting[]>();
  const later: Waiting[] = [];
  for (const charge of waiting) {
    const { sandboxId: sandbox_id, generation, apiKeyId: api_key_id, category, limit, count } = charge;
    const place = placeOf({ sandbox_id, generation, api_key_id, category });
    const others = groups.get(place);
    if (others === undefined) groups.set(place, [charge]);
    else if (others[0]?.limit === limit && others[0].count === count) others.push(charge);
    else later.push(charge);
  }
  return { first: [...groups.values()], later };
}
