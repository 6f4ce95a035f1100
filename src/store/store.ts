import type { ApiKey } from '../domain/api-key.ts';
import type { Organization } from '../domain/organization.ts';
import type { SeedOrigin, Settings, State } from '../domain/state.ts';
import type { SharedRuns } from './runtime.ts';

/** A sandbox at a moment. */
export interface FoundSandbox {
  sandbox_id: string;
  name: string | null;
  settings: Settings;
  /** Greater each time the whole state is replaced. Where several servers share the storage, none is ever given twice. */
  generation: number;
  /** The time of the sandbox at that moment, in milliseconds since 1970. */
  now: number;
  /** Real milliseconds since 1970, by the clock of the engine; undefined where that of this process is the only one. */
  real?: number;
  /** The seed that it was made from; null where that was not recorded yet. */
  seed: SeedOrigin | null;
  /** When it was made: real milliseconds since 1970. */
  created_at: number;
  /** Real milliseconds from its last use until it is removed; null for one that stays. */
  ttl_ms: number | null;
  /** When it is removed, as far as {@link Store.record} was told: real milliseconds since 1970. */
  expires_at: number | null;
  /** No request of it has had a higher number. */
  last_seq: number;
}

/** A sandbox in a list. */
export interface ListedSandbox extends FoundSandbox {
  organizations: number;
  api_keys: number;
}

/** What a request needs to know of its sandbox. */
export type FoundState = Pick<
  FoundSandbox,
  'sandbox_id' | 'settings' | 'generation' | 'now' | 'real' | 'created_at' | 'expires_at'
>;

/** What a request needs to know. */
export interface Found extends FoundState {
  api_key: ApiKey;
  organization: Organization;
}

/** A sandbox to be made. */
export interface NewSandbox extends Pick<FoundSandbox, 'sandbox_id' | 'name' | 'ttl_ms'> {
  state: State;
}

/** A snapshot in a list. */
export interface Snapshot {
  name: string;
  /** Real milliseconds since 1970. */
  created_at: number;
  organizations: number;
  api_keys: number;
}

/** A part of a list; `next` is the place behind which it goes on, null at its end. */
export interface Page<Item> {
  items: Item[];
  next: number | null;
}

/**
 * Makes the next value of the current one.
 * @param now the time of the sandbox, in milliseconds since 1970
 * @param real real time by the clock of the engine, in the same unit: what the offset of a clock is counted from
 */
export type Updater<Value> = (current: Value, now: number, real: number) => Value;

/** What an update found and what it left, and the sandbox at that moment. */
export interface Updated<Value> {
  before: Value;
  after: Value;
  settings: Settings;
  now: number;
  real: number;
}

/** What a list is limited to. */
export interface OrganizationFilter {
  organization_ids?: string[];
  limit?: number;
}
export interface ApiKeyFilter {
  key_hashes?: string[];
  api_key_id?: string;
  limit?: number;
}

/** What else `put` writes in the same transaction. */
export interface PutOptions {
  /**
   * The snapshot that a reset goes back to becomes the state that is put, with these settings, and others go. Else all stay, and
   * there has to be such a sandbox.
   */
  initial?: Settings;
  /** Where the state is from; where nothing is said, that stays as it is recorded. */
  seed?: SeedOrigin | undefined;
  /** Keys that are granted as by {@link Store.grant}. */
  granted?: ApiKey[];
  /** Every other sandbox is removed. */
  isOnly?: boolean;
  /** Nothing is done where there is such a sandbox. */
  isFirst?: boolean;
}

/** Where several servers share a sandbox, a later end is recorded once it is later by this share of the TTL: one in ten. */
export const SHARE_OF_TTL = 10;

/** What is recorded of the use of a sandbox. */
export type Use = Pick<FoundSandbox, 'sandbox_id' | 'created_at' | 'expires_at' | 'last_seq'>;

/**
 * Where state outlives the process. Each method is one unit of work. What writes settles after its commit: once its
 * promise is fulfilled the change survives the death of the process. A read sees committed changes only. Where the
 * storage cannot be read or written every method throws {@link StorageError}, and nothing of the work is kept.
 *
 * A key belongs to one sandbox, those of its snapshots included: whatever would give it to a second one is a `conflict`, and
 * nothing of the work is kept. Updates of a sandbox that does not exist throw {@link SandboxGoneError}.
 *
 * The `change` of an update is pure and synchronous. Updates of one value happen one after another, so none is lost. It is
 * given undefined where there is no such value; what it returns is what is kept: undefined removes, `current` itself writes
 * nothing. What it throws comes out and leaves all as it was.
 */
export interface Store {
  /** What several processes that use the same storage share of the run of a world; undefined where there is but one. */
  readonly shared?: SharedRuns;

  /**
   * Whether changes can be kept, as far as is known. After a write that failed one is tried, once a second at most: it is
   * false until a write works again.
   */
  canWrite(): Promise<boolean>;

  /** Whether the storage can be read; after a read that failed the same one is tried again. */
  canRead(): Promise<boolean>;

  /** Whose the key with this SHA-256 is: all that a request needs to know, in one read. */
  find(keyHash: string): Promise<Found | undefined>;

  findSandbox(sandboxId: string): Promise<FoundSandbox | undefined>;

  findOrganization(sandboxId: string, organizationId: string): Promise<Organization | undefined>;

  /** The organizations of a sandbox, in the order in which they were made. */
  listOrganizations(sandboxId: string, filter: OrganizationFilter): Promise<Organization[]>;

  /** The keys of a sandbox: in the order of `key_hashes` where they are given, else in that in which they were made. */
  listApiKeys(sandboxId: string, filter: ApiKeyFilter): Promise<ApiKey[]>;

  /** The organizations of a sandbox behind a place, in the order in which they were made. */
  pageOrganizations(sandboxId: string, after: number, limit: number): Promise<Page<Organization>>;

  /** The keys of a sandbox behind a place, in the order in which they were made. */
  pageApiKeys(sandboxId: string, after: number, limit: number): Promise<Page<ApiKey>>;

  /** Sandboxes behind a place, in the order in which they were made. */
  pageSandboxes(after: number, limit: number): Promise<Page<ListedSandbox>>;

  /** A sandbox as {@link pageSandboxes} has it. */
  listSandbox(sandboxId: string): Promise<ListedSandbox | undefined>;

  /**
   * Sandboxes whose recorded end was before this, in real milliseconds since 1970; all of them, or as many as may be removed at
   * once. Where the engine has a clock of its own that one counts, and so does what may not have been recorded yet.
   */
  listExpired(before: number): Promise<string[]>;

  /** The settings of a snapshot. */
  readSettings(sandboxId: string, snapshot: string): Promise<Settings | undefined>;

  /** A state as a whole, without granted keys: that of a snapshot, or without a name that which is now. */
  readState(sandboxId: string, snapshot?: string): Promise<State | undefined>;

  updateOrganization(
    sandboxId: string,
    organizationId: string,
    change: Updater<Organization | undefined>,
  ): Promise<Updated<Organization | undefined>>;

  updateApiKey(
    sandboxId: string,
    apiKeyId: string,
    change: Updater<ApiKey | undefined>,
  ): Promise<Updated<ApiKey | undefined>>;

  updateSettings(sandboxId: string, change: Updater<Settings>): Promise<Updated<Settings>>;

  /**
   * Makes sandboxes, all of them or none; a reset goes back to what they are then.
   * @param max sandboxes that there may be then, besides `default`; beyond it is a `conflict`
   */
  create(sandboxes: readonly NewSandbox[], max: number): Promise<void>;

  /**
   * Removes sandboxes, with all that is theirs; those that do not exist are left out.
   * @param isOver whether one that another server has used since it was listed as expired stays
   * @returns those that were there
   */
  remove(sandboxIds: readonly string[], isOver?: boolean): Promise<string[]>;

  /**
   * Makes `state` all that there is of a sandbox. Granted keys stay. What was there before is kept as the snapshot
   * `before-reset`, unless the snapshot that a reset goes back to is replaced as well: then the sandbox is made if need be.
   * @returns whether it was put
   */
  put(sandboxId: string, state: State, options?: PutOptions): Promise<boolean>;

  listSnapshots(sandboxId: string): Promise<Snapshot[]>;

  /** Keeps the state that is now under a name, in place of what had it. Too many names are a `conflict`. */
  saveSnapshot(sandboxId: string, name: string): Promise<void>;

  /**
   * As {@link put} with the state of a snapshot.
   * @param change of its settings
   * @returns false where there is no such snapshot
   */
  restore(sandboxId: string, name: string, change: (settings: Settings) => Settings): Promise<boolean>;

  /** @returns false where there is no such snapshot */
  removeSnapshot(sandboxId: string, name: string): Promise<boolean>;

  /** Records how sandboxes were used, for the next start. */
  record(uses: readonly Use[]): Promise<void>;

  /**
   * Allows keys in a sandbox, from now on and through every `put`. One that the sandbox has keeps its id and its name.
   */
  grant(sandboxId: string, apiKeys: ApiKey[]): Promise<void>;

  /** Allows a key in a sandbox until the store is closed; nothing of it is kept. */
  lend(sandboxId: string, apiKey: ApiKey): void;

  /** Records where the server is listening, for whoever is refused because this process owns the storage. */
  announce(url: string): void;

  /** Finishes the writes that were begun, then lets go of the storage. Later calls are rejected. */
  close(): Promise<void>;
}
