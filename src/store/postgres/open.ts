import type { ApiKey } from '../../domain/api-key.ts';
import type { Organization } from '../../domain/organization.ts';
import type { Settings } from '../../domain/state.ts';
import { type Report, SandboxGoneError } from '../errors.ts';
import type { ApiKeyFilter, Found, OrganizationFilter, Store, Updater } from '../store.ts';
import { Connections, type Session } from './connections.ts';
import { explain } from './errors.ts';
import { Finder } from './finder.ts';
import { Health } from './health.ts';
import { Keys } from './keys.ts';
import { migrate } from './migrate.ts';
import { OrganizationWriter } from './organization-writer.ts';
import * as rows from './rows.ts';
import { API_KEYS, lockFirst, lockKeys, ORGANIZATIONS } from './rows.ts';
import { changeLimits, forgetRun, Runs } from './runs.ts';
import * as sandboxes from './sandbox-rows.ts';
import { readTarget, type Target } from './target.ts';
import { Turns } from './turns.ts';
import * as values from './values.ts';

export { readTarget };

export interface PostgresStoreOptions {
  target: Target;
  /** The folder of the migrations. */
  migrations: string;
  report: Report;
}

/** Sandboxes that are removed at once. */
const REMOVED = 500;

/**
 * Opens a store in a PostgreSQL database, which several processes may share.
 * @throws {StorageError} when it cannot be used
 */
export async function openPostgresStore({ target, migrations, report }: PostgresStoreOptions): Promise<Store> {
  const connections = new Connections(target);
  try {
    await migrate(connections, migrations);
    const store = new PostgresStore(connections, report);
    await store.shared.begin();
    return store;
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
  private readonly keys = new Keys();
  private isClosed = false;

  constructor(connections: Connections, report: Report) {
    this.connections = connections;
    this.finder = new Finder(connections);
    this.health = new Health(connections, report);
    this.shared = new Runs(connections, this.health);
    this.writer = new OrganizationWriter(connections, values.updateOrganization, changeLimits);
  }

  canRead = (): Promise<boolean> => this.health.isReady();
  canWrite = (): Promise<boolean> => this.health.isReady();
  announce(): void {}

  async find(keyHash: string): Promise<Found | undefined> {
    const lent = this.keys.findLent(keyHash);
    if (lent === undefined) return this.health.watch(() => this.finder.find(keyHash));
    const sandbox = await this.findSandbox(lent.sandboxId);
    const organization = await this.findOrganization(lent.sandboxId, lent.apiKey.organization_id);
    if (sandbox === undefined || organization === undefined) return undefined;
    return { ...sandbox, api_key: lent.apiKey, organization };
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
  listExpired = () => this.watchRead((read) => sandboxes.listExpired(read, REMOVED));
  readSettings = (sandboxId: string, snapshot: string) =>
    this.watchRead((read) => rows.readSettings(read, sandboxId, snapshot));
  listSnapshots = (sandboxId: string) => this.watchRead((read) => rows.listSnapshots(read, sandboxId));

  /** In a transaction, so that it is all of one moment. */
  readState(sandboxId: string, snapshot = '') {
    return this.watchLarge(async (session) => {
      await session.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
      return rows.readState(session.query, sandboxId, snapshot);
    });
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
        const found = await API_KEYS.find(read, sandboxId, api_key_id);
        return [found ?? this.keys.findLentById(sandboxId, api_key_id) ?? []].flat();
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
    return this.write(async () => {
      try {
        return await this.turns.join(sandboxId, () => this.writer.update(sandboxId, organizationId, change));
      } catch (error) {
        throw explain(this.connections.where, error);
      }
    });
  }

  updateApiKey = (sandboxId: string, apiKeyId: string, change: Updater<ApiKey | undefined>) =>
    this.alone(sandboxId, (session) => values.updateApiKey(session, this.keys, sandboxId, apiKeyId, change));

  updateSettings = (sandboxId: string, change: Updater<Settings>) =>
    this.alone(sandboxId, (session) => values.updateSettings(session, sandboxId, change));

  create: Store['create'] = (made, max) =>
    this.write(() =>
      this.watchLarge(async (session) => {
        await sandboxes.makeSandboxes(session, made);
        await lockKeys(
          session,
          made.flatMap(({ state }) => state.api_keys),
        );
        for (const { sandbox_id, state } of made) {
          await this.keys.requireFree(session, sandbox_id, state.api_keys);
          await rows.put(session, sandbox_id, state, { initial: state.settings });
        }
        await sandboxes.countMade(session, made.length, max);
      }),
    );

  remove: Store['remove'] = (sandboxIds, isOver) =>
    this.write(() =>
      this.watchLarge(async (session) => {
        const removed = await sandboxes.removeSandboxes(session, sandboxIds, isOver);
        await forgetRun(session, removed);
        return removed;
      }),
    );

  put: Store['put'] = (sandboxId, state, options = {}) =>
    this.aloneLarge(sandboxId, async (session) => {
      const { initial, granted = [], isOnly, isFirst } = options;
      if (isOnly) await sandboxes.removeOthers(session, sandboxId);
      // There may be none yet: who comes first makes it.
      if (initial !== undefined) await lockFirst(session);
      const isThere = await values.lockSandbox(session, sandboxId);
      if (isFirst && isThere) return false;
      if (initial === undefined && !isThere) throw new SandboxGoneError(sandboxId);
      await lockKeys(session, [...state.api_keys, ...granted]);
      await this.keys.requireFree(session, sandboxId, state.api_keys);
      const work = () => rows.put(session, sandboxId, state, options);
      if (initial === undefined) await this.keys.replace(session, sandboxId, granted, work);
      else {
        await work();
        await this.keys.grant(session, sandboxId, granted);
      }
      // Last: whoever charges waits for it.
      await forgetRun(session, [sandboxId]);
      return true;
    });

  restore: Store['restore'] = (sandboxId, name, change) =>
    this.aloneLarge(sandboxId, async (session) => {
      await values.lockSandbox(session, sandboxId);
      // It has no keys but those of this sandbox: no other can have got one of them.
      return this.keys.replace(session, sandboxId, [], async () => {
        const isThere = await rows.restore(session, sandboxId, name, change);
        if (isThere) await forgetRun(session, [sandboxId]);
        return isThere;
      });
    });

  saveSnapshot = (sandboxId: string, name: string) =>
    this.aloneLarge(sandboxId, async (session) => {
      if (!(await values.lockSandbox(session, sandboxId))) throw new SandboxGoneError(sandboxId);
      await rows.saveSnapshot(session, sandboxId, name);
    });

  removeSnapshot = (sandboxId: string, name: string) =>
    this.alone(sandboxId, (session) => rows.removeSnapshot(session, sandboxId, name));

  record: Store['record'] = (uses) => this.write(() => this.watchWrite((session) => sandboxes.record(session, uses)));

  grant = (sandboxId: string, apiKeys: ApiKey[]) =>
    this.alone(sandboxId, async (session) => {
      await values.lockSandboxOnly(session, sandboxId);
      await lockKeys(session, apiKeys);
      await this.keys.grant(session, sandboxId, apiKeys);
    });

  lend(sandboxId: string, apiKey: ApiKey): void {
    this.keys.lend(sandboxId, apiKey);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.turns.settle();
    await this.shared.close();
    await this.connections.close();
  }

  private watchRead<T>(work: (read: Session['query']) => Promise<T>): Promise<T> {
    return this.health.watch(() => work((text, values) => this.connections.read(text, values)));
  }

  private watchWrite<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.health.watchWrite(() => this.connections.transact(work));
  }

  private watchLarge<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.health.watchWrite(() => this.connections.transactLarge(work));
  }

  /** A transaction for one value of the sandbox. */
  private alone<T>(sandboxId: string, work: (session: Session) => Promise<T>): Promise<T> {
    return this.write(() => this.turns.run(sandboxId, () => this.watchWrite(work), false));
  }

  /** A transaction that has the sandbox for itself, as far as this process goes. */
  private aloneLarge<T>(sandboxId: string, work: (session: Session) => Promise<T>): Promise<T> {
    return this.write(() => this.turns.run(sandboxId, () => this.watchLarge(work), true));
  }

  private async write<T>(work: () => Promise<T>): Promise<T> {
    if (this.isClosed) throw new Error('the store is closed');
    return this.health.watchWrite(work);
  }
}
