import type { FaultRule } from './fault-models.ts';
import type { AccountType, Permission, RateLimits } from './models.ts';

/** An API key of a seed: `key`, or `key_hash` with `key_prefix`. */
export interface SeedApiKey {
  key?: string;
  /** SHA-256 of the key, 64 hex digits. */
  key_hash?: string;
  key_prefix?: string;
  api_key_id?: string;
  /** Default `['admin']`. */
  permissions?: Permission[];
  name?: string;
  status?: 'active' | 'revoked' | 'expired';
  /** RFC 3339. */
  expires_at?: string;
}

/** An organization of a seed. Everything but the id has a default. */
export interface SeedOrganization {
  organization_id: string;
  organization_name?: string;
  logo_url?: string | null;
  account_type?: AccountType;
  credit_count?: number;
  metadata?: Record<string, unknown>;
  billing_email?: string | null;
  rate_limits_override?: Partial<RateLimits>;
  auto_billing_enabled?: boolean;
  billing_cycle_start?: number;
  current_month_usage?: number;
  created_at?: string;
  updated_at?: string;
  users?: Record<string, unknown>[] | null;
  notifications_email?: string | null;
  default_llm_credentials?: Record<string, string>;
  nsfw_check_enabled?: boolean;
  nsfw_fail_closed?: boolean;
  auth_provider_org_id?: string | null;
  api_url?: string | null;
  api_keys?: SeedApiKey[];
}

/** What of an organization is to be another. The override and metadata are replaced as a whole. */
export type OrganizationUpdate = Omit<SeedOrganization, 'organization_id' | 'api_keys'>;

/** How a sandbox behaves. */
export interface SeedSettings {
  /** A time at which the clock is frozen, or how far it is from real time in milliseconds. Default: real time. */
  clock?: string | { frozen_at: string } | { offset_ms: number };
  limits?: 'off' | 'headers' | 'enforce';
  /** Requests per minute, and credits per month; only what differs. */
  tiers?: Partial<Record<AccountType, Partial<RateLimits & { monthly_credits: number }>>>;
  api_version?: '0.81' | '0.82';
  unknown_fields?: 'ignore' | 'reject';
  /** Rules by which requests fail, in their order; at most 100. */
  faults?: FaultRule[];
}

/** The content of a seed file. */
export interface Seed extends SeedSettings {
  /** The JSON Schema by which an editor checks a file; nothing else reads it. */
  $schema?: string;
  version: 1;
  organizations: SeedOrganization[];
}
