import * as z from 'zod';
import { type ApiKey, hashApiKey, PERMISSIONS, type Permission } from '../domain/api-key.ts';
import { invalidBody } from '../domain/errors.ts';
import { ACCOUNT_TYPES, type AccountType } from '../domain/rate-limits.ts';
import { isApiKey, KEY_FORM } from '../domain/redact.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { Sandboxes } from '../sandbox/sandboxes.ts';
import { toKnownKey } from '../seed/build.ts';
import { OrganizationChange } from '../seed/content.ts';
import { DEMO_KEY } from '../seed/default.ts';
import type { SeedIssue } from '../seed/issues.ts';
import { check, oneOf } from '../seed/values.ts';
import { applyChange } from './organizations.ts';

/** What a state is set in. */
export interface World {
  sandboxes: Sandboxes;
  sandbox: Sandbox;
}

/** A key in plain, and as the sandbox has it. */
export interface PlainKey {
  key: string;
  apiKey: ApiKey;
}

export interface ProviderState {
  name: string;
  /**
   * Sets the state, and says which key it is about.
   * @throws the refusals `invalid_body` for a key that the sandbox does not have, `conflict` for one that another one has
   */
  set(world: World): Promise<PlainKey>;
}

/** A state as this mock knows it. */
interface Definition {
  name: string;
  /** @throws the refusal `invalid_body`, which names the member that is wrong */
  toState(params: Record<string, unknown>): ProviderState;
}

const api_key = z.string().optional();
const { organization_name, metadata } = OrganizationChange.shape;
const NewKey = { key: z.string().refine(isApiKey, `expected ${KEY_FORM}`), permission: oneOf(PERMISSIONS) };

/** Every state besides the snapshots of a sandbox. */
const DEFINITIONS: readonly Definition[] = [
  ...ACCOUNT_TYPES.map((tier) =>
    define(
      `an organization on tier ${tier}`,
      z.object({ api_key, organization_name, metadata }),
      (world, { api_key, ...members }) => changeOrganization(world, api_key, tier, members),
    ),
  ),
  define('an API key exists', z.object({ ...NewKey, api_key: NewKey.key }).partial(), (world, params) =>
    provideKey(world, params.key ?? params.api_key, params.permission),
  ),
  define('the key is revoked', z.object({ api_key }), (world, params) =>
    changeKey(world, params.api_key, (apiKey) => ({ ...apiKey, status: 'revoked' })),
  ),
  define('the key is expired', z.object({ api_key }), (world, params) =>
    changeKey(world, params.api_key, (apiKey) => ({ ...apiKey, status: 'expired' })),
  ),
  ...PERMISSIONS.map((permission) =>
    define(`the key lacks permission ${permission}`, z.object({ api_key }), (world, params) => {
      if (permission === PERMISSIONS[0]) throw refuseBody(['state'], EVERY_KEY_READS);
      return changeKey(world, params.api_key, (apiKey) => ({ ...apiKey, permissions: listBelow(permission, apiKey) }));
    }),
  ),
  define('the rate limit is exhausted', z.object({ api_key }), async (world, params) => {
    const key = await requireKey(world, params.api_key);
    world.sandbox.interaction.isExhausted = true;
    return key;
  }),
];

/** The names of those that can be set. */
export const PROVIDER_STATES = DEFINITIONS.map(({ name }) => name).filter(
  (name) => !name.endsWith(` ${PERMISSIONS[0]}`),
);

const EVERY_KEY_READS = 'every key has the permission read: the others imply it';

/** The state of this name, whatever its letter case and the whitespace around it. */
export function findProviderState(name: string, params: Record<string, unknown>): ProviderState | undefined {
  return DEFINITIONS.find((one) => isSameName(one.name, name))?.toState(params);
}

export const isSameName = (one: string, other: string): boolean => fold(one) === fold(other);
const fold = (name: string) => name.trim().replace(/\s+/g, ' ').toLowerCase();

function define<Params extends z.ZodObject>(
  name: string,
  schema: Params,
  set: (world: World, params: z.output<Params>) => Promise<PlainKey>,
): Definition {
  return {
    name,
    toState: (params) => {
      // What a pact gives no value is as good as left out. Other providers may know the members that are unknown here.
      const given = Object.fromEntries(Object.entries(params).filter(([, value]) => value !== null));
      const { data, issues = [] } = check(schema, given);
      if (data !== undefined) return { name, set: (world) => set(world, data) };
      throw toInvalidBody(issues, ['params']);
    },
  };
}

/** The key that a state is about which names none: that of the states before it, the demo key, or else a new one. */
export async function requireKey(world: World, named?: string): Promise<PlainKey> {
  const found = await findKey(world, named);
  if (found !== undefined) return found;
  if (named !== undefined) {
    throw refuseBody(['params', 'api_key'], "the sandbox has no such key: set the state 'an API key exists' first");
  }
  // Of the keys that there are only the hashes are known.
  return addKey(world);
}

async function findKey({ sandbox }: World, named?: string): Promise<PlainKey | undefined> {
  for (const key of named === undefined ? [sandbox.interaction.apiKey, DEMO_KEY] : [named]) {
    if (key === undefined) continue;
    const apiKey = await sandbox.findApiKey({ key_hash: hashApiKey(key) });
    if (apiKey !== undefined) return { key, apiKey };
  }
  return undefined;
}

async function changeOrganization(
  world: World,
  named: string | undefined,
  account_type: AccountType,
  members: Pick<z.output<typeof OrganizationChange>, 'organization_name' | 'metadata'>,
): Promise<PlainKey> {
  const found = await requireKey(world, named);
  await world.sandbox.updateOrganization(
    found.apiKey.organization_id,
    (current, now) => current && applyChange(current, { account_type, ...members }, now),
  );
  return found;
}

async function changeKey(
  world: World,
  named: string | undefined,
  change: (apiKey: ApiKey) => ApiKey,
): Promise<PlainKey> {
  const { key, apiKey } = await requireKey(world, named);
  const { after } = await world.sandbox.updateApiKey(apiKey.api_key_id, (current) => current && change(current));
  if (after === undefined)
    throw refuseBody(['params', 'api_key'], 'the key is of this start only, and cannot be changed');
  return { key, apiKey: after };
}

/** Makes a key valid, whether or not the sandbox has it. */
async function provideKey(world: World, given: string | undefined, permission?: Permission): Promise<PlainKey> {
  const known = given === undefined ? undefined : await findKey(world, given);
  if (known === undefined) return addKey(world, given, permission);
  return changeKey(world, given, (current) => ({
    ...current,
    status: 'active',
    expires_at: null,
    ...(permission && { permissions: [permission] }),
  }));
}

/** A key of the organization that the states are about so far, or else of the first one. */
async function addKey(world: World, given?: string, permission: Permission = 'admin'): Promise<PlainKey> {
  const { sandbox, sandboxes } = world;
  const key = given ?? (await sandboxes.drawApiKey(sandbox.random));
  const { items } = await sandboxes.stored.pageOrganizations(sandbox.sandbox_id, 0, 1);
  const organizationId = (await findKey(world))?.apiKey.organization_id ?? items[0]?.organization_id ?? '';
  const apiKey = toKnownKey(key, organizationId, permission, 'pact').api_key;
  await sandbox.updateApiKey(apiKey.api_key_id, () => apiKey);
  return { key, apiKey };
}

/** The permissions of a key that do not imply this one, or the strongest of those. */
function listBelow(permission: Permission, { permissions }: ApiKey): Permission[] {
  const below = PERMISSIONS.slice(0, PERMISSIONS.indexOf(permission));
  const kept = permissions.filter((one) => below.includes(one));
  return kept.length > 0 ? kept : below.slice(-1);
}

/** @param at where in the body they are */
export const toInvalidBody = (issues: readonly Pick<SeedIssue, 'path' | 'message'>[], at: string[] = []) =>
  invalidBody(
    issues.map(({ path, message }) => ({
      type: 'value_error',
      loc: ['body', ...at, ...path.map(String)],
      msg: message,
    })),
  );
const refuseBody = (path: string[], message: string) => toInvalidBody([{ path, message }]);
