import type { ApiKey } from '../../src/domain/api-key.ts';
import { toTimestamp } from '../../src/domain/clock.ts';
import { buildOrganization, type Organization } from '../../src/domain/organization.ts';
import { DEFAULT_SETTINGS, type State } from '../../src/domain/state.ts';
import { toKnownKey } from '../../src/seed/build.ts';

const NOW = toTimestamp(Date.UTC(2026, 0, 1));

export const toOrganization = (organization_id: string): Organization =>
  buildOrganization({ organization_id }, DEFAULT_SETTINGS.tiers, NOW);

export const toKey = (key: string, organizationId: string): ApiKey =>
  toKnownKey(key, organizationId, 'admin', 'a key').api_key;

/** A state with an organization for each id, and a key for each of them. */
export const buildState = (ids: readonly string[]): State => ({
  settings: DEFAULT_SETTINGS,
  organizations: ids.map(toOrganization),
  api_keys: ids.map((id) => toKey(`sk_test_${id}`, id)),
});
