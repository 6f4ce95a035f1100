import type { ApiKey } from '../domain/api-key.ts';
import type { ClockSetting, SettableClock } from '../domain/clock.ts';
import { type Organization, toOrganizationJson } from '../domain/organization.ts';
import type { LimitsMode } from '../domain/rate-limiter.ts';
import {
  effectiveLimits,
  isSameOverride,
  type RateLimitCategory,
  type RateLimits,
  type Tiers,
} from '../domain/rate-limits.ts';
import type { SeedOrigin, State } from '../domain/state.ts';
import type { Store } from '../store/store.ts';
import { Buckets } from './buckets.ts';
import { Journal } from './journal.ts';

export interface SandboxParts {
  sandbox_id: string;
  tiers: Tiers;
  clock: SettableClock;
  store: Store;
  limitsMode: LimitsMode;
  /** What a reset sets the clock to. */
  firstClock: ClockSetting;
  /** Entries that the journal keeps. */
  journalSize: number;
}

/** The response model of an organization. */
export interface Answer {
  /** JSON. */
  text: string;
  /** What is sent: the text, or its bytes where it is long. */
  payload: string | Buffer;
}

/** From so many characters on the bytes are kept: all who are answered share them, also those who read slowly. */
const LONG_ANSWER = 64 * 1024;

/** A world that is alive: what is kept of it, its clock, its buckets. */
export class Sandbox {
  readonly sandbox_id: string;
  readonly clock: SettableClock;
  readonly buckets = new Buckets();
  readonly journal: Journal;
  tiers: Tiers;
  limitsMode: LimitsMode;
  private readonly store: Store;
  private readonly firstClock: ClockSetting;
  private readonly firstLimitsMode: LimitsMode;
  private readonly granted = new Map<string, ApiKey>();
  /** An organization never changes, but is replaced; so is this map when the limits of the tiers may be others. */
  private answers = new WeakMap<Organization, Answer>();
  /** Ends when all that was begun of {@link inTurn} is done. */
  private lastTurn: Promise<unknown> = Promise.resolve();

  constructor({ sandbox_id, tiers, clock, store, limitsMode, firstClock, journalSize }: SandboxParts) {
    this.sandbox_id = sandbox_id;
    this.tiers = tiers;
    this.clock = clock;
    this.store = store;
    this.limitsMode = limitsMode;
    this.firstClock = firstClock;
    this.journal = new Journal(journalSize);
    this.firstLimitsMode = limitsMode;
  }

  findOrganization(organizationId: string): Promise<Organization | undefined> {
    return this.store.findOrganization(this.sandbox_id, organizationId);
  }

  /** A key of this sandbox, by its SHA-256 or by its id. */
  async findApiKey(by: { key_hash: string } | { api_key_id: string }): Promise<ApiKey | undefined> {
    if ('api_key_id' in by) return this.store.findApiKeyById(this.sandbox_id, by.api_key_id);
    const found = await this.store.findCaller(by.key_hash);
    return found?.sandbox_id === this.sandbox_id ? found.api_key : undefined;
  }

  /** Any key of the sandbox, for examples. */
  findSomeApiKey(): Promise<ApiKey | undefined> {
    return this.store.findSomeApiKey(this.sandbox_id);
  }

  /** The limits that hold for an organization. */
  limitsOf(organization: Organization): RateLimits {
    return effectiveLimits(this.tiers[organization.account_type], organization.rate_limits_override);
  }

  /** What a key of the organization may ask for in a category, in requests per minute. */
  limitOf({ account_type, rate_limits_override }: Organization, category: RateLimitCategory): number {
    return rate_limits_override[category] ?? this.tiers[account_type][category];
  }

  /** The response model of an organization, as JSON text. What is asked for again and again is written once. */
  toAnswer(organization: Organization): Answer {
    const known = this.answers.get(organization);
    if (known !== undefined) return known;
    const answer = this.buildAnswer(organization);
    this.answers.set(organization, answer);
    return answer;
  }

  /** The same, of an organization that may change again before anybody asks for it. */
  buildAnswer(organization: Organization): Answer {
    const text = toOrganizationJson(organization, this.limitsOf(organization));
    return { text, payload: text.length > LONG_ANSWER ? Buffer.from(text) : text };
  }

  /** The organization before and after `change`, once that is kept; see {@link Store.updateOrganization}. */
  async updateOrganization(
    organizationId: string,
    change: (current: Organization) => Organization,
  ): Promise<{ before: Organization; after: Organization }> {
    let before: Organization | undefined;
    const after = await this.store.updateOrganization(this.sandbox_id, organizationId, (current) => {
      before = current;
      return change(current);
    });
    if (before === undefined || after === undefined)
      throw new Error('the organization of a key that was let in is gone');
    if (!isSameOverride(before.rate_limits_override, after.rate_limits_override)) {
      this.buckets.changeLimits(organizationId, this.limitsOf(after), this.clock.now());
    }
    return { before, after };
  }

  /** Sets the clock, also for the next start. `change` is asked once the change before it is done, so that none is lost. */
  setClock(change: () => ClockSetting): Promise<void> {
    return this.inTurn(async () => {
      const setting = change();
      await this.store.setClock(this.sandbox_id, setting);
      const before = this.clock.now();
      this.clock.set(setting);
      const now = this.clock.now();
      if (now < before) this.buckets.moveBack(before, now);
    });
  }

  /**
   * Makes `state` all that there is, with the clock of the start and with the granted keys: at once, or not at all.
   * @param seed where it came from; where nothing is said that stays as it is recorded
   */
  async fill(state: State, granted: ApiKey[], seed?: SeedOrigin): Promise<void> {
    for (const apiKey of granted) this.granted.set(apiKey.key_hash, apiKey);
    const more = { apiKeys: [...this.granted.values()], clock: this.firstClock, seed };
    await this.store.replaceState(this.sandbox_id, state, more);
    this.tiers = state.tiers;
    this.answers = new WeakMap();
  }

  /** Lets the keys be used, also after a reset. */
  async grantApiKeys(apiKeys: ApiKey[]): Promise<void> {
    await this.store.grantApiKeys(this.sandbox_id, apiKeys);
    for (const apiKey of apiKeys) this.granted.set(apiKey.key_hash, apiKey);
  }

  /**
   * Goes back to the state that the sandbox was made with, its clock and its limits mode to what the start gave them; keys
   * that flags granted stay. False when the sandbox is older than that state was kept.
   */
  reset(): Promise<boolean> {
    return this.inTurn(async () => {
      const state = await this.store.findFirstState(this.sandbox_id);
      if (state === undefined) return false;
      await this.fill(state, []);
      this.clock.set(this.firstClock);
      this.limitsMode = this.firstLimitsMode;
      this.buckets.clear();
      this.journal.clear();
      return true;
    });
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.lastTurn.then(work);
    this.lastTurn = turn.catch(() => {});
    return turn;
  }
}
