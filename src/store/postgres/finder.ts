import { timeOf } from '../../domain/clock.ts';
import { countCharacters, type Organization } from '../../domain/organization.ts';
import { setImmediate } from '../../domain/real-time.ts';
import type { Settings } from '../../domain/state.ts';
import { BoundedCache } from '../bounded-cache.ts';
import type { Found } from '../store.ts';
import type { Connections, Row } from './connections.ts';
import { API_KEYS, ORGANIZATIONS, REAL } from './rows.ts';

/** Statements on their way at once. */
const AT_ONCE = 2;
/** What is kept in memory once it was read. */
const MAX_KEYS = 10_000;
const MAX_ORGANIZATIONS = 10_000;
const MAX_SANDBOXES = 10_000;
const MAX_CHARACTERS = 8 * 1024 * 1024;

/** Versions that a key led to. */
interface Versions {
  organization: string;
  settings: string;
}

const prefixed = (prefix: string, members: string) => members.replaceAll(/\w+/g, `${prefix}.$&`);
// What was read before, of the same version, is not sent again.
const organizationColumns = ORGANIZATIONS.selected.replaceAll(
  /\w+/g,
  (member) => `CASE WHEN o.version = asked.organization THEN NULL ELSE o.${member} END AS o_${member}`,
);
// One row after another: a plan that was made while tables were small would read all of them when they are large.
const FIND = `
  SELECT asked.key_hash AS asked_hash, s.generation, s.created_at, s.expires_at AS sandbox_expires_at, k.sandbox_id, ${prefixed('k', API_KEYS.selected)}, ${REAL} AS real,
    st.version AS settings_version, CASE WHEN st.version = asked.settings THEN NULL ELSE st.settings END AS settings,
    o.version AS organization_version, ${organizationColumns}
  FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS asked (key_hash, organization, settings)
  JOIN LATERAL (SELECT sandbox_id, ${API_KEYS.selected} FROM api_keys WHERE key_hash = asked.key_hash AND snapshot = '' LIMIT 1) AS k ON true
  JOIN LATERAL (SELECT generation, created_at, expires_at FROM sandboxes WHERE sandbox_id = k.sandbox_id LIMIT 1) AS s ON true
  JOIN LATERAL (SELECT version, settings FROM states WHERE sandbox_id = k.sandbox_id AND snapshot = '' LIMIT 1) AS st ON true
  JOIN LATERAL (
    SELECT version, ${ORGANIZATIONS.selected} FROM organizations
    WHERE sandbox_id = k.sandbox_id AND snapshot = '' AND organization_id = k.organization_id LIMIT 1
  ) AS o ON true`;

interface Versioned<Value> {
  version: string;
  value: Value;
}

/** What a key led to when it was last asked for, as far as it is still here. */
interface Known {
  organization?: Versioned<Organization>;
  settings?: Versioned<Settings>;
}

interface Waiting {
  resolve(found: Found | undefined): void;
  reject(error: unknown): void;
}

/**
 * Finds what requests need to know: all that came in one turn by one statement, which sees what was committed when it began. What
 * is kept in memory decides nothing: it is used where the engine says that it has the same version.
 */
export class Finder {
  private readonly connections: Connections;
  private waiting = new Map<string, Waiting[]>();
  private underWay = 0;
  private isScheduled = false;
  private readonly versions = new BoundedCache<Versions>(MAX_KEYS);
  private readonly organizations = new BoundedCache<Organization>(MAX_ORGANIZATIONS, MAX_CHARACTERS, countCharacters);
  private readonly settings = new BoundedCache<Settings>(MAX_SANDBOXES, MAX_CHARACTERS, lengthOf);

  constructor(connections: Connections) {
    this.connections = connections;
  }

  find(keyHash: string): Promise<Found | undefined> {
    return new Promise((resolve, reject) => {
      const others = this.waiting.get(keyHash) ?? [];
      others.push({ resolve, reject });
      this.waiting.set(keyHash, others);
      this.schedule();
    });
  }

  private schedule(): void {
    if (this.isScheduled || this.waiting.size === 0 || this.underWay >= AT_ONCE) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.isScheduled = false;
      const waiting = this.waiting;
      this.waiting = new Map();
      this.underWay++;
      void this.answer(waiting).finally(() => {
        this.underWay--;
        this.schedule();
      });
    });
  }

  private async answer(waiting: Map<string, Waiting[]>): Promise<void> {
    try {
      const known = new Map([...waiting.keys()].map((hash) => [hash, this.knownOf(hash)]));
      const rows = await this.connections.read(FIND, [
        [...known.keys()],
        [...known.values()].map(({ organization }) => organization?.version ?? '0'),
        [...known.values()].map(({ settings }) => settings?.version ?? '0'),
      ]);
      const found = new Map(
        rows.map((row) => [String(row.asked_hash), this.toFound(row, known.get(String(row.asked_hash)) ?? {})]),
      );
      for (const [hash, all] of waiting) for (const { resolve } of all) resolve(found.get(hash));
    } catch (error) {
      for (const all of waiting.values()) for (const { reject } of all) reject(error);
    }
  }

  private knownOf(keyHash: string): Known {
    const versions = this.versions.get(keyHash);
    if (versions === undefined) return {};
    const organization = this.organizations.get(versions.organization);
    const settings = this.settings.get(versions.settings);
    return {
      ...(organization && { organization: { version: versions.organization, value: organization } }),
      ...(settings && { settings: { version: versions.settings, value: settings } }),
    };
  }

  private toFound(row: Row, known: Known): Found {
    const versions = { organization: String(row.organization_version), settings: String(row.settings_version) };
    this.versions.set(String(row.asked_hash), versions);
    const settings = pick(known.settings, versions.settings, this.settings, () => JSON.parse(String(row.settings)));
    const organization = pick(known.organization, versions.organization, this.organizations, () =>
      ORGANIZATIONS.toValue(withoutPrefix(row)),
    );
    return {
      sandbox_id: String(row.sandbox_id),
      settings,
      generation: Number(row.generation),
      now: timeOf(settings.clock, Number(row.real)),
      real: Number(row.real),
      created_at: Number(row.created_at),
      expires_at: row.sandbox_expires_at == null ? null : Number(row.sandbox_expires_at),
      api_key: API_KEYS.toValue(row),
      organization,
    };
  }
}

/** The value of a version: what was known when it was asked for, or what was sent. */
function pick<Value>(
  known: Versioned<Value> | undefined,
  version: string,
  cache: BoundedCache<Value>,
  read: () => Value,
): Value {
  if (known?.version === version) return known.value;
  const cached = cache.get(version);
  if (cached !== undefined) return cached;
  const value = read();
  cache.set(version, value);
  return value;
}

/** Fault rules may be long. */
const lengthOf = (settings: Settings): number => JSON.stringify(settings).length;

const withoutPrefix = (row: Row): Row =>
  Object.fromEntries(
    Object.entries(row).flatMap(([name, value]) => (name.startsWith('o_') ? [[name.slice(2), value]] : [])),
  );
