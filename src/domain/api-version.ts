/** The versions of the API that are spoken, oldest first. */
export const API_VERSIONS = ['0.81', '0.82'] as const;
export type ApiVersion = (typeof API_VERSIONS)[number];

/** That of the customer's page, and a superset of it. */
export const DEFAULT_API_VERSION: ApiVersion = '0.81';

/**
 * What tells a version from the others: the members of the body of a PATCH, in the order in which their errors are reported,
 * and those of the response model, in its order. What a member means does not depend on the version.
 */
export const MEMBERS = {
  '0.81': {
    request: ['organization_name', 'logo_url', 'billing_email', 'metadata', 'rate_limits'],
    response: [
      'organization_id',
      'organization_name',
      'logo_url',
      'account_type',
      'credit_count',
      'metadata',
      'billing_email',
      'rate_limits',
      'auto_billing_enabled',
      'billing_cycle_start',
      'current_month_usage',
      'created_at',
      'updated_at',
      'users',
    ],
  },
  '0.82': {
    request: [
      'organization_name',
      'logo_url',
      'billing_email',
      'notifications_email',
      'metadata',
      'rate_limit_overrides',
      'default_llm_credentials',
      'nsfw_check_enabled',
      'nsfw_fail_closed',
    ],
    response: [
      'organization_id',
      'organization_name',
      'logo_url',
      'account_type',
      'credit_count',
      'metadata',
      'billing_email',
      'notifications_email',
      'rate_limits',
      'auto_billing_enabled',
      'billing_cycle_start',
      'current_month_usage',
      'created_at',
      'updated_at',
      'users',
      'auth_provider_org_id',
      'default_llm_credentials',
      'api_url',
    ],
  },
} as const satisfies Record<ApiVersion, { request: readonly string[]; response: readonly string[] }>;

/** The newest version that has a member of the request which another one does not have. */
export const findVersionOf = (name: string, other: ApiVersion): ApiVersion | undefined =>
  API_VERSIONS.findLast((version) => has(version, name) && !has(other, name));

const has = (version: ApiVersion, name: string) => MEMBERS[version].request.some((member) => member === name);
