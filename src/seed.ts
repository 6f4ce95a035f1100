import leven from 'leven';
import { z } from 'zod';
import {
  type ApiKey,
  hashApiKey,
  isApiKey,
  KEY_STATUSES,
  PERMISSIONS,
  type Permission,
  toApiKeyId,
  toKeyPrefix,
} from './domain/api-key.ts';
import { normalizeTimestamp } from './domain/clock.ts';
import { validateEmail } from './domain/email.ts';
import type { Organization } from './domain/organization.ts';
import {
  ACCOUNT_TYPES,
  DEFAULT_TIERS,
  findTierViolations,
  MAX_RATE_LIMIT,
  mergeOverride,
  type Tiers,
} from './domain/rate-limits.ts';
import type { State } from './domain/state.ts';

/** A key that this process knows in plain, because a seed or a flag named it. */
export interface KnownKey {
  key: string;
  api_key: ApiKey;
}

export interface Seed {
  /** Where it came from, in words. */
  source: string;
  state: State;
  knownKeys: KnownKey[];
}

/** JSON text that a seed file held as a value, so that it keeps its digits and its order. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A problem of a seed, and the member that has it. */
export interface SeedIssue {
  path: PropertyKey[];
  message: string;
}

export class SeedContentError extends Error {
  override name = 'SeedContentError';
  readonly issues: SeedIssue[];

  constructor(issues: SeedIssue[]) {
    super(issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'));
    this.issues = issues;
  }
}

/** Names within this many letters of a known one are taken for slips of the pen. */
const NEAR = 3;

function didYouMean(given: string, known: readonly string[]): string {
  const [nearest] = known.toSorted((a, b) => leven(given, a) - leven(given, b));
  const isNear = nearest !== undefined && leven(given, nearest) <= Math.min(NEAR, given.length / 2);
  return isNear ? `did you mean ${nearest}?` : `expected one of ${known.join(', ')}`;
}

/** An object that has no other members than these; the message of an unknown one stands on a line of its own. */
const strictObject = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys?.map((key) => `unknown member: ${didYouMean(key, Object.keys(shape))}`).join('\n')
        : undefined,
  });

const oneOf = <const Values extends readonly string[]>(values: Values) =>
  z.enum(values, { error: ({ input }) => didYouMean(String(input), values) });

const storable = z
  .string()
  .refine((text) => !text.includes('\0') && !/\p{Surrogate}/u.test(text), 'null characters are not allowed');
const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const limit = z.number().int().min(1).max(MAX_RATE_LIMIT);

const timestamp = z.string().transform((text, context) => {
  const normalized = normalizeTimestamp(text);
  if (normalized !== undefined) return normalized;
  context.addIssue({ code: 'custom', message: 'expected a time like 2027-01-01T00:00:00Z' });
  return z.NEVER;
});

const email = storable.transform((text, context) => {
  const verdict = validateEmail(text);
  if ('address' in verdict) return verdict.address;
  context.addIssue({ code: 'custom', message: `is no e-mail address: ${verdict.reason}` });
  return z.NEVER;
});

const jsonText = (first: string, what: string) =>
  z
    .instanceof(JsonText, { message: `expected ${what}` })
    .refine(({ text }) => text.startsWith(first), `expected ${what}`)
    .transform(({ text }) => text);

const limits = { metadata: limit, data: limit, search: limit, upload: limit, compute: limit };
const TierSeed = strictObject({ monthly_credits: count, ...limits }).partial();

const ApiKeySeed = strictObject({
  key: z.string().refine(isApiKey, 'expected sk_live_ or sk_test_, then letters and digits, at most 128 characters'),
  key_hash: z.string().regex(/^[0-9a-f]{64}$/, 'expected the SHA-256 of a key in hex, 64 digits in lower case'),
  key_prefix: z.string().regex(/^sk_(live|test)_[A-Za-z0-9]{0,2}$/, 'expected the first 10 characters of a key'),
  api_key_id: z.string().regex(/^key_[A-Za-z0-9_]{1,64}$/, 'expected key_, then letters, digits or _'),
  permissions: z.array(oneOf(PERMISSIONS)).min(1),
  name: storable,
  status: oneOf(KEY_STATUSES),
  expires_at: timestamp,
})
  .partial()
  .refine(({ key, key_hash }) => (key === undefined) !== (key_hash === undefined), 'expected either key or key_hash')
  .refine(
    ({ key_hash, key_prefix }) => (key_hash === undefined) === (key_prefix === undefined),
    'key_hash and key_prefix go together: nobody can see a prefix in a hash',
  );

const OrganizationSeed = strictObject({
  organization_id: z.string().regex(/^org_[A-Za-z0-9_-]{1,124}$/, 'expected org_, then letters, digits, _ or -'),
  organization_name: storable.optional(),
  logo_url: storable.nullish(),
  account_type: oneOf(ACCOUNT_TYPES).optional(),
  credit_count: count.optional(),
  metadata: jsonText('{', 'an object').optional(),
  billing_email: email.nullish(),
  rate_limits_override: strictObject(limits).partial().optional(),
  auto_billing_enabled: z.boolean().optional(),
  billing_cycle_start: z.number().int().min(1).max(31).optional(),
  current_month_usage: count.optional(),
  created_at: timestamp.optional(),
  updated_at: timestamp.optional(),
  users: jsonText('[', 'an array of objects').nullish(),
  api_keys: z.array(ApiKeySeed).optional(),
});

const SeedFile = strictObject({
  version: z.literal(1, { message: 'expected 1, the version of this format' }),
  tiers: z.strictObject({ free: TierSeed, pro: TierSeed, team: TierSeed, enterprise: TierSeed }).partial().optional(),
  organizations: z.array(OrganizationSeed).min(1, 'expected at least one organization'),
});
export type SeedInput = z.input<typeof SeedFile>;

/**
 * The state that a seed describes, with defaults where it is silent.
 * @param now timestamp for organizations that name no `created_at`
 * @throws {SeedContentError} with every problem found
 */
export function buildSeed(input: unknown, source: string, now: string): Seed {
  const parsed = SeedFile.safeParse(input);
  if (!parsed.success) throw new SeedContentError(parsed.error.issues.flatMap(toSeedIssues));
  const tiers = mergeTiers(parsed.data.tiers ?? {});
  const knownKeys: KnownKey[] = [];
  const state: State = { tiers, organizations: [], api_keys: [] };
  for (const { api_keys = [], ...members } of parsed.data.organizations) {
    const organization = buildOrganization(members, tiers, now);
    state.organizations.push(organization);
    for (const { key, ...rest } of api_keys) {
      const api_key = buildApiKey(organization.organization_id, { key, ...rest });
      state.api_keys.push(api_key);
      if (key !== undefined) knownKeys.push({ key, api_key });
    }
  }
  const issues = [...findDuplicates(parsed.data), ...tierIssues(tiers)];
  if (issues.length > 0) throw new SeedContentError(issues);
  return { source, state, knownKeys };
}

/** A key that was named in plain, for an organization. */
export function toKnownKey(key: string, organization_id: string, permission: Permission, name: string): KnownKey {
  return { key, api_key: buildApiKey(organization_id, { key, permissions: [permission], name }) };
}

function toSeedIssues(issue: z.core.$ZodIssue): SeedIssue[] {
  if (issue.code !== 'unrecognized_keys') return [{ path: issue.path, message: issue.message }];
  const messages = issue.message.split('\n');
  return issue.keys.map((key, index) => ({ path: [...issue.path, key], message: messages[index] ?? 'unknown member' }));
}

function mergeTiers(given: NonNullable<z.output<typeof SeedFile>['tiers']>): Tiers {
  const tiers = structuredClone(DEFAULT_TIERS);
  for (const account_type of ACCOUNT_TYPES) Object.assign(tiers[account_type], given[account_type]);
  return tiers;
}

type OrganizationMembers = Omit<z.output<typeof OrganizationSeed>, 'api_keys'>;

function buildOrganization(members: OrganizationMembers, tiers: Tiers, now: string): Organization {
  const { organization_id, account_type = 'free', created_at = now } = members;
  return {
    organization_id,
    organization_name: members.organization_name ?? organization_id,
    logo_url: members.logo_url ?? null,
    account_type,
    credit_count: members.credit_count ?? tiers[account_type].monthly_credits,
    metadata: members.metadata ?? '{}',
    billing_email: members.billing_email ?? null,
    rate_limits_override: mergeOverride({}, members.rate_limits_override ?? {}),
    auto_billing_enabled: members.auto_billing_enabled ?? false,
    billing_cycle_start: members.billing_cycle_start ?? 1,
    current_month_usage: members.current_month_usage ?? 0,
    created_at,
    updated_at: members.updated_at ?? created_at,
    users: members.users ?? null,
  };
}

function buildApiKey(organization_id: string, members: z.output<typeof ApiKeySeed>): ApiKey {
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

function findDuplicates({ organizations }: z.output<typeof SeedFile>): SeedIssue[] {
  const issues: SeedIssue[] = [];
  const seen = new Map<string, string>();
  const check = (what: string, value: string | undefined, path: PropertyKey[]) => {
    if (value === undefined) return;
    const first = seen.get(`${what} ${value}`);
    if (first === undefined) seen.set(`${what} ${value}`, path.join('.'));
    else issues.push({ path, message: `the same ${what} stands at ${first}` });
  };
  for (const [o, { organization_id, api_keys = [] }] of organizations.entries()) {
    check('organization_id', organization_id, ['organizations', o, 'organization_id']);
    for (const [k, { key, key_hash, api_key_id }] of api_keys.entries()) {
      const path = ['organizations', o, 'api_keys', k];
      if (key === undefined) check('key', key_hash, [...path, 'key_hash']);
      else check('key', hashApiKey(key), [...path, 'key']);
      check('api_key_id', api_key_id, [...path, 'api_key_id']);
    }
  }
  return issues;
}

const tierIssues = (tiers: Tiers): SeedIssue[] =>
  findTierViolations(tiers).map(({ account_type, category, reason }) => ({
    path: ['tiers', account_type, category],
    message: reason,
  }));
