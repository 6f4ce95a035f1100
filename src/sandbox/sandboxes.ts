import { type ApiKey, hashApiKey } from '../domain/api-key.ts';
import { toMilliseconds } from '../domain/clock.ts';
import type { Organization } from '../domain/organization.ts';
import { INITIAL_SNAPSHOT, type Settings, type State } from '../domain/state.ts';
import type { FoundSandbox, PutOptions, Store } from '../store/store.ts';
import { MemoryBuckets } from './buckets.ts';
import { Journal } from './journal.ts';
import { Sandbox } from './sandbox.ts';

/** A sandbox as a request finds it. */
export interface LiveSandbox {
  sandbox: Sandbox;
  settings: Settings;
  /** The one time of the request, in milliseconds since 1970. */
  now: number;
}

/** Who sent a request: the key decides the organization and, with it, the sandbox. */
export interface Caller extends LiveSandbox {
  apiKey: ApiKey;
  organization: Organization;
}

/** A known key, and why nobody may use it: the answer's body must not say which, its hint does. */
export interface RefusedKey extends LiveSandbox {
  problem: 'revoked' | 'expired';
}

export interface SandboxesOptions {
  /** Entries that the journal of each sandbox keeps. */
  journalSize: number;
  /** What the flags of this start set in every state that is put. */
  flags: Partial<Settings>;
}

const MAX_HASHES = 1000;

/** The sandboxes that are alive, each of them from the first time that somebody asks for it. */
export class Sandboxes {
  private readonly store: Store;
  private readonly options: SandboxesOptions;
  private readonly byId = new Map<string, Sandbox>();
  private readonly hashes = new Map<string, string>();

  constructor(store: Store, options: SandboxesOptions) {
    this.store = store;
    this.options = options;
  }

  async find(sandboxId: string): Promise<LiveSandbox | undefined> {
    const found = await this.store.findSandbox(sandboxId);
    return found && this.toLive(found);
  }

  /** Whose a key is, or why it is refused; undefined for an unknown key. */
  async findCaller(key: string): Promise<Caller | RefusedKey | undefined> {
    const found = await this.store.find(this.hashOf(key));
    if (found === undefined) return undefined;
    const { api_key: apiKey, organization } = found;
    const { sandbox, settings, now } = this.toLive(found);
    if (apiKey.status !== 'active') return { sandbox, settings, now, problem: apiKey.status };
    if (isExpired(apiKey, now)) return { sandbox, settings, now, problem: 'expired' };
    return { sandbox, settings, now, apiKey, organization };
  }

  /** Makes a sandbox anew from a state, to which a reset goes back. */
  create(sandboxId: string, state: State, options: Pick<PutOptions, 'seed' | 'granted'>): Promise<void> {
    return this.put(sandboxId, state, { ...options, initial: state.settings });
  }

  /** Goes back to the state that the sandbox was made with. False where there is no such sandbox. */
  async reset(sandboxId: string): Promise<boolean> {
    const initial = await this.store.findSnapshot(sandboxId, INITIAL_SNAPSHOT);
    if (initial === undefined) return false;
    await this.put(sandboxId, initial, {});
    return true;
  }

  /** A sandbox of the next generation takes the place of the one that was alive. */
  private put(sandboxId: string, state: State, options: PutOptions): Promise<void> {
    const settings = { ...state.settings, ...this.options.flags };
    return this.store.put(sandboxId, { ...state, settings }, options);
  }

  private toLive({ sandbox_id, generation, settings, now }: FoundSandbox): LiveSandbox {
    const known = this.byId.get(sandbox_id);
    // One that was found before its state was replaced may come here after that.
    if (known !== undefined && known.generation >= generation) return { sandbox: known, settings, now };
    // Its `seq` goes on where that of the world before ended.
    const journal = new Journal(this.options.journalSize, known?.journal.lastSeq);
    const sandbox = new Sandbox(sandbox_id, generation, this.store, { buckets: new MemoryBuckets(), journal });
    this.byId.set(sandbox_id, sandbox);
    return { sandbox, settings, now };
  }

  /** A client sends the same key again and again; only in memory, and only so many. */
  private hashOf(key: string): string {
    const known = this.hashes.get(key);
    if (known !== undefined) return known;
    if (this.hashes.size >= MAX_HASHES) this.hashes.clear();
    const hash = hashApiKey(key);
    this.hashes.set(key, hash);
    return hash;
  }
}

const isExpired = (apiKey: ApiKey, now: number) =>
  apiKey.expires_at !== null && toMilliseconds(apiKey.expires_at) <= now;
