/**
 * A seed to begin with, in YAML: what people change is the documented organization of the built-in seed.
 * @param schema where its JSON Schema is, from the file
 */
export const toYamlTemplate = (schema: string): string => `# yaml-language-server: $schema=${schema}
#
# A seed gives an empty database its first data; start with --reset to begin anew from it.
# Lines such as "# limits: enforce" are examples: remove the "# " to use one.
version: 1

# How the server behaves. A flag takes precedence: --clock, --limits, ...
# clock: 2026-01-01T00:00:00Z        # frozen at this time; { offset_ms: 60000 } runs a minute ahead of real time
# limits: enforce                    # a 429 beyond the rate limit; headers (the default) only counts, off does neither
# api_version: "0.82"                # in quotes; "0.81" is the default
# unknown_fields: reject             # a 422 for members that the API does not know; ignore is the default

# Requests a minute and monthly credits of the tiers, where they differ from those of the documentation.
# tiers:
#   free: { metadata: 25 }
#   pro: { metadata: 120, monthly_credits: 200000 }

# Requests that are to fail, in their order: the first rule that fires has its way.
# faults:
#   - { preset: flaky }              # every third request gets a 503; also slow, lost-answer, maintenance, auth-outage
#   - { match: { method: PATCH }, status: 500, times: 1 }

organizations:
  # Everything but the id has a default.
  - organization_id: org_demo123
    organization_name: Acme Corporation
    account_type: pro                # free (the default), pro, team, enterprise
    credit_count: 250000             # by default the monthly credits of the tier
    created_at: 2025-01-01T00:00:00Z
    # metadata: { region: eu, cost_center: "0042" }
    # logo_url: https://example.com/logo.png
    # billing_email: billing@example.com
    # rate_limits_override: { search: 500 }
    # auto_billing_enabled: true
    # billing_cycle_start: 15
    # current_month_usage: 1200
    # users: [{ user_id: usr_1, role: owner }]
    api_keys:
      - { key: sk_live_abc123def456 }                  # may do everything: permissions: [admin] is the default
      - { key: sk_test_readonly, permissions: [read] } # read, write, delete, admin: each includes those before it
      - { key: sk_test_revoked, status: revoked }      # gets a 401
      # - { key: sk_test_ci, name: ci, expires_at: 2030-01-01T00:00:00Z }
  # - organization_id: org_free
  #   account_type: free
  #   api_keys: [{ key: sk_test_free }]
`;

/** The same in JSON, which has no comments. */
export async function toJsonTemplate(schema: string): Promise<string> {
  const { parse } = await import('yaml');
  return `${JSON.stringify({ $schema: schema, ...parse(toYamlTemplate(schema)) }, null, 2)}\n`;
}
