import type { ApiKey } from './api-key.ts';
import type { ClockSetting } from './clock.ts';
import type { Organization } from './organization.ts';
import type { LimitsMode } from './rate-limiter.ts';
import type { Tiers } from './rate-limits.ts';

/** What a sandbox is set to: one plain value, replaced as a whole. */
export interface Settings {
  tiers: Tiers;
  clock: ClockSetting;
  /** Whether requests are counted, told, and refused beyond the limit. */
  limits: LimitsMode;
}

/**
 * All of a sandbox that outlives a process, as one plain value: what a seed gives, what a store keeps, what a reset goes
 * back to.
 */
export interface State {
  settings: Settings;
  organizations: Organization[];
  api_keys: ApiKey[];
}

/** The seed that a sandbox was made from. */
export interface SeedOrigin {
  /** A path, or words for a seed that is not a file. */
  name: string;
  /** Of its text, in hex. */
  sha256: string;
}

/** The sandbox that is always there. */
export const DEFAULT_SANDBOX = 'default';

/** The snapshot of the state that a sandbox was made with. */
export const INITIAL_SNAPSHOT = 'initial';
