import type { Summary } from '../../src/sandbox/summary.ts';

/** A GET that was answered. */
export const buildSummary = (parts: Partial<Summary> = {}): Summary => ({
  seq: 1,
  request_id: 'req_0123456789abcdef01234567',
  received_at: '2026-01-01T00:00:00Z',
  method: 'GET',
  path: '/v1/organizations',
  status: 200,
  outcome: 'answered',
  ms: 1.2,
  api_key_id: 'key_00790b23ef8911f35db0a3b5',
  key_prefix: 'sk_live_ab',
  organization_id: 'org_demo123',
  bucket: { category: 'metadata', limit: 20, remaining: 19, full_at: '2026-01-01T00:00:03Z' },
  changed: [],
  fault: null,
  error: null,
  ...parts,
});
