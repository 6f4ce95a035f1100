import type { ApiKey } from './api-key.ts';
import { type ApiVersion, DEFAULT_API_VERSION } from './api-version.ts';
import { type ClockSetting, REAL_TIME } from './clock.ts';
import type { FaultRule } from './fault.ts';
import type { Organization } from './organization.ts';
import type { LimitsMode } from './rate-limiter.ts';
import { DEFAULT_TIERS, type Tiers } from './rate-limits.ts';

/** Whether members of a body that the API does not know are ignored, as by the real service, or are an error. */
export const UNKNOWN_FIELDS = ['ignore', 'reject'] as const;
export type UnknownFields = (typeof UNKNOWN_FIELDS)[number];

/** The settings of a sandbox: one plain value, replaced as a whole. */
export interface Settings {
  tiers: Tiers;
  clock: ClockSetting;
  /** Whether requests are counted and reported (headers), and also refused beyond the limit (enforce). */
  limits: LimitsMode;
  /** The version of the API that is spoken. */
  api_version: ApiVersion;
  unknown_fields: UnknownFields;
  /** Tried in order: the first that fires has its way. */
  faults: FaultRule[];
}

/** What holds where neither a seed nor a flag says otherwise. */
export const DEFAULT_SETTINGS: Settings = {
  tiers: DEFAULT_TIERS,
  clock: REAL_TIME,
  limits: 'headers',
  api_version: DEFAULT_API_VERSION,
  unknown_fields: 'ignore',
  faults: [],
};

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
/** The snapshot of what was there before the last reset, restore or import. */
export const BEFORE_RESET = 'before-reset';
/** The most snapshots of a sandbox, besides those two. */
export const MAX_SNAPSHOTS = 20;
