import type { Clock } from '../domain/clock.ts';
import { type Organization, toOrganizationJson } from '../domain/organization.ts';
import type { LimitsMode } from '../domain/rate-limiter.ts';
import { effectiveLimits, isSameOverride, type Tiers } from '../domain/rate-limits.ts';
import type { Store } from '../store/store.ts';
import { Buckets } from './buckets.ts';

export interface SandboxParts {
  sandbox_id: string;
  tiers: Tiers;
  clock: Clock;
  store: Store;
  limitsMode: LimitsMode;
}

/** A world that is alive: what is kept of it, and the clock that its clients see. */
export class Sandbox {
  readonly sandbox_id: string;
  readonly tiers: Tiers;
  readonly clock: Clock;
  readonly limitsMode: LimitsMode;
  readonly buckets = new Buckets();
  private readonly store: Store;
  private readonly answers = new WeakMap<Organization, string>();

  constructor({ sandbox_id, tiers, clock, store, limitsMode }: SandboxParts) {
    this.sandbox_id = sandbox_id;
    this.tiers = tiers;
    this.clock = clock;
    this.store = store;
    this.limitsMode = limitsMode;
  }

  findOrganization(organizationId: string): Promise<Organization | undefined> {
    return this.store.findOrganization(this.sandbox_id, organizationId);
  }

  /** The response model of an organization, as JSON text. An organization that did not change is not written again. */
  toAnswer(organization: Organization): string {
    const known = this.answers.get(organization);
    if (known !== undefined) return known;
    const answer = toOrganizationJson(organization, this.tiers[organization.account_type]);
    this.answers.set(organization, answer);
    return answer;
  }

  /** The organization after `change`, once that is kept; see {@link Store.updateOrganization}. */
  async updateOrganization(
    organizationId: string,
    change: (current: Organization) => Organization,
  ): Promise<Organization> {
    let before: Organization | undefined;
    const updated = await this.store.updateOrganization(this.sandbox_id, organizationId, (current) => {
      before = current;
      return change(current);
    });
    if (updated === undefined) throw new Error('the organization of a key that was let in is gone');
    if (before !== undefined && !isSameOverride(before.rate_limits_override, updated.rate_limits_override)) {
      const limits = effectiveLimits(this.tiers[updated.account_type], updated.rate_limits_override);
      this.buckets.changeLimits(organizationId, limits, this.clock.now());
    }
    return updated;
  }
}
