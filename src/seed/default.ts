import type { SeedContent } from './content.ts';

/** The key in the examples of the documentation. */
export const DEMO_KEY = 'sk_live_abc123def456';

/** The seed of a server without a seed file: the documented example keys, one organization of each tier. */
export const DEFAULT_SEED: SeedContent = {
  version: 1,
  organizations: [
    {
      organization_id: 'org_demo123',
      organization_name: 'Acme Corporation',
      account_type: 'pro',
      credit_count: 250_000,
      created_at: '2025-01-01T00:00:00Z',
      api_keys: [
        { key: DEMO_KEY, permissions: ['admin'] },
        { key: 'sk_test_xyz789', permissions: ['admin'] },
        { key: 'sk_test_deleter', permissions: ['delete'] },
        { key: 'sk_test_writer', permissions: ['write'] },
        { key: 'sk_test_readonly', permissions: ['read'] },
        { key: 'sk_test_revoked', permissions: ['admin'], status: 'revoked' },
        { key: 'sk_test_expired', permissions: ['admin'], status: 'expired' },
      ],
    },
    {
      organization_id: 'org_free',
      organization_name: 'Free Organization',
      account_type: 'free',
      created_at: '2025-01-01T00:00:00Z',
      api_keys: [{ key: 'sk_test_free', permissions: ['admin'] }],
    },
    {
      organization_id: 'org_team',
      organization_name: 'Team Organization',
      account_type: 'team',
      created_at: '2025-01-01T00:00:00Z',
      api_keys: [{ key: 'sk_test_team', permissions: ['admin'] }],
    },
    {
      organization_id: 'org_enterprise',
      organization_name: 'Enterprise Organization',
      account_type: 'enterprise',
      created_at: '2025-01-01T00:00:00Z',
      api_keys: [{ key: 'sk_test_enterprise', permissions: ['admin'] }],
    },
  ],
};
