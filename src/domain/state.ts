import type { ApiKey } from './api-key.ts';
import type { ApiVersion } from './api-version.ts';
import type { ClockSetting } from './clock.ts';
import type { Organization } from './organization.ts';
import type { LimitsMode } from './rate-limiter.ts';
import type { Tiers } from './rate-limits.ts';

/** The settings of a sandbox: one plain value, replaced as a whole. */
export interface Settings {
  tiers: Tiers;
  clock: ClockSetting;
  /** Whether requests are counted and reported (headers), and also refused beyond the limit (enforce). */
  limits: LimitsMode;
  /** The version of the API that is spoken. */
  api_version: ApiVersion;
}

/**
 * Everything of a sandbox that outlives the process, as one plain value: what a seed gives, a store keeps and a reset
 * restores.
 */
export interface State {
  settings: Settings;
  organizations: Organization[];
  api_keys: ApiKey[];
}

/** The seed that a sandbox was created from. */
export interface SeedOrigin {
  /** A path, or a description of a seed that is not a file. */
  name: string;
  /** Of its text, in hex. */
  sha256: string;
}

/** The sandbox that always exists. */
export const DEFAULT_SANDBOX = 'default';

/** The snapshot of the state that a sandbox was created with. */
export const INITIAL_SNAPSHOT = 'initial';
