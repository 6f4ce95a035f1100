import type { ApiKey } from '../domain/api-key.ts';
import type { Organization } from '../domain/organization.ts';
import type { Columns } from './table.ts';

/** The columns of each table, and how each one holds its member. */
export const ORGANIZATION_COLUMNS: Columns<Organization> = {
  organization_id: 'plain',
  organization_name: 'plain',
  logo_url: 'plain',
  account_type: 'plain',
  credit_count: 'plain',
  metadata: 'plain',
  billing_email: 'plain',
  rate_limits_override: 'json',
  auto_billing_enabled: 'boolean',
  billing_cycle_start: 'plain',
  current_month_usage: 'plain',
  created_at: 'plain',
  updated_at: 'plain',
  users: 'plain',
  notifications_email: 'plain',
  default_llm_credentials: 'plain',
  nsfw_check_enabled: 'boolean',
  nsfw_fail_closed: 'boolean',
  auth_provider_org_id: 'plain',
  api_url: 'plain',
};

export const API_KEY_COLUMNS: Columns<ApiKey> = {
  api_key_id: 'plain',
  organization_id: 'plain',
  key_hash: 'hex',
  key_prefix: 'plain',
  name: 'plain',
  permissions: 'json',
  status: 'plain',
  expires_at: 'plain',
};
