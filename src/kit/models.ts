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

/** An organization as the control plane shows it, whatever the version of the API. */
export interface Organization extends OrganizationModelResponse082 {
  /** What differs from its tier. */
  rate_limits_override: Partial<RateLimits>;
  /** Those of its tier. */
  tier_limits: RateLimits;
  nsfw_check_enabled: boolean;
  nsfw_fail_closed: boolean;
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
