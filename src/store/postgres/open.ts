import type { ApiKey } from '../../domain/api-key.ts';
import { timeOf } from '../../domain/clock.ts';
import { conflict } from '../../domain/errors.ts';
import type { Organization } from '../../domain/organization.ts';
import type { Settings } from '../../domain/state.ts';
import {
  type ApiKeyFilter,
  type Found,
  type OrganizationFilter,
  type Report,
  SandboxGoneError,
  type Store,
  type Updated,
  type Updater,
} from '../store.ts';
import { Connections, type Session } from './connections.ts';
import { Finder } from './finder.ts';
import { Health } from './health.ts';
import { migrate } from './migrate.ts';
import { OrganizationWriter } from './organization-writer.ts';
import * as rows from './rows.ts';
import { API_KEYS, lockKeys, ORGANIZATIONS, requireFree } from './rows.ts';
import { changeLimits, forgetRun, moveBack, Runs } from './runs.ts';
import * as sandboxes from './sandbox-rows.ts';
import { readTarget, type Target } from './target.ts';
import { Turns } from './turns.ts';

export { readTarget };

export interface PostgresStoreOptions {
  target: Target;
  /** The folder of the migrations. */
  migrations: string;
  report: Report;
}

/** The most milliseconds that replacing a whole state may take: it may be a large one. */
const LARGE_MS = 60_000;

/**
 * Opens a store in a PostgreSQL database, which several processes may share.
 * @throws {StorageError} when it cannot be used
 */
export async function openPostgresStore({ target, migrations, report }: PostgresStoreOptions): Promise<Store> {
  const connections = new Connections(target);
  try {
    await migrate(connections, migrations);
    return new PostgresStore(connections, report);
  } catch (error) {
    await connections.close();
    throw error;
  }
}

class PostgresStore implements Store {
  private readonly connections: Connections;
  private readonly finder: Finder;
  private readonly writer: OrganizationWriter;
  private readonly turns = new Turns();
  private readonly health: Health;
  readonly shared: Runs;
  /** By their hashes: in no table. */
  private readonly lentKeys = new Map<string, { sandboxId: string; apiKey: ApiKey }>();
  private isClosed = false;

  constructor(connections: Connections, report: Report) {
    this.connections = connections;
    this.finder = new Finder(connections);
    this.health = new Health(connections, report);
    this.shared = new Runs(connections, this.health);
    this.writer = new OrganizationWriter(connections, (unit) => this.updateAlone(unit), changeLimits);
  }

  canRead = (): Promise<boolean> => this.health.isReady();
  canWrite = (): Promise<boolean> => this.health.isReady();
  announce(): void {}

  async find(keyHash: string): Promise<Found | undefined> {
    const lent = this.lentKeys.get(keyHash);
    if (lent === undefined) return this.health.watch(() => this.finder.find(keyHash));
    const sandbox = await this.findSandbox(lent.sandboxId);
    const organization = await this.findOrganization(lent.sandboxId, lent.apiKey.organization_id);
    if (sandbox === undefined || organization === undefined) return undefined;
    const { sandbox_id, settings, generation, now, created_at } = sandbox;
    return { sandbox_id, settings, generation, now, created_at, api_key: lent.apiKey, organization };
  }

  findSandbox = (sandboxId: string) => this.watchRead((read) => sandboxes.findSandbox(read, sandboxId));
  findOrganization = (sandboxId: string, id: string) =>
    this.watchRead((read) => ORGANIZATIONS.find(read, sandboxId, id));
  pageOrganizations = (sandboxId: string, after: number, limit: number) =>
    this.watchRead((read) => ORGANIZATIONS.page(read, sandboxId, after, limit));
  pageApiKeys = (sandboxId: string, after: number, limit: number) =>
    this.watchRead((read) => API_KEYS.page(read, sandboxId, after, limit));
  pageSandboxes = (after: number, limit: number) =>
    this.watchRead((read) => sandboxes.pageSandboxes(read, after, limit));
  listSandbox = (sandboxId: string) => this.watchRead((read) => sandboxes.listSandbox(read, sandboxId));
  listExpired = (before: number) => this.watchRead((read) => sandboxes.listExpired(read, before));
  readSettings = (sandboxId: string, snapshot: string) =>
    this.watchRead((read) => rows.readSettings(read, sandboxId, snapshot));
  listSnapshots = (sandboxId: string) => this.watchRead((read) => rows.listSnapshots(read, sandboxId));

  /** In a transaction, so that it is all of one moment. */
  readState(sandboxId: string, snapshot = '') {
    return this.watchWrite(async (session) => {
      await session.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
      return rows.readState(session.query, sandboxId, snapshot);
    }, LARGE_MS);
  }

  listOrganizations(sandboxId: string, { organization_ids, limit }: OrganizationFilter): Promise<Organization[]> {
    return this.watchRead(async (read) => {
      const all = await ORGANIZATIONS.list(read, sandboxId, '', organization_ids === undefined ? limit : undefined);
      if (organization_ids === undefined) return all;
      const byId = new Map(all.map((one) => [one.organization_id, one]));
      return organization_ids.flatMap((id) => byId.get(id) ?? []);
    });
  }

  listApiKeys(sandboxId: string, { key_hashes, api_key_id, limit }: ApiKeyFilter): Promise<ApiKey[]> {
    return this.watchRead(async (read) => {
      if (api_key_id !== undefined) {
        const lent = [...this.lentKeys.values()].find((one) => one.apiKey.api_key_id === api_key_id);
        const found = await API_KEYS.find(read, sandboxId, api_key_id);
        return [found ?? (lent?.sandboxId === sandboxId ? lent.apiKey : [])].flat();
      }
      if (key_hashes === undefined) return API_KEYS.list(read, sandboxId, '', limit);
      const text = `SELECT ${API_KEYS.selected} FROM api_keys WHERE sandbox_id = $1 AND snapshot = '' AND key_hash = ANY ($2::text[])`;
      const byHash = new Map(
        (await read(text, [sandboxId, key_hashes])).map((row) => [String(row.key_hash), API_KEYS.toValue(row)]),
      );
      return key_hashes.flatMap((keyHash) => byHash.get(keyHash) ?? []);
    });
  }

  updateOrganization(sandboxId: string, organizationId: string, change: Updater<Organization | undefined>) {
    return this.write(() => this.turns.join(sandboxId, () => this.writer.update(sandboxId, organizationId, change)));
  }

  updateApiKey(sandboxId: string, apiKeyId: string, change: Updater<ApiKey | undefined>) {
    return this.alone(sandboxId, async (session): Promise<Updated<ApiKey | undefined>> => {
      const { settings, now, real } = await requireSandbox(session, sandboxId);
      const before = await API_KEYS.find(session.query, sandboxId, apiKeyId, true);
      const after = change(before, now, real);
      const updated = { before, after, settings, now, real };
      if (after === before) return updated;
      if (after === undefined) await API_KEYS.remove(session, sandboxId, apiKeyId);
      else {
        await this.requireFree(session, sandboxId, [after]);
        if (!(await ORGANIZATIONS.find(session.query, sandboxId, after.organization_id, true))) {
          throw conflict(`There is no organization ${after.organization_id}`, 'name one that there is');
        }
        if (before !== undefined) await API_KEYS.update(session, sandboxId, before, after);
        else {
          await requireNew(session, sandboxId, after);
          await API_KEYS.insert(session, sandboxId, [after]);
        }
      }
      return updated;
    });
  }

  updateSettings(sandboxId: string, change: Updater<Settings>) {
    return this.alone(sandboxId, async (session): Promise<Updated<Settings>> => {
      const { settings: before, now, real } = await requireSandbox(session, sandboxId, 'FOR UPDATE');
      const after = change(before, now, real);
      if (after !== before) await rows.writeSettings(session, sandboxId, '', after);
      const then = timeOf(after.clock, real);
      if (then < now) await moveBack(session, sandboxId, now, then);
      return { before, after, settings: after, now, real };
    });
  }

  create: Store['create'] = (made, max) =>
    this.write(() =>
      this.watchWrite(async (session) => {
        await lockKeys(session);
        await sandboxes.makeSandboxes(session, made, max);
        for (const { sandbox_id, state } of made) {
          await this.requireFree(session, sandbox_id, state.api_keys, false);
          await rows.put(session, sandbox_id, state, { initial: state.settings });
        }
      }, LARGE_MS),
    );

  remove: Store['remove'] = (sandboxIds) =>
    this.write(() =>
      this.watchWrite(async (session) => {
        await session.query('DELETE FROM sandboxes WHERE sandbox_id = ANY ($1::text[])', [sandboxIds]);
        await forgetRun(session, sandboxIds);
      }, LARGE_MS),
    );

  put: Store['put'] = (sandboxId, state, options = {}) =>
    this.alone(
      sandboxId,
      async (session) => {
        await lockKeys(session);
        const { initial, granted = [], isOnly, isFirst } = options;
        if (isOnly) await session.query('DELETE FROM sandboxes WHERE sandbox_id <> $1', [sandboxId]);
        const isThere = await lockSandbox(session, sandboxId);
        if (isFirst && isThere) return false;
        if (initial === undefined && !isThere) throw new SandboxGoneError(sandboxId);
        await this.requireFree(session, sandboxId, state.api_keys, false);
        await forgetRun(session, [sandboxId]);
        const work = () => rows.put(session, sandboxId, state, options);
        if (initial === undefined) await this.replace(session, sandboxId, granted, work);
        else {
          await work();
          await this.grantIn(session, sandboxId, granted);
        }
        return true;
      },
      LARGE_MS,
    );

  restore: Store['restore'] = (sandboxId, name, change) =>
    this.alone(
      sandboxId,
      async (session) => {
        await lockKeys(session);
        await lockSandbox(session, sandboxId);
        await forgetRun(session, [sandboxId]);
        return this.replace(session, sandboxId, [], () => rows.restore(session, sandboxId, name, change));
      },
      LARGE_MS,
    );

  saveSnapshot = (sandboxId: string, name: string) =>
    this.alone(
      sandboxId,
      async (session) => {
        if (!(await lockSandbox(session, sandboxId))) throw new SandboxGoneError(sandboxId);
        await rows.saveSnapshot(session, sandboxId, name);
      },
      LARGE_MS,
    );

  removeSnapshot = (sandboxId: string, name: string) =>
    this.alone(sandboxId, (session) => rows.removeSnapshot(session, sandboxId, name));

  record: Store['record'] = (uses) => this.write(() => this.watchWrite((session) => sandboxes.record(session, uses)));

  grant = (sandboxId: string, apiKeys: ApiKey[]) =>
    this.alone(sandboxId, async (session) => {
      await lockKeys(session);
      await this.grantIn(session, sandboxId, apiKeys);
    });

  lend(sandboxId: string, apiKey: ApiKey): void {
    this.lentKeys.set(apiKey.key_hash, { sandboxId, apiKey });
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.turns.settle();
    await this.connections.close();
  }

  /** An update of one organization in a transaction of its own: also one that makes or removes it. */
  private updateAlone({ sandboxId, organizationId, change }: Parameters<OrganizationWriter['alone']>[0]) {
    return this.connections.transact(async (session): Promise<Updated<Organization | undefined>> => {
      const before = await ORGANIZATIONS.find(session.query, sandboxId, organizationId, true);
      const { settings, now, real } = await requireSandbox(session, sandboxId);
      const after = change(before, now, real);
      if (after !== before) await writeOrganization(session, sandboxId, before, after);
      const updated = { before, after, settings, now, real };
      await changeLimits(session, sandboxId, updated);
      return updated;
    });
  }

  /** As {@link requireFree}, also of keys that are lent. */
  private async requireFree(session: Session, sandboxId: string, keys: readonly ApiKey[], lock = true): Promise<void> {
    for (const { key_hash, key_prefix } of keys) {
      const lent = this.lentKeys.get(key_hash);
      if (lent !== undefined && lent.sandboxId !== sandboxId) throw rows.isTaken(lent.sandboxId, key_prefix);
    }
    if (lock) await lockKeys(session);
    await requireFree(session.query, sandboxId, keys);
  }

  private async grantIn(session: Session, sandboxId: string, granted: readonly ApiKey[]): Promise<void> {
    await this.requireFree(session, sandboxId, granted, false);
    for (const apiKey of granted) {
      const { key_hash, organization_id, permissions, status, expires_at } = apiKey;
      const [row] = await session.query(
        `SELECT ${API_KEYS.selected} FROM api_keys WHERE key_hash = $1 AND snapshot = ''`,
        [key_hash],
      );
      if (row === undefined) await API_KEYS.insert(session, sandboxId, [apiKey]);
      else {
        const known = API_KEYS.toValue(row);
        const allowed = { ...known, organization_id, permissions, status, expires_at };
        await API_KEYS.update(session, sandboxId, known, allowed);
      }
      await session.query(
        `UPDATE api_keys SET granted = true WHERE sandbox_id = $1 AND snapshot = '' AND key_hash = $2`,
        [sandboxId, key_hash],
      );
    }
  }

  /**
   * Does what replaces the state of a sandbox. Granted keys stay: those of the first organization are of the one that is the
   * first then, those of another one go with that.
   */
  private async replace<T>(
    session: Session,
    sandboxId: string,
    granted: readonly ApiKey[],
    work: () => Promise<T>,
  ): Promise<T> {
    const findFirst = async () => (await ORGANIZATIONS.list(session.query, sandboxId, '', 1))[0]?.organization_id;
    const kept = await API_KEYS.list(session.query, sandboxId, '', undefined, 'granted');
    const former = await findFirst();
    const done = await work();
    const first = await findFirst();
    const stay: ApiKey[] = [];
    for (const apiKey of kept) {
      const isThere = await ORGANIZATIONS.find(session.query, sandboxId, apiKey.organization_id);
      if (isThere !== undefined) stay.push(apiKey);
      else if (first !== undefined && apiKey.organization_id === former)
        stay.push({ ...apiKey, organization_id: first });
    }
    await this.grantIn(session, sandboxId, [...stay, ...granted]);
    return done;
  }

  private watchRead<T>(work: (read: Session['query']) => Promise<T>): Promise<T> {
    return this.health.watch(() => work((text, values) => this.connections.read(text, values)));
  }

  private watchWrite<T>(work: (session: Session) => Promise<T>, ms?: number): Promise<T> {
    return this.health.watch(() => this.connections.transact(work, ms));
  }

  /** A transaction that has the sandbox for itself, as far as this process goes. */
  private alone<T>(sandboxId: string, work: (session: Session) => Promise<T>, ms?: number): Promise<T> {
    return this.write(() => this.turns.run(sandboxId, () => this.watchWrite(work, ms)));
  }

  private async write<T>(work: () => Promise<T>): Promise<T> {
    if (this.isClosed) throw new Error('the store is closed');
    return this.health.watch(work);
  }
}

/** A sandbox that nobody else replaces until the transaction ends, nor an organization of it. @returns whether there is one */
async function lockSandbox(session: Session, sandboxId: string): Promise<boolean> {
  const [row] = await session.query('SELECT sandbox_id FROM sandboxes WHERE sandbox_id = $1 FOR UPDATE', [sandboxId]);
  await session.query(
    `SELECT organization_id FROM organizations WHERE sandbox_id = $1 AND snapshot = '' ORDER BY organization_id FOR UPDATE`,
    [sandboxId],
  );
  return row !== undefined;
}

/** The settings of a sandbox, and its time. @throws {SandboxGoneError} */
async function requireSandbox(session: Session, sandboxId: string, lock: '' | 'FOR UPDATE' = '') {
  const [row] = await session.query(
    `SELECT settings, ${sandboxes.REAL} FROM states WHERE sandbox_id = $1 AND snapshot = '' ${lock}`,
    [sandboxId],
  );
  if (row === undefined) throw new SandboxGoneError(sandboxId);
  const settings: Settings = JSON.parse(String(row.settings));
  const real = Number(row.real);
  return { settings, now: timeOf(settings.clock, real), real };
}

/** @throws the refusal `conflict` where a sandbox has the key already, under another id */
async function requireNew(session: Session, sandboxId: string, { key_hash }: ApiKey): Promise<void> {
  const [row] = await session.query(
    `SELECT api_key_id, key_prefix FROM api_keys WHERE sandbox_id = $1 AND snapshot = '' AND key_hash = $2`,
    [sandboxId, key_hash],
  );
  if (row === undefined) return;
  throw conflict(`The sandbox has the key ${row.key_prefix}…`, `it is ${row.api_key_id}: change that`);
}

async function writeOrganization(
  session: Session,
  sandboxId: string,
  before: Organization | undefined,
  after: Organization | undefined,
): Promise<void> {
  if (after !== undefined && before !== undefined) return ORGANIZATIONS.update(session, sandboxId, before, after);
  if (after !== undefined) return ORGANIZATIONS.insert(session, sandboxId, [after]);
  if (before === undefined) return;
  if ((await ORGANIZATIONS.list(session.query, sandboxId, '', 2)).length < 2) {
    throw conflict('The last organization of a sandbox stays', 'make another one first, or delete the sandbox');
  }
  await ORGANIZATIONS.remove(session, sandboxId, before.organization_id);
}
