import { type ApiKey, hashApiKey } from '../domain/api-key.ts';
import { toMilliseconds } from '../domain/clock.ts';
import type { Organization } from '../domain/organization.ts';
import { buildRandom, drawApiKey, drawId, type Random } from '../domain/random.ts';
import { RealDate } from '../domain/real-time.ts';
import { DEFAULT_SANDBOX, DEFAULT_SETTINGS, INITIAL_SNAPSHOT, type Settings, type State } from '../domain/state.ts';
import {
  type FoundSandbox,
  type ListedSandbox,
  type NewSandbox,
  type PutOptions,
  SandboxGoneError,
  type Snapshot,
  StorageError,
  type Store,
  type Use,
} from '../store/store.ts';
import { MemoryBuckets } from './buckets.ts';
import { Journal, JournalBudget } from './journal.ts';
import { Sandbox } from './sandbox.ts';
import { Usage } from './usage.ts';

export type { ListedSandbox, NewSandbox, Snapshot };

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
  /** What the flags of this start set in the state of `default`. */
  flags: Partial<Settings>;
  /** Sandboxes that there may be besides `default`. */
  maxSandboxes?: number;
  /** What everything that is generated follows from; undefined for real chance. */
  randomSeed?: number | undefined;
  /** Real milliseconds since 1970. */
  realNow?: () => number;
}

const MAX_HASHES = 10_000;
export const DEFAULT_MAX_SANDBOXES = 1000;
/** Real milliseconds without use after which a sandbox may be let go: with an empty journal, with any. */
const IDLE_MS = 60_000;
const JOURNAL_MS = 60 * 60_000;

/** What is asked of a sandbox before its state. */
type FoundState = Pick<FoundSandbox, 'sandbox_id' | 'generation' | 'settings' | 'now'>;

/** A sandbox in memory. */
interface Live {
  sandbox: Sandbox;
  usage: Usage;
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
  private readonly realNow: () => number;
  private readonly budget = new JournalBudget();
  private readonly byId = new Map<string, Live>();
  private readonly opening = new Map<string, Promise<Live | undefined>>();
  private readonly hashes = new Map<string, string>();
  /** Where ids follow from a number: one that is let go and found again goes on there. */
  private readonly streams = new Map<string, Random>();

  constructor(store: Store, options: SandboxesOptions) {
    this.store = store;
    this.stored = store;
    this.options = options;
    this.realNow = options.realNow ?? RealDate.now;
    this.random = this.buildStream('');
  }

  /** Whether what is generated follows from a number. */
  get isSeeded(): boolean {
    return this.options.randomSeed !== undefined;
  }

  async find(sandboxId: string): Promise<LiveSandbox | undefined> {
    const found = await this.store.findSandbox(sandboxId);
    return found && this.toLive(found);
  }

  /** Whose a key is, or why it is refused; undefined for an unknown key. */
  async findCaller(key: string): Promise<Caller | RefusedKey | undefined> {
    const found = await this.store.find(this.hashOf(key));
    if (found === undefined) return undefined;
    const opened = this.toLive(found);
    // Waiting for what is there already would take its time.
    const live = opened instanceof Promise ? await opened : opened;
    if (live === undefined) return undefined;
    const { api_key: apiKey, organization } = found;
    const { sandbox, settings, now } = live;
    if (apiKey.status !== 'active') return { sandbox, settings, now, problem: apiKey.status };
    if (isExpired(apiKey, now)) return { sandbox, settings, now, problem: 'expired' };
    return { sandbox, settings, now, apiKey, organization };
  }

  /** The journal of the sandbox that has this id, if that is alive. */
  findJournal(sandboxId: string): Journal | undefined {
    return this.byId.get(sandboxId)?.sandbox.journal;
  }

  /** How many requests the journal of a sandbox has. */
  countRequests(sandboxId: string): number {
    return this.findJournal(sandboxId)?.list().length ?? 0;
  }

  /** When a sandbox is removed unless somebody uses it: real milliseconds since 1970. */
  expiryOf({ sandbox_id, expires_at }: Pick<FoundSandbox, 'sandbox_id' | 'expires_at'>): number | null {
    return this.byId.get(sandbox_id)?.usage.expires_at ?? expires_at;
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

  /** Makes the default sandbox anew from a state, to which a reset goes back, as the only one. */
  async begin(state: State, options: Pick<PutOptions, 'seed' | 'granted'>): Promise<void> {
    const more = { ...options, initial: state.settings, isOnly: true };
    await this.store.put(DEFAULT_SANDBOX, { ...state, settings: { ...state.settings, ...this.options.flags } }, more);
  }

  /** What is drawn from has nothing in common with what other names give. */
  buildStream(name: string): Random {
    return buildRandom(this.options.randomSeed, name);
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
    await this.removeExpired();
    await this.store.create(sandboxes, this.options.maxSandboxes ?? DEFAULT_MAX_SANDBOXES);
  }

  /**
   * Makes `state` all that there is of a sandbox.
   * @returns whether there was no such sandbox
   */
  async put(sandboxId: string, state: State): Promise<boolean> {
    const isNew = (await this.find(sandboxId)) === undefined;
    try {
      if (isNew) await this.create([{ sandbox_id: sandboxId, name: null, ttl_ms: null, state }]);
      else await this.replace(sandboxId, () => this.store.put(sandboxId, state));
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
    for (const sandboxId of sandboxIds) {
      this.byId.get(sandboxId)?.usage.end();
      this.letGo(sandboxId);
    }
  }

  /**
   * Asked now and then: removes what has expired, lets go of what nobody uses, and records the rest for the next start.
   * @throws {StorageError}
   */
  async sweep(): Promise<void> {
    await this.removeExpired();
    const uses = [...this.byId.values()].flatMap(({ sandbox, usage }) => usage.toChanged(sandbox.journal.lastSeq));
    if (uses.length > 0) await this.store.record(uses);
    for (const [sandboxId, live] of this.byId) {
      if (sandboxId === DEFAULT_SANDBOX || !this.isUnused(live) || !(await this.isFull(live.sandbox))) continue;
      // Somebody may have come in the meantime.
      if (this.byId.get(sandboxId) === live && this.isUnused(live)) this.letGo(sandboxId);
    }
  }

  private isUnused({ sandbox: { journal }, usage }: Live): boolean {
    const idle = usage.idleFor(this.realNow());
    return idle >= (journal.newest === undefined ? IDLE_MS : JOURNAL_MS) && journal.isIdle;
  }

  private async isFull({ sandbox_id, buckets }: Sandbox): Promise<boolean> {
    const found = await this.store.findSandbox(sandbox_id);
    return found === undefined || buckets.areFull(found.now);
  }

  /** Records how far each sandbox has come, so that the next start goes on there. */
  async close(): Promise<void> {
    const uses = [...this.byId.values()].map(({ sandbox, usage }) => usage.toRecord(sandbox.journal.lastSeq));
    await this.recordIfPossible(uses);
  }

  private async removeExpired(): Promise<void> {
    const now = this.realNow();
    const isExpired = (sandboxId: string) => (this.byId.get(sandboxId)?.usage.expires_at ?? 0) <= now;
    const expired = (await this.store.listExpired(now)).filter(isExpired);
    if (expired.length > 0) await this.remove(expired);
  }

  /** A sandbox of the next generation takes the place of the one that was alive. */
  private async replace<T>(sandboxId: string, work: () => Promise<T>): Promise<T> {
    const done = await work();
    if (this.byId.has(sandboxId)) await this.find(sandboxId);
    return done;
  }

  private toLive(found: FoundState): LiveSandbox | Promise<LiveSandbox | undefined> | undefined {
    const known = this.byId.get(found.sandbox_id);
    if (known === undefined) return this.openLive(found);
    const { settings, now } = found;
    if (!known.usage.touch(this.realNow())) return undefined;
    // One that was found before its state was replaced may come here after that.
    if (known.sandbox.generation >= found.generation) return { sandbox: known.sandbox, settings, now };
    // Its `seq` goes on where that of the world before ended.
    const { journal, random } = known.sandbox;
    journal.clear();
    known.sandbox = this.build(found, known.usage, journal, random);
    return { sandbox: known.sandbox, settings, now };
  }

  private async openLive(found: FoundState): Promise<LiveSandbox | undefined> {
    const { sandbox_id, settings, now } = found;
    const opening = this.opening.get(sandbox_id) ?? this.open(sandbox_id);
    this.opening.set(sandbox_id, opening);
    try {
      const live = await opening;
      return live && { sandbox: live.sandbox, settings, now };
    } finally {
      this.opening.delete(sandbox_id);
    }
  }

  private async open(sandboxId: string): Promise<Live | undefined> {
    const found = await this.store.findSandbox(sandboxId);
    if (found === undefined) return undefined;
    const usage = new Usage(found);
    if (!usage.touch(this.realNow())) return undefined;
    const journal = new Journal(this.options.journalSize, this.budget, found.last_seq);
    await this.recordIfPossible([usage.reserve(found.last_seq)]);
    // It may have been removed since.
    if ((await this.store.findSandbox(sandboxId))?.created_at !== found.created_at) return undefined;
    const live = { sandbox: this.build(found, usage, journal, this.streamOf(sandboxId)), usage };
    this.byId.set(sandboxId, live);
    return live;
  }

  private streamOf(sandboxId: string): Random {
    const stream = this.streams.get(sandboxId) ?? this.buildStream(sandboxId);
    if (this.isSeeded) this.streams.set(sandboxId, stream);
    return stream;
  }

  /** Where nothing can be kept, requests are answered all the same. */
  private async recordIfPossible(uses: Use[]): Promise<void> {
    try {
      if (uses.length > 0) await this.store.record(uses);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
    }
  }

  private build({ sandbox_id, generation }: FoundState, usage: Usage, journal: Journal, random: Random): Sandbox {
    const isGone = () => usage.isOver;
    return new Sandbox(sandbox_id, generation, this.store, { buckets: new MemoryBuckets(), journal, random, isGone });
  }

  private letGo(sandboxId: string): void {
    this.findJournal(sandboxId)?.clear();
    this.byId.delete(sandboxId);
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
