import { buildRandom, type Random } from '../domain/random.ts';
import { RealDate } from '../domain/real-time.ts';
import { DEFAULT_SANDBOX, type Settings } from '../domain/state.ts';
import { StorageError } from '../store/errors.ts';
import type { FoundState, Store, Use } from '../store/store.ts';
import { MemoryBuckets } from './buckets.ts';
import { ControlLog } from './control-log.ts';
import { MemoryFaultCounters } from './fault-counters.ts';
import { Faults } from './faults.ts';
import { Interaction } from './interaction.ts';
import { Journal } from './journal.ts';
import { JournalLink } from './journal-link.ts';
import { Journals } from './journals.ts';
import type { Runtime } from './runtime.ts';
import { Sandbox } from './sandbox.ts';
import type { Tally } from './tally.ts';
import { Usage } from './usage.ts';
import { WaitLimit, Waits } from './waits.ts';

/** A sandbox as a request finds it. */
export interface LiveSandbox {
  sandbox: Sandbox;
  settings: Settings;
  /** The one time of the request, in milliseconds since 1970. */
  now: number;
}

export interface LiveOptions {
  /** Entries that the journal of each sandbox keeps. */
  journalSize: number;
  /** What everything that is generated follows from; undefined for real chance. */
  randomSeed?: number | undefined;
  /** Real milliseconds since 1970. */
  realNow?: () => number;
  /** Hears what a strict run does not forgive. */
  tally?: Tally | undefined;
}

/** Real milliseconds without use after which a sandbox may be let go: with a journal that is empty or kept elsewhere, with any. */
const IDLE_MS = 60_000;
const JOURNAL_MS = 60 * 60_000;

/** What of a sandbox goes on when its state is replaced. */
type Lasting = Pick<Runtime, 'journal' | 'actions' | 'interaction' | 'random'>;

/** A sandbox in memory. */
interface Kept {
  sandbox: Sandbox;
  /** When it was made: real milliseconds since 1970. */
  created_at: number;
  usage: Usage;
}

/** The sandboxes that are in memory: each from the first time that somebody asks for it, until nobody has for a while. */
export class LiveSandboxes {
  readonly realNow: () => number;
  private readonly store: Store;
  private readonly options: LiveOptions;
  private readonly journals = new Journals();
  private readonly waitLimit = new WaitLimit();
  private readonly byId = new Map<string, Kept>();
  private readonly opening = new Map<string, Promise<Kept | undefined>>();
  /** Where ids follow from a number: one that is let go and found again goes on there. */
  private readonly streams = new Map<string, Random>();

  constructor(store: Store, options: LiveOptions) {
    this.store = store;
    this.options = options;
    this.realNow = options.realNow ?? RealDate.now;
  }

  /** Whether what is generated follows from a number. */
  get isSeeded(): boolean {
    return this.options.randomSeed !== undefined;
  }

  has(sandboxId: string): boolean {
    return this.byId.has(sandboxId);
  }

  /** What is drawn from has nothing in common with what other names give. */
  buildStream(name: string): Random {
    return buildRandom(this.options.randomSeed, name);
  }

  findJournal(sandboxId: string): Journal | undefined {
    return this.byId.get(sandboxId)?.sandbox.journal;
  }

  /** When one is removed unless somebody uses it, in real milliseconds since 1970; undefined for one that is not here. */
  expiryOf(sandboxId: string): number | null | undefined {
    return this.byId.get(sandboxId)?.usage.expires_at;
  }

  /** One that is in memory, without using it. */
  peek({ sandbox_id, settings, now }: FoundState): LiveSandbox | undefined {
    const sandbox = this.byId.get(sandbox_id)?.sandbox;
    return sandbox && { sandbox, settings, now };
  }

  /** What was found, alive; undefined where its time is over. Only what has to be brought into memory is waited for. */
  find(found: FoundState): LiveSandbox | Promise<LiveSandbox | undefined> | undefined {
    const known = this.byId.get(found.sandbox_id);
    if (known === undefined) return this.openLive(found);
    // Another server has removed it, and one of its id was made since.
    if (known.sandbox.generation < found.generation && known.created_at !== found.created_at) {
      this.remove(found.sandbox_id);
      return this.openLive(found);
    }
    const { settings, now, real, expires_at } = found;
    const { usage } = known;
    if (!usage.touch(this.realNow(), expires_at, real)) return undefined;
    if (usage.isDue) void this.recordIfPossible([usage.toRecord()]);
    // One that was found before its state was replaced may come here after that.
    if (known.sandbox.generation >= found.generation) return { sandbox: known.sandbox, settings, now };
    // Its `seq` goes on where that of the world before ended.
    const { waits, ...former } = known.sandbox;
    former.journal.clear();
    waits.endAll('replaced');
    known.sandbox = this.build(found, known.usage, former);
    return { sandbox: known.sandbox, settings, now };
  }

  private async openLive(found: FoundState): Promise<LiveSandbox | undefined> {
    const { sandbox_id, settings, now } = found;
    const opening = this.opening.get(sandbox_id) ?? this.open(sandbox_id);
    this.opening.set(sandbox_id, opening);
    try {
      const kept = await opening;
      return kept && { sandbox: kept.sandbox, settings, now };
    } finally {
      this.opening.delete(sandbox_id);
    }
  }

  private async open(sandboxId: string): Promise<Kept | undefined> {
    const found = await this.store.findSandbox(sandboxId);
    if (found === undefined) return undefined;
    const usage = new Usage(found, this.store.shared !== undefined);
    if (!usage.touch(this.realNow(), found.expires_at, found.real)) return undefined;
    const journal = new Journal(this.options.journalSize, this.journals, found.last_seq);
    const { shared } = this.store;
    if (shared !== undefined && this.options.journalSize > 0) {
      journal.link = new JournalLink(journal, shared.openJournal(sandboxId, this.options.journalSize), shared);
    }
    await this.recordIfPossible([usage.reserve(found.last_seq)]);
    // It may have been removed since.
    if ((await this.store.findSandbox(sandboxId))?.created_at !== found.created_at) return undefined;
    const [actions, interaction] = [new ControlLog(), new Interaction()];
    const former = { journal, actions, interaction, random: this.streamOf(sandboxId) };
    const kept = { sandbox: this.build(found, usage, former), usage, created_at: found.created_at };
    this.byId.set(sandboxId, kept);
    return kept;
  }

  private streamOf(sandboxId: string): Random {
    const stream = this.streams.get(sandboxId) ?? this.buildStream(sandboxId);
    if (this.isSeeded) this.streams.set(sandboxId, stream);
    return stream;
  }

  /** It was removed: one that has its id since is another one. */
  remove(sandboxId: string): void {
    this.byId.get(sandboxId)?.usage.end();
    this.letGo(sandboxId);
  }

  /**
   * Records what the next start has to know, and lets go of what nobody uses.
   * @throws {StorageError}
   */
  async sweep(): Promise<void> {
    const uses = [...this.byId.values()].flatMap(({ sandbox, usage }) => usage.toChanged(sandbox.journal.lastSeq));
    if (uses.length > 0) await this.store.record(uses);
    for (const [sandboxId, kept] of this.byId) {
      if (sandboxId === DEFAULT_SANDBOX || !this.isUnused(kept) || !(await this.isFull(kept.sandbox))) continue;
      // Somebody may have come in the meantime.
      if (this.byId.get(sandboxId) === kept && this.isUnused(kept)) this.letGo(sandboxId);
    }
  }

  endWaits(): void {
    this.waitLimit.isStopping = true;
    for (const { sandbox } of this.byId.values()) sandbox.waits.endAll('stopped');
  }

  /** Records how far each has come, so that the next start goes on there. */
  async close(): Promise<void> {
    await this.recordIfPossible(
      [...this.byId.values()].map(({ sandbox, usage }) => usage.toRecord(sandbox.journal.lastSeq)),
    );
  }

  private isUnused({ sandbox: { journal, faults, waits }, usage }: Kept): boolean {
    const idle = usage.idleFor(this.realNow());
    // A journal that is shared is read again when somebody asks for it.
    const hasJournal = journal.newest !== undefined && journal.link === undefined;
    return idle >= (hasJournal || !faults.isUnused ? JOURNAL_MS : IDLE_MS) && journal.isIdle && waits.isIdle;
  }

  private async isFull({ sandbox_id, buckets }: Sandbox): Promise<boolean> {
    const found = await this.store.findSandbox(sandbox_id);
    return found === undefined || buckets.areFull(found.now);
  }

  /** Where nothing can be kept, requests are answered all the same. */
  private async recordIfPossible(uses: Use[]): Promise<void> {
    try {
      if (uses.length > 0) await this.store.record(uses);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
    }
  }

  private build({ sandbox_id, generation }: FoundState, usage: Usage, lasting: Lasting): Sandbox {
    const isGone = () => usage.isOver;
    const watcher = this.options.tally?.watch(sandbox_id);
    const { shared } = this.store;
    const counters = shared?.openFaultCounters(sandbox_id, generation) ?? new MemoryFaultCounters();
    const [faults, waits] = [new Faults(counters, lasting.random, watcher), new Waits(this.waitLimit)];
    const { journal, actions, interaction, random } = lasting;
    if (journal.link !== undefined) journal.link.generation = generation;
    const buckets = shared?.openBuckets(sandbox_id, generation) ?? new MemoryBuckets();
    const made = { buckets, faults, waits, isGone };
    const runtime = { ...made, journal, actions, interaction, random };
    return new Sandbox(sandbox_id, generation, this.store, runtime);
  }

  private letGo(sandboxId: string): void {
    const { journal, waits } = this.byId.get(sandboxId)?.sandbox ?? {};
    journal?.clear();
    waits?.endAll('removed');
    this.byId.delete(sandboxId);
  }
}
