import type { ApiKey } from '../domain/api-key.ts';
import { timeOf } from '../domain/clock.ts';
import { type Organization, toOrganizationJson } from '../domain/organization.ts';
import type { Random } from '../domain/random.ts';
import { hasSameLimits, limitsOf } from '../domain/rate-limits.ts';
import type { Settings } from '../domain/state.ts';
import { SandboxGoneError } from '../store/errors.ts';
import type { Buckets } from '../store/runtime.ts';
import type { ApiKeyFilter, Store, Updated, Updater } from '../store/store.ts';
import type { ControlLog } from './control-log.ts';
import type { Faults } from './faults.ts';
import type { Interaction } from './interaction.ts';
import type { Journal } from './journal.ts';
import type { Runtime } from './runtime.ts';
import type { Waits } from './waits.ts';

/** The response model of an organization. */
export interface OrganizationResponse {
  /** JSON. */
  text: string;
  /** What is sent: the text, or its bytes where it is long. */
  payload: string | Buffer;
}

/** From so many characters on the bytes are kept: all who are answered share them, also those who read slowly. */
const LONG_RESPONSE = 64 * 1024;

/** The live world of one state. Where that is replaced another sandbox takes its place: nothing here is ever cleared. */
export class Sandbox {
  readonly sandbox_id: string;
  readonly generation: number;
  readonly buckets: Buckets;
  readonly faults: Faults;
  readonly waits: Waits;
  readonly journal: Journal;
  readonly actions: ControlLog;
  readonly interaction: Interaction;
  readonly random: Random;
  private readonly store: Store;
  private readonly isGone: () => boolean;
  /** An organization never changes, but is replaced. */
  private readonly responses = new WeakMap<
    Organization,
    Pick<Settings, 'tiers' | 'api_version'> & { response: OrganizationResponse }
  >();

  constructor(sandbox_id: string, generation: number, store: Store, runtime: Runtime) {
    const { buckets, faults, waits, journal, actions, interaction, random, isGone } = runtime;
    this.sandbox_id = sandbox_id;
    this.generation = generation;
    this.store = store;
    this.buckets = buckets;
    this.faults = faults;
    this.waits = waits;
    this.journal = journal;
    this.actions = actions;
    this.interaction = interaction;
    this.random = random;
    this.isGone = isGone;
  }

  findOrganization(organizationId: string): Promise<Organization | undefined> {
    return this.store.findOrganization(this.sandbox_id, organizationId);
  }

  /** A key of this sandbox, by its SHA-256 or by its id. */
  async findApiKey(by: { key_hash: string } | { api_key_id: string }): Promise<ApiKey | undefined> {
    if ('api_key_id' in by) {
      const [apiKey] = await this.listApiKeys(by);
      // One that is lent outlives its organization.
      return apiKey && (await this.findOrganization(apiKey.organization_id)) && apiKey;
    }
    const found = await this.store.find(by.key_hash);
    return found?.sandbox_id === this.sandbox_id ? found.api_key : undefined;
  }

  listApiKeys(filter: ApiKeyFilter): Promise<ApiKey[]> {
    return this.store.listApiKeys(this.sandbox_id, filter);
  }

  /** See {@link Store.updateOrganization}. Limits that change hold for the buckets at once. */
  async updateOrganization(
    organizationId: string,
    change: Updater<Organization | undefined>,
  ): Promise<Updated<Organization | undefined>> {
    const updated = await this.store.updateOrganization(this.sandbox_id, organizationId, this.toOwn(change));
    const { before, after, settings, now } = updated;
    if (after === undefined) {
      await this.buckets.forget({ organization_id: organizationId });
    } else if (before && !hasSameLimits(before, after)) {
      await this.buckets.changeLimits(organizationId, limitsOf(settings.tiers, after), now);
    }
    return updated;
  }

  /** See {@link Store.updateApiKey}. */
  async updateApiKey(apiKeyId: string, change: Updater<ApiKey | undefined>): Promise<Updated<ApiKey | undefined>> {
    const updated = await this.store.updateApiKey(this.sandbox_id, apiKeyId, this.toOwn(change));
    if (updated.after === undefined) await this.buckets.forget({ api_key_id: apiKeyId });
    return updated;
  }

  /** See {@link Store.updateSettings}. A clock that goes back takes the buckets with it. */
  async updateSettings(change: Updater<Settings>): Promise<Updated<Settings>> {
    const updated = await this.store.updateSettings(this.sandbox_id, this.toOwn(change));
    const { after, now, real } = updated;
    const then = timeOf(after.clock, real);
    if (then < now) await this.buckets.moveBack(now, then);
    if (updated.before.clock !== after.clock) this.waits.moveClock(after.clock);
    if (updated.before.faults !== after.faults) await this.faults.keepOnly(after.faults);
    return updated;
  }

  /** A change that one who has the id since does not get. */
  private toOwn<Value>(change: Updater<Value>): Updater<Value> {
    return (current, now, real) => {
      if (this.isGone()) throw new SandboxGoneError(this.sandbox_id);
      return change(current, now, real);
    };
  }

  /** The response model of an organization. What is asked for again and again is written once. */
  toResponse(organization: Organization, settings: Settings): OrganizationResponse {
    const { tiers, api_version } = settings;
    const known = this.responses.get(organization);
    if (known?.tiers === tiers && known.api_version === api_version) return known.response;
    const response = this.buildResponse(organization, settings);
    this.responses.set(organization, { tiers, api_version, response });
    return response;
  }

  /** The same, remembered nowhere: what a PATCH has just made may change again before anybody asks for it. */
  buildResponse(organization: Organization, { tiers, api_version }: Settings): OrganizationResponse {
    const text = toOrganizationJson(organization, limitsOf(tiers, organization), api_version);
    return { text, payload: text.length > LONG_RESPONSE ? Buffer.from(text) : text };
  }
}
