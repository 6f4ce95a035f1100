import type { ApiKey } from '../domain/api-key.ts';
import { timeOf } from '../domain/clock.ts';
import { countCharacters, type Organization } from '../domain/organization.ts';
import { RealDate } from '../domain/real-time.ts';
import type { Settings } from '../domain/state.ts';
import { BoundedCache } from './bounded-cache.ts';
import type { Rows } from './rows.ts';
import type { KeptSandbox } from './sandbox-rows.ts';
import {
  type ApiKeyFilter,
  type Found,
  type FoundSandbox,
  type OrganizationFilter,
  SandboxGoneError,
  type Updated,
  type Updater,
} from './store.ts';
import { CURRENT } from './table.ts';

/** What is kept in memory once it was read. */
const MAX_SANDBOXES = 10_000;
const MAX_KEYS = 10_000;
const MAX_ORGANIZATIONS = 10_000;
const MAX_CHARACTERS = 8 * 1024 * 1024;

/** A key, and the generation of its sandbox in which it was read. */
interface FoundKey {
  sandbox_id: string;
  generation: number;
  api_key: ApiKey;
}

/**
 * What sandboxes are, read and changed value by value, and in memory what was read of them. Whoever writes has begun a
 * transaction. That runs in one turn of the event loop, so nobody reads in the middle of one: what it writes goes into the
 * caches at once, and whoever rolls it back calls {@link forget}. What was read of a state that was replaced since is of
 * another generation.
 */
export class States {
  private readonly rows: Rows;
  private readonly knownSandboxes = new BoundedCache<KeptSandbox>(MAX_SANDBOXES);
  private readonly knownOrganizations = new BoundedCache(MAX_ORGANIZATIONS, MAX_CHARACTERS, countCharacters);
  private readonly knownKeys = new BoundedCache<FoundKey>(MAX_KEYS);
  private readonly lentKeys = new Map<string, FoundKey>();

  constructor(rows: Rows) {
    this.rows = rows;
  }

  find(keyHash: string): Found | undefined {
    const key = this.lentKeys.get(keyHash) ?? this.knownKeys.getOrSet(keyHash, () => this.readKey(keyHash));
    const sandbox = key && this.findKeptSandbox(key.sandbox_id);
    if (key === undefined || sandbox === undefined) return undefined;
    if (key.generation !== sandbox.generation && key.generation !== LENT) {
      this.knownKeys.delete(keyHash);
      return this.find(keyHash);
    }
    const organization = this.findIn(sandbox, key.api_key.organization_id);
    if (organization === undefined) return undefined;
    const { sandbox_id, settings, generation, created_at, expires_at } = sandbox;
    const now = timeOf(settings.clock);
    return { sandbox_id, settings, generation, now, created_at, expires_at, api_key: key.api_key, organization };
  }

  findSandbox(sandboxId: string): FoundSandbox | undefined {
    const sandbox = this.findKeptSandbox(sandboxId);
    return sandbox && { ...sandbox, now: timeOf(sandbox.settings.clock) };
  }

  findOrganization(sandboxId: string, organizationId: string): Organization | undefined {
    const sandbox = this.findKeptSandbox(sandboxId);
    return sandbox && this.findIn(sandbox, organizationId);
  }

  listOrganizations(sandboxId: string, { organization_ids, limit }: OrganizationFilter): Organization[] {
    const { organizations } = this.rows;
    if (organization_ids === undefined) return organizations.list(sandboxId, CURRENT, limit);
    return organization_ids.flatMap((id) => organizations.find(sandboxId, id) ?? []);
  }

  listApiKeys(sandboxId: string, { key_hashes, api_key_id, limit }: ApiKeyFilter): ApiKey[] {
    const ofHere = (found: FoundKey | undefined) => (found?.sandbox_id === sandboxId ? found.api_key : []);
    if (key_hashes !== undefined) return key_hashes.flatMap((keyHash) => ofHere(this.readKey(keyHash)));
    const { apiKeys } = this.rows;
    if (api_key_id === undefined) return apiKeys.list(sandboxId, CURRENT, limit);
    const lent = [...this.lentKeys.values()].flatMap(ofHere);
    const found = apiKeys.find(sandboxId, api_key_id) ?? lent.find((one) => one.api_key_id === api_key_id);
    return found === undefined ? [] : [found];
  }

  updateSettings(sandboxId: string, change: Updater<Settings>): Updated<Settings> {
    const sandbox = this.requireSandbox(sandboxId);
    const { settings: before } = sandbox;
    const real = RealDate.now();
    const now = timeOf(before.clock, real);
    const after = change(before, now, real);
    if (after !== before) {
      this.rows.writeSettings(sandboxId, CURRENT, after);
      this.knownSandboxes.set(sandboxId, { ...sandbox, settings: after });
    }
    return { before, after, settings: after, now, real };
  }

  updateOrganization(
    sandboxId: string,
    organizationId: string,
    change: Updater<Organization | undefined>,
  ): Updated<Organization | undefined> {
    const sandbox = this.requireSandbox(sandboxId);
    const { settings } = sandbox;
    const real = RealDate.now();
    const now = timeOf(settings.clock, real);
    const before = this.findIn(sandbox, organizationId);
    const after = change(before, now, real);
    if (after !== before) this.writeOrganization(sandbox, before, after);
    return { before, after, settings, now, real };
  }

  updateApiKey(sandboxId: string, apiKeyId: string, change: Updater<ApiKey | undefined>): Updated<ApiKey | undefined> {
    const { settings } = this.requireSandbox(sandboxId);
    const { apiKeys } = this.rows;
    const real = RealDate.now();
    const now = timeOf(settings.clock, real);
    const before = apiKeys.find(sandboxId, apiKeyId);
    const after = change(before, now, real);
    if (after === before) return { before, after, settings, now, real };
    if (after !== undefined) {
      this.requireFree(sandboxId, [after]);
      this.rows.requireOrganization(sandboxId, after.organization_id);
    }
    if (after !== undefined && before === undefined) this.rows.requireNew(after);
    if (after === undefined) apiKeys.remove(sandboxId, apiKeyId);
    else if (before === undefined) apiKeys.insert(sandboxId, after);
    else apiKeys.update(sandboxId, before, after);
    for (const key of [before, after]) if (key !== undefined) this.knownKeys.delete(key.key_hash);
    return { before, after, settings, now, real };
  }

  grant(sandboxId: string, granted: readonly ApiKey[]): void {
    this.requireFree(sandboxId, granted);
    const { apiKeys } = this.rows;
    for (const apiKey of granted) {
      this.knownKeys.delete(apiKey.key_hash);
      const { key_hash, organization_id, permissions, status, expires_at } = apiKey;
      const known = this.rows.findKey(key_hash)?.api_key;
      if (known === undefined) apiKeys.insert(sandboxId, apiKey);
      else apiKeys.update(sandboxId, known, { ...known, organization_id, permissions, status, expires_at });
      this.rows.markGranted(sandboxId, key_hash);
    }
  }

  /** Allows a key that is in no table. */
  lend(sandbox_id: string, api_key: ApiKey): void {
    this.lentKeys.set(api_key.key_hash, { sandbox_id, generation: LENT, api_key });
  }

  /** @throws the refusal `conflict` for a key that another sandbox has */
  requireFree(sandboxId: string, keys: readonly ApiKey[]): void {
    for (const { key_hash, key_prefix } of keys) {
      const lent = this.lentKeys.get(key_hash);
      const isLentThere = lent !== undefined && lent.sandbox_id !== sandboxId;
      this.rows.requireFree(sandboxId, key_hash, key_prefix, isLentThere ? lent.sandbox_id : undefined);
    }
  }

  /**
   * Does what replaces the state of a sandbox. Granted keys stay: those of the first organization are of the one that is the
   * first then, those of another one go with that.
   * @param granted those that are granted besides
   */
  replace<T>(sandboxId: string, granted: readonly ApiKey[], work: () => T): T {
    const { organizations } = this.rows;
    const findFirst = () => organizations.list(sandboxId, CURRENT, 1)[0]?.organization_id;
    const kept = this.rows.listGranted(sandboxId);
    const former = findFirst();
    const done = work();
    this.forgetSandbox(sandboxId);
    const first = findFirst();
    const isThere = ({ organization_id }: ApiKey) => organizations.find(sandboxId, organization_id) !== undefined;
    const moved = kept.map((apiKey) =>
      first === undefined || apiKey.organization_id !== former || isThere(apiKey)
        ? apiKey
        : { ...apiKey, organization_id: first },
    );
    this.grant(sandboxId, [...moved.filter(isThere), ...granted]);
    return done;
  }

  /** What was read of a sandbox may be another now. */
  forgetSandbox(sandboxId: string): void {
    this.knownSandboxes.delete(sandboxId);
  }

  /** Empties the caches. */
  forget(): void {
    for (const cache of [this.knownSandboxes, this.knownOrganizations, this.knownKeys]) cache.clear();
  }

  requireSandbox(sandboxId: string): KeptSandbox {
    const sandbox = this.findKeptSandbox(sandboxId);
    if (sandbox === undefined) throw new SandboxGoneError(sandboxId);
    return sandbox;
  }

  private writeOrganization(
    sandbox: KeptSandbox,
    before: Organization | undefined,
    after: Organization | undefined,
  ): void {
    const { sandbox_id } = sandbox;
    const { organizations } = this.rows;
    if (after === undefined) {
      if (before === undefined) return;
      this.rows.requireOther(sandbox_id);
      organizations.remove(sandbox_id, before.organization_id);
      // Its keys went with it.
      this.forget();
      return;
    }
    if (before === undefined) organizations.insert(sandbox_id, after);
    else organizations.update(sandbox_id, before, after);
    this.knownOrganizations.set(toCacheKey(sandbox, after.organization_id), after);
  }

  private findIn(sandbox: KeptSandbox, organizationId: string): Organization | undefined {
    return this.knownOrganizations.getOrSet(toCacheKey(sandbox, organizationId), () =>
      this.rows.organizations.find(sandbox.sandbox_id, organizationId),
    );
  }

  private readKey(keyHash: string): FoundKey | undefined {
    const found = this.rows.findKey(keyHash);
    const sandbox = found && this.findKeptSandbox(found.sandbox_id);
    return found && sandbox && { ...found, generation: sandbox.generation };
  }

  private findKeptSandbox(sandboxId: string): KeptSandbox | undefined {
    return this.knownSandboxes.getOrSet(sandboxId, () => this.rows.sandboxes.find(sandboxId));
  }
}

/** A key that is lent is of every generation. */
const LENT = 0;

const toCacheKey = ({ sandbox_id, generation }: KeptSandbox, organizationId: string) =>
  `${sandbox_id} ${generation} ${organizationId}`;
