import { expect, it } from 'vitest';
import { toMadeView } from '../../src/control/sandbox-views.ts';
import { DEFAULT_SETTINGS } from '../../src/domain/state.ts';
import { toKey, toOrganization } from '../support/states.ts';

const MANY = 50_000;
/** A quarter of what it takes if each organization looks at every key. */
const TIMEOUT_MS = 5000;

it(
  'the answer to a large seed has each key with its organization, and takes no quadratic time',
  () => {
    const [organization, apiKey] = [toOrganization('org_a'), toKey('sk_test_a', 'org_a')];
    const ids = Array.from({ length: MANY }, (_, index) => `org_${index}`);
    const toOwn = (organization_id: string) => ({
      ...apiKey,
      organization_id,
      api_key_id: `key_of_${organization_id}`,
    });
    const own = ['read', 'write', 'delete', 'admin'].map((name) => ({ ...toOwn('org_0'), api_key_id: name }));
    const view = toMadeView(
      {
        sandbox_id: 'sbx_a',
        name: null,
        ttl_ms: null,
        state: {
          settings: DEFAULT_SETTINGS,
          organizations: ids.map((organization_id) => ({ ...organization, organization_id })),
          api_keys: [...ids.map(toOwn), ...own],
        },
        ownKeys: { admin: 'a', delete: 'd', write: 'w', read: 'r' },
        newKeys: new Map([['key_of_org_7', 'sk_test_new']]),
      },
      'http://localhost',
    );
    expect(view.organizations).toHaveLength(MANY);
    expect(view.organizations.every(({ api_keys }) => api_keys.length === 1)).toBe(true);
    expect(view.organizations[7]?.api_keys[0]).toMatchObject({ api_key_id: 'key_of_org_7', key: 'sk_test_new' });
    expect(view.organizations[8]?.api_keys[0]).toMatchObject({ api_key_id: 'key_of_org_8', key: null });
  },
  TIMEOUT_MS,
);
