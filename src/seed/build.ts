import { type ApiKey, hashApiKey, type Permission, toApiKeyId } from '../domain/api-key.ts';
import { toMilliseconds } from '../domain/clock.ts';
import type { FaultRule } from '../domain/fault.ts';
import { buildOrganization } from '../domain/organization.ts';
import { ACCOUNT_TYPES, findTierViolations, type Tiers } from '../domain/rate-limits.ts';
import { toKeyPrefix } from '../domain/redact.ts';
import { DEFAULT_SETTINGS, type Settings, type State } from '../domain/state.ts';
import type { ApiKeyContent, SeedContent, SettingsContent } from './content.ts';
import { type FaultContent, toFaultRule } from './fault-rule.ts';
import { SeedContentError, type SeedIssue, toMember } from './issues.ts';

/** A key that this process knows in plain text, because a seed or a flag contains it. */
export interface KnownKey {
  key: string;
  api_key: ApiKey;
}

export interface Seed {
  state: State;
  knownKeys: KnownKey[];
}

/**
 * The state that a checked seed describes, with defaults for what it leaves out.
 * @param now timestamp of the sandbox: for organizations without `created_at`, and where `ttl_ms` of faults begins
 * @param base settings that it leaves out
 * @throws {SeedContentError} for contradictions: duplicate ids and keys, limits that break an invariant of the tiers
 */
export function buildSeed(content: SeedContent, now: string, base: Settings = DEFAULT_SETTINGS): Seed {
  const knownKeys: KnownKey[] = [];
  const settings = mergeSettings(base, content, toMilliseconds(now));
  const { tiers } = settings;
  const state: State = { settings, organizations: [], api_keys: [] };
  const { issues, check } = findDuplicates(content);
  for (const [o, { api_keys = [], ...members }] of content.organizations.entries()) {
    const organization = buildOrganization(members, tiers, now);
    state.organizations.push(organization);
    check('organization_id', organization.organization_id, o);
    for (const [k, { key, ...rest }] of api_keys.entries()) {
      const api_key = buildApiKey(organization.organization_id, { key, ...rest });
      state.api_keys.push(api_key);
      if (key !== undefined) knownKeys.push({ key, api_key });
      const isNew = check('key', api_key.key_hash, o, k);
      if (isNew || rest.api_key_id !== undefined) check('api_key_id', api_key.api_key_id, o, k);
    }
  }
  issues.push(...tierIssues(tiers));
  if (issues.length > 0) throw new SeedContentError(issues);
  return { state, knownKeys };
}

export function toKnownKey(key: string, organization_id: string, permission: Permission, name: string): KnownKey {
  return { key, api_key: buildApiKey(organization_id, { key, permissions: [permission], name }) };
}

/**
 * The settings with those that are given; of the tiers the limits that are given.
 * @param now milliseconds of the sandbox's clock, which may be neither of theirs
 */
export function mergeSettings(base: Settings, given: SettingsContent, now: number): Settings {
  const tiers = structuredClone(base.tiers);
  for (const account_type of ACCOUNT_TYPES) Object.assign(tiers[account_type], given.tiers?.[account_type]);
  return {
    tiers,
    clock: given.clock ?? base.clock,
    limits: given.limits ?? base.limits,
    api_version: given.api_version ?? base.api_version,
    unknown_fields: given.unknown_fields ?? base.unknown_fields,
    faults: given.faults === undefined ? base.faults : toFaultRules(given.faults, now),
  };
}

/** Rules without an id are named by their places. */
function toFaultRules(contents: readonly FaultContent[], now: number): FaultRule[] {
  const taken = new Set(contents.map(({ id }) => id));
  let count = 0;
  const drawId = (): string => {
    count++;
    return taken.has(`flt_${count}`) ? drawId() : `flt_${count}`;
  };
  return contents.map((content) => toFaultRule(content, content.id ?? drawId(), now));
}

function buildApiKey(organization_id: string, members: ApiKeyContent): ApiKey {
  const key_hash = members.key === undefined ? (members.key_hash ?? '') : hashApiKey(members.key);
  return {
    api_key_id: members.api_key_id ?? toApiKeyId(key_hash),
    organization_id,
    key_hash,
    key_prefix: members.key === undefined ? (members.key_prefix ?? '') : toKeyPrefix(members.key),
    name: members.name ?? null,
    permissions: members.permissions ?? ['admin'],
    status: members.status ?? 'active',
    expires_at: members.expires_at ?? null,
  };
}

/** Places of keys that an organization may have at most, for a number that says a place. */
const PLACES = 2 ** 24;

/** Collects an issue for each duplicate value; `check` returns whether a value is new. */
function findDuplicates(content: SeedContent) {
  const issues: SeedIssue[] = [];
  /** Of each value where it was first, in a number: of a hundred thousand, paths would take more memory than all else. */
  const seen = {
    organization_id: new Map<string, number>(),
    key: new Map<string, number>(),
    api_key_id: new Map<string, number>(),
  };
  type What = keyof typeof seen;
  const toPath = (what: What, o: number, k: number): PropertyKey[] => {
    const { api_keys = [] } = content.organizations[o] ?? {};
    const { key, api_key_id } = api_keys[k] ?? {};
    if (what === 'organization_id') return ['organizations', o, what];
    const path = ['organizations', o, 'api_keys', k];
    if (what === 'key') return [...path, key === undefined ? 'key_hash' : 'key'];
    return api_key_id === undefined ? path : [...path, what];
  };
  const check = (what: What, value: string, o: number, k = 0): boolean => {
    const first = seen[what].get(value);
    if (first === undefined) {
      seen[what].set(value, o * PLACES + k);
      return true;
    }
    const member = toMember(toPath(what, Math.floor(first / PLACES), first % PLACES));
    issues.push({ path: toPath(what, o, k), message: `duplicate ${what}, first used at ${member}` });
    return false;
  };
  return { issues, check };
}

/** The limits that break an invariant. */
export const tierIssues = (tiers: Tiers): SeedIssue[] =>
  findTierViolations(tiers).map(({ account_type, category, reason }) => ({
    path: ['tiers', account_type, category],
    message: reason,
  }));
