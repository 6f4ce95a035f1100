import type { ApiKey } from '../domain/api-key.ts';
import type { ClockSetting } from '../domain/clock.ts';
import { RefusalError } from '../domain/errors.ts';
import type { Organization } from '../domain/organization.ts';
import type { AccountType, Tiers } from '../domain/rate-limits.ts';
import type { SeedOrigin, State } from '../domain/state.ts';

/** A value, or a promise of it where it must be waited for. */
export type MaybePromise<T> = T | Promise<T>;

/** What `use` makes of a value, once it is there. */
export function whenThere<T, Result>(value: MaybePromise<T>, use: (value: T) => Result): MaybePromise<Result> {
  return value instanceof Promise ? value.then(use) : use(value);
}

/** What a sandbox is set to. */
export interface KeptSandbox {
  tiers: Tiers;
  clock: ClockSetting;
  /** What filled it; null for one that is older than this was kept. */
  seed: SeedOrigin | null;
}

/** A key, the sandbox and the organization that it belongs to. */
export interface FoundCaller {
  sandbox_id: string;
  api_key: ApiKey;
  organization: Organization;
}

/**
 * Where state outlives the process. Each method is one unit of work. What writes settles after its commit: once its
 * promise is fulfilled the change survives the death of the process. A read sees committed changes only. Where the
 * storage cannot be read or written every method throws {@link StorageError}, and nothing of the work is kept.
 */
export interface Store {
  /**
   * Whether changes can be kept, as far as is known. After a write that failed one is tried, once a second at most: it is
   * false until a write works again.
   */
  canWrite(): Promise<boolean>;

  /** Whether the storage can be read; after a read that failed the same one is tried again. */
  canRead(): Promise<boolean>;

  /** What a sandbox is set to, or undefined when there is no such sandbox. */
  findSandbox(sandboxId: string): Promise<KeptSandbox | undefined>;

  /** Keeps how the clock of a sandbox is set. */
  setClock(sandboxId: string, clock: ClockSetting): Promise<void>;

  findOrganization(sandboxId: string, organizationId: string): Promise<Organization | undefined>;

  /**
   * Replaces an organization by what `change` makes of it; updates of one organization happen one after another, so
   * none is lost. When `change` returns `current` itself nothing is written; what it throws comes out and leaves all
   * as it was. `change` is pure and synchronous. Undefined when there is no such organization.
   */
  updateOrganization(
    sandboxId: string,
    organizationId: string,
    change: (current: Organization) => Organization,
  ): Promise<Organization | undefined>;

  /**
   * Whom the key with this SHA-256 stands for: all that a request needs to know, in one read. A store that need not wait
   * answers at once: every request asks, and a promise costs it a tenth of its time.
   */
  findCaller(keyHash: string): MaybePromise<FoundCaller | undefined>;

  /** The keys with these SHA-256, in this order, as far as there are any; and the tiers of their organizations. */
  findApiKeys(keyHashes: string[]): Promise<{ api_key: ApiKey; account_type: AccountType }[]>;

  /** The first `limit` organizations of a sandbox, in the order in which they were made. */
  listOrganizationIds(sandboxId: string, limit: number): Promise<string[]>;

  /** Any key that the sandbox keeps, the same one until the keys change. */
  findSomeApiKey(sandboxId: string): Promise<ApiKey | undefined>;

  /** The key of this sandbox with this id. */
  findApiKeyById(sandboxId: string, apiKeyId: string): Promise<ApiKey | undefined>;

  /**
   * Lets the keys be used in a sandbox, from now on. One that the sandbox has keeps its id and its name; one of another
   * sandbox is left alone.
   */
  grantApiKeys(sandboxId: string, apiKeys: ApiKey[]): Promise<void>;

  /** Lets the key be used in a sandbox until the store is closed; nothing of it is kept. */
  lendApiKey(sandboxId: string, apiKey: ApiKey): void;

  /**
   * Makes `state` all that there is of a sandbox, which comes into being if need be, and the state that a reset goes back
   * to; besides, how its clock is set, which keys are granted as by {@link grantApiKeys}, and where the state came from,
   * which stays as it is recorded where nothing is said.
   */
  replaceState(
    sandboxId: string,
    state: State,
    more?: { clock: ClockSetting; apiKeys: ApiKey[]; seed?: SeedOrigin | undefined },
  ): Promise<void>;

  /** The state that a sandbox was made with; undefined for one that is older than this was kept. */
  findFirstState(sandboxId: string): Promise<State | undefined>;

  /** Notes where the server answers, for whoever is refused because this process owns the storage. */
  announce(url: string): void;

  /** Finishes the writes that were begun, then lets go of the storage. Later calls are rejected. */
  close(): Promise<void>;
}

/** Hears once what keeps the storage from working, and once that it works again. The text is one line for a person. */
export type Report = (level: 'error' | 'warn' | 'info', text: string) => void;

/**
 * The storage cannot be used. The message is one line for a person who starts a server; a request that meets it is refused
 * with a 503, whose hint gives the reason in a few words and names no file.
 */
export class StorageError extends RefusalError {
  override name = 'StorageError';

  constructor(message: string, reason = 'the database cannot be used') {
    super({
      code: 'unavailable',
      hint: `${reason}: nothing of this request was kept; the log of the server says more`,
    });
    this.message = message;
  }
}
