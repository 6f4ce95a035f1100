import type { ApiKey } from './api-key.ts';
import type { Organization } from './organization.ts';
import type { Tiers } from './rate-limits.ts';

/**
 * A sandbox is a whole world: its organizations, their keys, its tiers. This is all of it that outlives a process,
 * as one plain value: what a seed gives and what a store keeps.
 */
export interface State {
  tiers: Tiers;
  organizations: Organization[];
  api_keys: ApiKey[];
}

/** What a sandbox was filled from. */
export interface SeedOrigin {
  /** A path, or words for a seed that is not a file. */
  name: string;
  /** Of its text, in hex. */
  sha256: string;
}

/** The sandbox that is always there. */
export const DEFAULT_SANDBOX = 'default';
