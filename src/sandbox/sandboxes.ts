import { type ApiKey, hashApiKey, isExpired } from '../domain/api-key.ts';
import type { Organization } from '../domain/organization.ts';
import { drawApiKey, drawId, type Random } from '../domain/random.ts';
import { DEFAULT_SANDBOX, DEFAULT_SETTINGS, INITIAL_SNAPSHOT, type Settings, type State } from '../domain/state.ts';
import { SandboxGoneError, StorageError } from '../store/errors.ts';
import type { FoundSandbox, ListedSandbox, NewSandbox, PutOptions, Snapshot, Store } from '../store/store.ts';
import type { Journal } from './journal.ts';
import { KeyHashes } from './key-hashes.ts';
import { type LiveOptions, type LiveSandbox, LiveSandboxes } from './live-sandboxes.ts';
import type { Tally } from './tally.ts';

export type { ListedSandbox, LiveSandbox, NewSandbox, Snapshot };

/** Who sent a request: the key decides the organization and, with it, the sandbox. */
export interface Caller extends LiveSandbox {
  apiKey: ApiKey;
  organization: Organization;
}

/** A known key, and why nobody may use it: the answer's body must not say which, its hint does. */
export interface RefusedKey extends LiveSandbox {
  problem: 'revoked' | 'expired';
}

export interface SandboxesOptions extends LiveOptions {
  /** What the flags of this start set in the state of `default`. */
  flags: Partial<Settings>;
  /** Sandboxes that there may be besides `default`. */
  maxSandboxes: number;
}

/** The sandboxes that are alive, each of them from the first time that somebody asks for it. */
export class Sandboxes {
  private readonly random: Random;
  /** What is stored, where nothing that is alive depends on it. */
  readonly stored: Pick<
    Store,
    | 'pageSandboxes'
    | 'listSandbox'
    | 'pageOrganizations'
    | 'pageApiKeys'
    | 'listSnapshots'
    | 'saveSnapshot'
    | 'removeSnapshot'
  >;
  private readonly store: Store;
  private readonly options: SandboxesOptions;
  private readonly live: LiveSandboxes;
  private readonly hashes = new KeyHashes();

  constructor(store: Store, options: SandboxesOptions) {
    this.store = store;
    this.stored = store;
    this.options = options;
    this.live = new LiveSandboxes(store, options);
    this.random = this.buildStream('');
  }

  /** Hears what a strict run does not forgive, where there is one. */
  get tally(): Tally | undefined {
    return this.options.tally;
  }

  /** Whether what is generated follows from a number. */
  get isSeeded(): boolean {
    return this.live.isSeeded;
  }

  async find(sandboxId: string): Promise<LiveSandbox | undefined> {
    const found = await this.store.findSandbox(sandboxId);
    return found && this.live.find(found);
  }

  /** As {@link find}, but nobody uses it: it may expire, and is not brought into memory. */
  async peek(sandboxId: string): Promise<LiveSandbox | undefined> {
    const found = await this.store.findSandbox(sandboxId);
    return found && this.live.peek(found);
  }

  /** Whose a key is, or why it is refused; undefined for an unknown key. */
  async findCaller(key: string): Promise<Caller | RefusedKey | undefined> {
    const found = await this.store.find(this.hashes.of(key));
    if (found === undefined) return undefined;
    const opened = this.live.find(found);
    // Waiting for what is there already would take its time.
    const live = opened instanceof Promise ? await opened : opened;
    if (live === undefined) return undefined;
    const { api_key: apiKey, organization } = found;
    const { sandbox, settings, now } = live;
    if (apiKey.status !== 'active') return { sandbox, settings, now, problem: apiKey.status };
    if (isExpired(apiKey, now)) return { sandbox, settings, now, problem: 'expired' };
    return { sandbox, settings, now, apiKey, organization };
  }

  /** Whether `default` takes a key. */
  async takesInDefault(key: string): Promise<boolean> {
    const found = await this.findCaller(key);
    return found !== undefined && 'apiKey' in found && found.sandbox.sandbox_id === DEFAULT_SANDBOX;
  }

  /** The journal of the sandbox that has this id, if that is alive. */
  findJournal(sandboxId: string): Journal | undefined {
    return this.live.findJournal(sandboxId);
  }

  /** When a sandbox is removed unless somebody uses it: real milliseconds since 1970. */
  expiryOf({ sandbox_id, expires_at }: Pick<FoundSandbox, 'sandbox_id' | 'expires_at'>): number | null {
    const known = this.live.expiryOf(sandbox_id) ?? expires_at;
    return known === null || expires_at === null ? known : Math.max(known, expires_at);
  }

  /** @throws {SandboxGoneError} */
  async readState(sandboxId: string): Promise<State> {
    const state = await this.store.readState(sandboxId);
    if (state === undefined) throw new SandboxGoneError(sandboxId);
    return state;
  }

  /** The settings of a sandbox whose maker says nothing: those that `default` was made with, and what flags set. */
  async readBaseSettings(): Promise<Settings> {
    const initial = await this.store.readSettings(DEFAULT_SANDBOX, INITIAL_SNAPSHOT);
    return { ...DEFAULT_SETTINGS, ...initial, ...this.options.flags };
  }

  /**
   * Makes the default sandbox anew from a state, to which a reset goes back, as the only one.
   * @param isShared only where there is none yet: others may be in it
   * @returns whether it was made
   */
  async begin(state: State, options: Pick<PutOptions, 'seed' | 'granted'>, isShared = false): Promise<boolean> {
    const more = { ...options, initial: state.settings, ...(isShared ? { isFirst: true } : { isOnly: true }) };
    this.tally?.seed(DEFAULT_SANDBOX, state.settings.faults);
    const flagged = { ...state, settings: { ...state.settings, ...this.options.flags } };
    return this.store.put(DEFAULT_SANDBOX, flagged, more);
  }

  /** What is drawn from has nothing in common with what other names give. */
  buildStream(name: string): Random {
    return this.live.buildStream(name);
  }

  /** A new id of a sandbox. */
  async drawId(): Promise<string> {
    for (;;) {
      const id = drawId(this.random, 'sbx');
      if ((await this.store.findSandbox(id)) === undefined) return id;
    }
  }

  /** A new key that nobody has. */
  async drawApiKey(random: Random, type?: 'live' | 'test'): Promise<string> {
    for (;;) {
      const key = drawApiKey(random, type);
      if ((await this.store.find(hashApiKey(key))) === undefined) return key;
    }
  }

  /**
   * Makes sandboxes, all of them or none.
   * @throws the refusal `conflict` for too many, or a key that another one has
   */
  async create(sandboxes: readonly NewSandbox[]): Promise<void> {
    // What cannot be removed now is no reason to make none.
    await this.removeExpired().catch(ignoreStorage);
    await this.store.create(sandboxes, this.options.maxSandboxes);
    for (const { sandbox_id, state } of sandboxes) this.tally?.seed(sandbox_id, state.settings.faults);
  }

  /**
   * Makes `state` all that there is of a sandbox.
   * @returns whether there was no such sandbox
   */
  async put(sandboxId: string, state: State): Promise<boolean> {
    const isNew = (await this.find(sandboxId)) === undefined;
    try {
      if (isNew) await this.create([{ sandbox_id: sandboxId, name: null, ttl_ms: null, state }]);
      else {
        await this.replace(sandboxId, () => this.store.put(sandboxId, state));
        this.tally?.seed(sandboxId, state.settings.faults);
      }
      return isNew;
    } catch (error) {
      // Somebody else has made it, or removed it, at the same moment.
      if (((await this.find(sandboxId)) === undefined) === isNew) throw error;
      return this.put(sandboxId, state);
    }
  }

  /** The state that a restore would bring back; undefined where there is no such snapshot. */
  async readSnapshot(sandboxId: string, name: string): Promise<State | undefined> {
    const state = await this.store.readState(sandboxId, name);
    return state && { ...state, settings: { ...state.settings, ...this.flagsFor(sandboxId, name) } };
  }

  /**
   * Goes back to a snapshot.
   * @returns false where there is no such snapshot
   */
  restore(sandboxId: string, name: string): Promise<boolean> {
    const flags = this.flagsFor(sandboxId, name);
    return this.replace(sandboxId, () =>
      this.store.restore(sandboxId, name, (settings) => ({ ...settings, ...flags })),
    );
  }

  /**
   * Goes back to the state that the sandbox was made with.
   * @throws {SandboxGoneError}
   */
  async reset(sandboxId: string): Promise<void> {
    if (!(await this.restore(sandboxId, INITIAL_SNAPSHOT))) throw new SandboxGoneError(sandboxId);
  }

  /** What flags change in the state that `default` was made with. */
  private flagsFor(sandboxId: string, name: string): Partial<Settings> {
    return sandboxId === DEFAULT_SANDBOX && name === INITIAL_SNAPSHOT ? this.options.flags : {};
  }

  /** Removes sandboxes, and whatever is under way in them. */
  async remove(sandboxIds: readonly string[]): Promise<void> {
    await this.store.remove(sandboxIds);
    for (const sandboxId of sandboxIds) this.live.remove(sandboxId);
  }

  /**
   * Asked now and then: removes what has expired, lets go of what nobody uses, and records the rest for the next start.
   * @throws {StorageError}
   */
  async sweep(): Promise<void> {
    await this.removeExpired();
    await this.live.sweep();
  }

  /** The server stops: whatever waits in a sandbox ends, and nothing begins to wait. */
  endWaits(): void {
    this.live.endWaits();
  }

  /** Records how far each sandbox has come, so that the next start goes on there. */
  close(): Promise<void> {
    return this.live.close();
  }

  /** Removes those that nobody has used for as long as they were to stay. */
  async removeExpired(): Promise<void> {
    const now = this.live.realNow();
    // One that was used since has another end than the one that is recorded; where others use it too, the storage knows.
    const isOver = (sandboxId: string) =>
      this.store.shared !== undefined || (this.live.expiryOf(sandboxId) ?? 0) <= now;
    for (;;) {
      const expired = (await this.store.listExpired(now)).filter(isOver);
      const removed = expired.length > 0 ? await this.store.remove(expired, true) : [];
      for (const sandboxId of removed) this.live.remove(sandboxId);
      if (removed.length === 0) return;
    }
  }

  /** A sandbox of the next generation takes the place of the one that was alive. */
  private async replace<T>(sandboxId: string, work: () => Promise<T>): Promise<T> {
    // Requests that were answered have their numbers before.
    await this.findJournal(sandboxId)?.catchUp();
    const done = await work();
    if (this.live.has(sandboxId)) await this.find(sandboxId);
    return done;
  }
}

const ignoreStorage = (error: unknown): void => {
  if (!(error instanceof StorageError)) throw error;
};
