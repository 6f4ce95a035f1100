import { hashApiKey, type Permission } from '../domain/api-key.ts';
import { drawApiKey } from '../domain/random.ts';
import { DEFAULT_SANDBOX, type State } from '../domain/state.ts';
import type { Sandboxes } from '../sandbox/sandboxes.ts';
import { type KnownKey, toKnownKey } from '../seed/build.ts';
import { ConfigError } from '../setting.ts';
import type { ApiKeyGrant } from '../settings.ts';
import type { Store } from '../store/store.ts';

export interface ServedKey extends KnownKey {
  account_type: string;
  /** Whether a flag or a variable gave it: who gave it knows it, so nobody is shown more than its prefix. */
  isGiven: boolean;
}

/** Organizations that a message names at most. */
const LISTED_ORGANIZATIONS = 20;

/**
 * The keys that flags name, each for an organization that there is or will be.
 * @param organizationIds those that a message may name, the first one being that of a key that names none
 * @throws {ConfigError} for an organization that there is not
 */
async function toGrantedKeys(
  grants: ApiKeyGrant[],
  organizationIds: string[],
  has: (organizationId: string) => Promise<boolean>,
): Promise<KnownKey[]> {
  const granted: KnownKey[] = [];
  for (const { key, permission, organization_id = organizationIds[0] ?? '' } of grants) {
    if (!(await has(organization_id))) {
      throw new ConfigError(`--api-key: no organization '${organization_id}'; there are ${organizationIds.join(', ')}`);
    }
    granted.push(toKnownKey(key, organization_id, permission, '--api-key'));
  }
  return granted;
}

/** The keys that flags name, for a database that is kept. */
export async function grantInStore(grants: ApiKeyGrant[], store: Store): Promise<KnownKey[]> {
  const listed = await store.listOrganizations(DEFAULT_SANDBOX, { limit: LISTED_ORGANIZATIONS });
  const has = async (id: string) => (await store.findOrganization(DEFAULT_SANDBOX, id)) !== undefined;
  return toGrantedKeys(grants, listed.map(toId), has);
}

/** The keys that flags name, for a database that is seeded. */
export async function grantInSeed(grants: ApiKeyGrant[], state: State): Promise<KnownKey[]> {
  const ids = state.organizations.map(toId);
  return toGrantedKeys(grants, ids.slice(0, LISTED_ORGANIZATIONS), async (id) => ids.includes(id));
}

const toId = ({ organization_id }: { organization_id: string }) => organization_id;

/** The id of the first organization. */
export async function findFirstOrganization(store: Store): Promise<string> {
  const [first] = await store.listOrganizations(DEFAULT_SANDBOX, { limit: 1 });
  return first?.organization_id ?? '';
}

/** A key of the first organization that has just this permission, if one is known. */
export async function findKey(store: Store, apiKeys: ServedKey[], permission: Permission): Promise<string | undefined> {
  const first = await findFirstOrganization(store);
  const isWanted = ({ api_key }: ServedKey) =>
    api_key.status === 'active' &&
    api_key.expires_at === null &&
    api_key.organization_id === first &&
    api_key.permissions.join() === permission;
  const wanted = apiKeys.filter(isWanted);
  return (wanted.find(({ isGiven }) => isGiven) ?? wanted[0])?.key;
}

/** A new key of the first organization, in memory only. */
export async function lendKey(store: Store, sandboxes: Sandboxes, permission: Permission): Promise<string> {
  const first = await findFirstOrganization(store);
  const key = drawApiKey(sandboxes.buildStream(`lent ${permission}`));
  store.lend(DEFAULT_SANDBOX, toKnownKey(key, first, permission, 'generated').api_key);
  return key;
}

/**
 * The keys that a seed has just brought: of many, none need be looked up.
 * @param granted keys that flags name, which may be among them
 */
export function listSeeded(knownKeys: KnownKey[], { organizations }: State, granted: ServedKey[]): ServedKey[] {
  const rest = new Map(granted.map((one) => [one.key, one]));
  const accountTypes = new Map(organizations.map((one) => [one.organization_id, one.account_type]));
  const seeded = knownKeys.map(({ key, api_key }) => {
    const account_type = accountTypes.get(api_key.organization_id) ?? '';
    const found = rest.get(key) ?? { key, api_key, account_type, isGiven: false };
    rest.delete(key);
    return found;
  });
  return [...seeded, ...rest.values()];
}

/** The keys of these that the database has, as it has them; each once. */
export async function findServedKeys(store: Store, seeded: string[], given: KnownKey[]): Promise<ServedKey[]> {
  // A key that a flag gives is not shown whole, even where the seed has it too.
  const plain = new Map<string, { key: string; isGiven: boolean }>();
  for (const key of seeded) plain.set(hashApiKey(key), { key, isGiven: false });
  for (const { key, api_key } of given) plain.set(api_key.key_hash, { key, isGiven: true });
  const found = await store.listApiKeys(DEFAULT_SANDBOX, { key_hashes: [...plain.keys()] });
  const organization_ids = [...new Set(found.map(toId))];
  const organizations = await store.listOrganizations(DEFAULT_SANDBOX, { organization_ids });
  const accountTypes = new Map(
    organizations.map(({ organization_id, account_type }) => [organization_id, account_type]),
  );
  return found.flatMap((api_key) => {
    const known = plain.get(api_key.key_hash);
    const account_type = accountTypes.get(api_key.organization_id);
    return known === undefined || account_type === undefined ? [] : [{ ...known, api_key, account_type }];
  });
}
