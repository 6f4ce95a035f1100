/** Account tiers, lowest first. */
export type AccountType = 'free' | 'pro' | 'team' | 'enterprise';

/** Of an API key: each implies those behind it. */
export type Permission = 'admin' | 'delete' | 'write' | 'read';

/** Requests per minute, by category. */
export interface RateLimits {
  metadata: number;
  data: number;
  search: number;
  upload: number;
  compute: number;
}

/** The body of a PATCH in API 0.81. Absent keeps a value, null takes it back to its default, but for the name, which stays. */
export interface OrganizationUpdateRequest {
  organization_name?: string | null;
  logo_url?: string | null;
  billing_email?: string | null;
  /** Replaced as a whole. */
  metadata?: Record<string, unknown> | null;
  /** Merged into the override, category by category. */
  rate_limits?: Partial<RateLimits> | null;
}

/** The body of a PATCH in API 0.82. Null keeps `notifications_email` and the `nsfw_…` members too. */
export interface OrganizationUpdateRequest082 extends Omit<OrganizationUpdateRequest, 'rate_limits'> {
  notifications_email?: string | null;
  /** Replaces the override as a whole. */
  rate_limit_overrides?: Partial<RateLimits> | null;
  /** Provider: name of a secret. Replaced as a whole. */
  default_llm_credentials?: Record<string, string> | null;
  nsfw_check_enabled?: boolean | null;
  nsfw_fail_closed?: boolean | null;
}

/** What GET and PATCH answer in API 0.81. Times are RFC 3339. */
export interface OrganizationModelResponse {
  organization_id: string;
  organization_name: string;
  logo_url: string | null;
  account_type: AccountType;
  credit_count: number;
  metadata: Record<string, unknown>;
  billing_email: string | null;
  /** Those of the tier, with the override applied. */
  rate_limits: RateLimits;
  auto_billing_enabled: boolean;
  /** Day of the month, 1 to 31. */
  billing_cycle_start: number;
  current_month_usage: number;
  created_at: string;
  updated_at: string;
  users: Record<string, unknown>[] | null;
}

/** What GET and PATCH answer in API 0.82. */
export interface OrganizationModelResponse082 extends OrganizationModelResponse {
  notifications_email: string | null;
  auth_provider_org_id: string | null;
  /** Provider: name of a secret. */
  default_llm_credentials: Record<string, string>;
  api_url: string | null;
}

/** What every refusal is in the API, and in the control plane too. */
export interface ErrorResponse {
  success: false;
  status: number;
  error: { type: string; message: string; details: Record<string, unknown> };
}

/** One error of a body, as pydantic reports it. */
export interface ValidationError {
  type: string;
  loc: (string | number)[];
  msg: string;
  ctx?: Record<string, unknown>;
}

/** A 422: every error of the body. */
export interface HTTPValidationError extends ErrorResponse {
  detail: ValidationError[];
}

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

/** How long a fault rule delays, in milliseconds: always the same, evenly drawn between two, or mostly short and sometimes long. */
export type FaultDelay = number | { uniform: [number, number] } | { lognormal: { median: number; sigma: number } };

/** What becomes of a connection instead of a whole answer; `drip_bytes_per_second` sends the body so slowly. */
export type ConnectionFault =
  | 'reset'
  | 'close'
  | 'hang'
  | 'headers_then_silence'
  | 'half_body'
  | 'malformed_json'
  | { drip_bytes_per_second: number };

/** Which requests a fault rule is for: those that are all of it. */
export interface FaultMatch {
  /** In any letter case. */
  method?: string;
  /** The whole path: `*` stands for anything within a segment, `**` across segments. */
  path?: string;
  api_key_id?: string;
  /** What the route demands. */
  permission?: Permission;
  organization_id?: string;
  /** What the JSON of the body must have: objects as subsets, lists whole, numbers by exact value. */
  body?: Record<string, unknown>;
}

/** How requests fail: `preset`, or at least one of `delay_ms`, `status` and `connection`. */
export interface FaultRule {
  /** `flt_`, then letters, digits or `_`. Default: generated. */
  id?: string;
  /** A well-known rule, of which the other members replace members. */
  preset?: 'flaky' | 'slow' | 'lost-answer' | 'maintenance' | 'auth-outage';
  /** For people. */
  name?: string;
  /** Default: every request that passed key, permission and limits. */
  match?: FaultMatch;
  /** The request is carried out, and what follows happens to its answer. Default false. */
  after_handler?: boolean;
  /** At most an hour. */
  delay_ms?: FaultDelay;
  /** `sandbox`: the delay is over when the clock of the sandbox has come that far. Default `real`. */
  delay_clock?: 'real' | 'sandbox';
  /** Of an answer in the place of the real one, 200 to 599. */
  status?: number;
  /** Of that answer, besides those that the status has. */
  headers?: Record<string, string>;
  /** Of that answer; text is sent as it is. Default: what the API answers with the status. */
  body?: object | string;
  connection?: ConnectionFault;
  /** It fires so many times at most. */
  times?: number;
  /** It lets the first so many requests that match pass. Default 0. */
  after?: number;
  /** Of those behind them it takes each so-manieth. Default 1. */
  every?: number;
  /** 0 to 1, drawn for each of those. Default 1. */
  probability?: number;
  /** Number from which follows what is drawn. Default: real chance, or the `randomSeed` of the server. */
  random_seed?: number;
  /** It is over after so many milliseconds of the clock of the sandbox. */
  ttl_ms?: number;
  /** It is over at this time of the sandbox, RFC 3339. */
  expires_at?: string;
  /** Default true. */
  enabled?: boolean;
}

/** A fault rule of a sandbox, with the members of its preset. */
export interface AddedFaultRule extends Omit<FaultRule, 'preset' | 'ttl_ms'> {
  id: string;
  /** Requests that it was asked about and that match. */
  matched: number;
  /** Of these, how often it did something. */
  fired: number;
}

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
  version: 1;
  organizations: SeedOrganization[];
}
