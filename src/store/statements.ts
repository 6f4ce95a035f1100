import type { Database, Statement } from 'better-sqlite3';
import type { AccountType } from '../domain/rate-limits.ts';
import type { ApiKeyRow, OrganizationRow } from './rows.ts';

/** What is asked of the database again and again, prepared once. */
export function prepareStatements(db: Database) {
  const insertKey = `
    INSERT INTO api_keys VALUES (
      @sandbox_id, @api_key_id, @organization_id, @key_hash, @key_prefix, @name, @permissions, @status, @expires_at
    )`;
  return {
    selectSandbox: db.prepare('SELECT tiers, clock, seed FROM sandboxes WHERE sandbox_id = ?') as Statement<
      [string],
      { tiers: string; clock: string; seed: string | null }
    >,
    selectAnything: db.prepare('SELECT 1 FROM sandboxes') as Statement<[], unknown>,
    selectOrganization: db.prepare(
      'SELECT * FROM organizations WHERE sandbox_id = ? AND organization_id = ?',
    ) as Statement<[string, string], OrganizationRow>,
    selectKey: db.prepare('SELECT * FROM api_keys WHERE key_hash = ?') as Statement<[string], ApiKeyRow>,
    selectKeys: db.prepare(`
      SELECT api_keys.*, account_type FROM json_each(?) AS wanted
      CROSS JOIN api_keys ON key_hash = wanted.value
      CROSS JOIN organizations USING (sandbox_id, organization_id)`) as Statement<
      [string],
      ApiKeyRow & { account_type: AccountType }
    >,
    insertOrganization: db.prepare(`
      INSERT INTO organizations VALUES (
        @sandbox_id, @organization_id, @organization_name, @logo_url, @account_type, @credit_count, @metadata,
        @billing_email, @rate_limits_override, @auto_billing_enabled, @billing_cycle_start, @current_month_usage,
        @created_at, @updated_at, @users
      )`) as Statement<[OrganizationRow]>,
    /** What an update may change: a statement of six values takes half the time of one with all. */
    updateOrganization: db.prepare(`
      UPDATE organizations SET
        organization_name = ?, logo_url = ?, billing_email = ?, metadata = ?, rate_limits_override = ?, updated_at = ?
      WHERE sandbox_id = ? AND organization_id = ?`) as Statement<(string | null)[]>,
    insertKey: db.prepare(insertKey) as Statement<[ApiKeyRow]>,
    grantKey: db.prepare(`
      ${insertKey}
      ON CONFLICT (key_hash) DO UPDATE SET
        organization_id = excluded.organization_id,
        permissions = excluded.permissions,
        status = excluded.status,
        expires_at = excluded.expires_at
      WHERE sandbox_id = excluded.sandbox_id`) as Statement<[ApiKeyRow]>,
  };
}
