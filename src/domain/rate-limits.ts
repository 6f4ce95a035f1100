/** Categories of the real service, from the highest limit to the lowest. */
export const RATE_LIMIT_CATEGORIES = ['metadata', 'data', 'search', 'upload', 'compute'] as const;
export type RateLimitCategory = (typeof RATE_LIMIT_CATEGORIES)[number];

/** Account tiers, lowest first. */
export const ACCOUNT_TYPES = ['free', 'pro', 'team', 'enterprise'] as const;
export type AccountType = (typeof ACCOUNT_TYPES)[number];

/** Requests per minute, by category. */
export type RateLimits = Record<RateLimitCategory, number>;

/** Limits of an organization that differ from its tier, in requests per minute. */
export type RateLimitsOverride = Partial<RateLimits>;

/** A change of limits, in requests per minute; a category that is absent or undefined keeps its limit. */
export type RateLimitsUpdate = { [Category in RateLimitCategory]?: number | undefined };

/** The limits of a tier, and its credits per month. */
export interface Tier extends RateLimits {
  monthly_credits: number;
}
export type Tiers = Record<AccountType, Tier>;

/** The highest limit: the largest integer that every client reads exactly. */
export const MAX_RATE_LIMIT = Number.MAX_SAFE_INTEGER;

/**
 * The reference publishes three example values a category, here used for free, pro and team. It calls enterprise custom, here
 * ten times pro.
 */
export const DEFAULT_TIERS: Tiers = {
  free: { monthly_credits: 1_000, metadata: 20, data: 10, search: 10, upload: 5, compute: 5 },
  pro: { monthly_credits: 100_000, metadata: 100, data: 60, search: 60, upload: 30, compute: 30 },
  team: { monthly_credits: 1_000_000, metadata: 200, data: 100, search: 100, upload: 50, compute: 50 },
  enterprise: { monthly_credits: 10_000_000, metadata: 1000, data: 600, search: 600, upload: 300, compute: 300 },
};

/** What the limits of an organization depend on. */
interface Limited {
  account_type: AccountType;
  rate_limits_override: RateLimitsOverride;
}

/** The effective limits of an organization, in requests per minute: those of its tier, with its override applied. */
export function limitsOf(tiers: Tiers, { account_type, rate_limits_override: override }: Limited): RateLimits {
  const tier = tiers[account_type];
  return {
    metadata: override.metadata ?? tier.metadata,
    data: override.data ?? tier.data,
    search: override.search ?? tier.search,
    upload: override.upload ?? tier.upload,
    compute: override.compute ?? tier.compute,
  };
}

/** The limit of one category, in requests per minute. */
export const limitOf = (
  tiers: Tiers,
  { account_type, rate_limits_override }: Limited,
  category: RateLimitCategory,
): number => rate_limits_override[category] ?? tiers[account_type][category];

/** The override with `update` applied, in the order of the categories. */
export function mergeOverride(current: RateLimitsOverride, update: RateLimitsUpdate): RateLimitsOverride {
  const merged: RateLimitsOverride = {};
  for (const category of RATE_LIMIT_CATEGORIES) {
    const limit = update[category] ?? current[category];
    if (limit !== undefined) merged[category] = limit;
  }
  return merged;
}

export function isSameOverride(a: RateLimitsOverride, b: RateLimitsOverride): boolean {
  return RATE_LIMIT_CATEGORIES.every((category) => a[category] === b[category]);
}

/** Whether the same limits hold for both, whatever else they are. */
export const hasSameLimits = (a: Limited, b: Limited): boolean =>
  a.account_type === b.account_type && isSameOverride(a.rate_limits_override, b.rate_limits_override);

/** A limit that breaks an invariant of the tiers. */
export interface TierViolation {
  account_type: AccountType;
  category: RateLimitCategory;
  reason: string;
}

/**
 * The limits that break an invariant: within a tier metadata >= data >= search >= upload >= compute, and a higher tier never
 * gets less than a lower one.
 */
export function findTierViolations(tiers: Tiers): TierViolation[] {
  const violations: TierViolation[] = [];
  for (const [rank, account_type] of ACCOUNT_TYPES.entries()) {
    const limits = tiers[account_type];
    const lower = ACCOUNT_TYPES[rank - 1];
    for (const [place, category] of RATE_LIMIT_CATEGORIES.entries()) {
      const limit = limits[category];
      const wider = RATE_LIMIT_CATEGORIES[place - 1];
      if (wider !== undefined && limit > limits[wider]) {
        const reason = `${limit} is more than ${wider} (${limits[wider]}): ${RATE_LIMIT_CATEGORIES.join(' >= ')}`;
        violations.push({ account_type, category, reason });
      }
      if (lower !== undefined && limit < tiers[lower][category]) {
        const reason = `${limit} is less than the lower tier ${lower} gets (${tiers[lower][category]})`;
        violations.push({ account_type, category, reason });
      }
    }
  }
  return violations;
}
