import type { AddedFaultRule, FaultRule, RecordedRequest, RequestMatch } from './fault-models.ts';
import type { AccountType, Organization, Permission, RateLimits } from './models.ts';
import type { OrganizationUpdate, Seed } from './seed-models.ts';

/** A whole world of the mock: organizations, API keys, rate limits, clock and journal. */
export interface SandboxControl extends AsyncDisposable {
  /** `default`, or the id that its making gave. */
  sandboxId: string;
  /** The origin of the server, such as `http://localhost:40123`. */
  url: string;
  /** The same as {@link SandboxControl.url}, as clients call it. */
  baseUrl: string;
  /** With `/v1`. */
  apiUrl: string;
  /** Back to the state that it was made with: full buckets, an empty journal. */
  reset(): Promise<void>;
  /** All of it, as a seed has it. Numbers of metadata beyond 2^53 lose digits here; snapshots keep every digit. */
  state(): Promise<Seed>;
  /** Keeps the state under a name. */
  snapshot(name: string): Promise<void>;
  /** Goes back to a snapshot. */
  restore(name: string): Promise<void>;
  /** The time that clients see. Times are RFC 3339, or a Date. */
  clock: {
    now(): Promise<Date>;
    /** Stops it, at a time or where it is. */
    freeze(at?: string | Date): Promise<void>;
    /** Moves it by milliseconds, back if they are negative. */
    advance(ms: number): Promise<void>;
    /** Lets it run, from a time or from where it is. */
    run(from?: string | Date): Promise<void>;
  };
  limits: {
    /** From now on what is beyond the limit gets a 429. */
    enforce(): Promise<void>;
    /** Consumes what is left of every key: of one category, or of all. */
    exhaust(category?: keyof RateLimits): Promise<void>;
    /** Makes every bucket full. */
    refill(): Promise<void>;
  };
  /**
   * The requests that are all of a match, oldest first; without one every request.
   * @throws {ControlError} where the journal no longer has all of them
   */
  requests(match?: RequestMatch): Promise<RecordedRequest[]>;
  /**
   * Waits until there were such requests: the server waits, nobody polls. A request counts once its answer is decided.
   * @returns all of them
   * @throws {ControlError} that names what comes nearest, and what differs
   */
  waitForRequest(match: RequestMatch, options?: WaitOptions): Promise<RecordedRequest[]>;
  /** Rules by which requests fail. The first that fires wins. */
  faults: {
    /** Adds a rule behind the others. */
    add(rule: FaultRule): Promise<AddedFaultRule>;
    /** The rules in their order, and how often each fired. */
    list(): Promise<AddedFaultRule[]>;
    /** Removes a rule. */
    remove(id: string): Promise<void>;
    /** Removes every rule. */
    clear(): Promise<void>;
  };
}

/** For what is waited, and how long. */
export interface WaitOptions {
  /** How many: so many exactly, or within bounds. With an upper bound the whole timeout is waited. Default: at least 1. */
  times?: number | { min?: number; max?: number };
  /** Real milliseconds. Default 1000. */
  timeout?: number;
  /** Only requests behind this `seq` count. */
  after?: number;
}

/** What can be done to the first organization of a sandbox, past the API: no journal has it, and no limit counts it. */
export interface OrganizationControl {
  /** The first one. */
  organizationId: string;
  /** As it is now, with its override and the limits of its tier. */
  organization(): Promise<Organization>;
  /** Changes any member but the id, the tier too. Members that are left out stay. */
  update(change: OrganizationUpdate): Promise<Organization>;
  /** A new key that has this permission, and those that it implies. */
  createKey(permission: Permission, options?: KeyOptions): Promise<string>;
}

/** What a new key is to be, besides its permission. */
export interface KeyOptions {
  /** By the clock of the sandbox: RFC 3339, or a Date. Default: it never expires. */
  expiresAt?: string | Date;
  /** Default `active`. */
  status?: 'active' | 'revoked' | 'expired';
}

/** A sandbox whose keys are known. */
export interface Sandbox extends SandboxControl, OrganizationControl {
  /** A key of it with the permission admin. */
  apiKey: string;
  /** A key of it for each permission. */
  keys: Record<Permission, string>;
  /** Variables that clients read. The URLs are the origin, without `/v1`. */
  env: Record<'MIXPEEK_API_KEY' | 'MIXPEEK_BASE_URL' | 'MIXPEEK_API_URL', string>;
  /** Removes the sandbox. */
  close(): Promise<void>;
}

/** What a new sandbox is to be. What is left out is as in `default`. */
export interface SandboxOptions {
  /** For people, in lists. */
  name?: string;
  /** Tier of the one organization, where there is no seed. Default `pro`. */
  accountType?: AccountType;
  /** The content of a seed, or the path of a file. Each of its keys is issued anew, unless `keys` says otherwise. */
  seed?: Seed | string;
  /** `as_given` keeps the keys of the seed; no other sandbox may have them then. Default `new`. */
  keys?: 'new' | 'as_given';
  /** A time like `2026-01-01T00:00:00Z` at which the clock is frozen. */
  clock?: string;
  limits?: 'off' | 'headers' | 'enforce';
  apiVersion?: '0.81' | '0.82';
  unknownFields?: 'ignore' | 'reject';
  /** Rules by which requests fail, in their order. */
  faults?: FaultRule[];
  /** Removed when nobody has used it for so long, in seconds of real time. */
  ttlSeconds?: number;
}

/** Makes and finds the sandboxes of a server. */
export interface MockClient {
  /** Makes a sandbox with keys of its own. */
  createSandbox(options?: SandboxOptions): Promise<Sandbox>;
  createSandboxes(count: number, options?: SandboxOptions): Promise<Sandbox[]>;
  /** One that there is; its keys are known to whoever made it. */
  sandbox(id: string): SandboxControl & { close(): Promise<void> };
}
