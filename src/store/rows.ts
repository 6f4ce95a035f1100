import type { ApiKey } from '../domain/api-key.ts';
import type { Organization } from '../domain/organization.ts';

/** An organization as its table holds it. */
export type OrganizationRow = Omit<Organization, 'rate_limits_override' | 'auto_billing_enabled'> & {
  sandbox_id: string;
  rate_limits_override: string;
  auto_billing_enabled: 0 | 1;
};

/** A key as its table holds it. */
export type ApiKeyRow = Omit<ApiKey, 'permissions'> & { sandbox_id: string; permissions: string };

export function toOrganization({ sandbox_id: _, ...row }: OrganizationRow): Organization {
  return {
    ...row,
    rate_limits_override: JSON.parse(row.rate_limits_override),
    auto_billing_enabled: row.auto_billing_enabled === 1,
  };
}

export function fromOrganization(sandbox_id: string, organization: Organization): OrganizationRow {
  return {
    sandbox_id,
    ...organization,
    rate_limits_override: JSON.stringify(organization.rate_limits_override),
    auto_billing_enabled: organization.auto_billing_enabled ? 1 : 0,
  };
}

export function toApiKey({ sandbox_id: _, ...row }: ApiKeyRow): ApiKey {
  return { ...row, permissions: JSON.parse(row.permissions) };
}

export function fromApiKey(sandbox_id: string, apiKey: ApiKey): ApiKeyRow {
  return { sandbox_id, ...apiKey, permissions: JSON.stringify(apiKey.permissions) };
}
