import * as z from 'zod';
import { KEY_STATUSES, PERMISSIONS } from '../domain/api-key.ts';
import { API_VERSIONS } from '../domain/api-version.ts';
import { type ClockSetting, freezeAt, LATEST, toMilliseconds } from '../domain/clock.ts';
import { LIMITS_MODES } from '../domain/rate-limiter.ts';
import { ACCOUNT_TYPES } from '../domain/rate-limits.ts';
import {
  isApiKey,
  isKeyPrefix,
  KEY_FORM,
  KEY_SHAPE,
  MAX_KEY_LENGTH,
  MAX_SHOWN_LENGTH,
  PREFIX_SHAPE,
} from '../domain/redact.ts';
import { UNKNOWN_FIELDS } from '../domain/state.ts';
import { FaultSeed, MAX_FAULTS } from './fault.ts';
import { SeedContentError } from './issues.ts';
import {
  CheckedItem,
  check,
  count,
  email,
  isArrayOfObjects,
  isObject,
  isObjectOfStrings,
  jsonText,
  KEYWORDS,
  limit,
  list,
  MAX_ISSUES,
  oneOf,
  storable,
  strictObject,
  timestamp,
  wholeNumber,
} from './values.ts';
import { toFound } from './words.ts';

/** Without quotes it is a number in YAML. */
const apiVersion = z.enum(API_VERSIONS, {
  error: `expected ${API_VERSIONS.map((version) => `"${version}"`).join(' or ')}, in quotes`,
});

const limits = { metadata: limit, data: limit, search: limit, upload: limit, compute: limit };
const TierSeed = strictObject({ monthly_credits: count, ...limits }).partial();

export const ApiKeySeed = strictObject({
  key: z
    .string()
    .refine(isApiKey, `expected ${KEY_FORM}`)
    .register(KEYWORDS, { pattern: KEY_SHAPE.source, maxLength: MAX_KEY_LENGTH }),
  key_hash: z.string().regex(/^[0-9a-f]{64}$/, 'expected the SHA-256 of a key in hex, 64 digits in lower case'),
  key_prefix: z
    .string()
    .refine(isKeyPrefix, 'expected the first characters of a key, 10 at most')
    .register(KEYWORDS, { pattern: PREFIX_SHAPE.source, maxLength: MAX_SHOWN_LENGTH }),
  api_key_id: z.string().regex(/^key_[A-Za-z0-9_]{1,64}$/, 'expected key_, then letters, digits or _'),
  permissions: list(oneOf(PERMISSIONS), 'expected at least one permission; read, write, delete, admin'),
  name: storable,
  status: oneOf(KEY_STATUSES),
  expires_at: timestamp,
})
  .partial()
  .refine(({ key, key_hash }) => (key === undefined) !== (key_hash === undefined), 'expected either key or key_hash')
  .refine(
    ({ key_hash, key_prefix }) => (key_hash === undefined) === (key_prefix === undefined),
    'key_hash and key_prefix go together: a prefix cannot be derived from a hash',
  )
  .register(KEYWORDS, {
    oneOf: [{ required: ['key'] }, { required: ['key_hash'] }],
    dependentRequired: { key_hash: ['key_prefix'], key_prefix: ['key_hash'] },
  });

/** Members of an organization that may be left out. */
const ORGANIZATION_MEMBERS = {
  organization_name: storable.optional(),
  logo_url: storable.nullish(),
  account_type: oneOf(ACCOUNT_TYPES).optional(),
  credit_count: count.optional(),
  metadata: jsonText(isObject, 'an object; {} for an empty one', { type: 'object' }).optional(),
  billing_email: email.nullish(),
  rate_limits_override: strictObject(limits).partial().optional(),
  auto_billing_enabled: z.boolean().optional(),
  billing_cycle_start: wholeNumber(1, 31).optional(),
  current_month_usage: count.optional(),
  created_at: timestamp.optional(),
  updated_at: timestamp.optional(),
  users: jsonText(isArrayOfObjects, 'an array of objects', { type: 'array', items: { type: 'object' } }).nullish(),
  notifications_email: email.nullish(),
  default_llm_credentials: jsonText(isObjectOfStrings, 'an object of strings', {
    type: 'object',
    additionalProperties: { type: 'string' },
  }).optional(),
  nsfw_check_enabled: z.boolean().optional(),
  nsfw_fail_closed: z.boolean().optional(),
  auth_provider_org_id: storable.nullish(),
  api_url: storable.nullish(),
};

const organizationId = z.string().regex(/^org_[A-Za-z0-9_-]{1,124}$/, 'expected org_, then letters, digits, _ or -');
const OrganizationSeed = strictObject({
  organization_id: organizationId,
  ...ORGANIZATION_MEMBERS,
  api_keys: list(ApiKeySeed).optional(),
});
/** An organization to be made: without an id it gets one. */
export const NewOrganization = strictObject({ organization_id: organizationId.optional(), ...ORGANIZATION_MEMBERS });
/** What of an organization is to be another. */
export const OrganizationChange = strictObject(ORGANIZATION_MEMBERS);

const toTime = (text: string) => toMilliseconds(text);
const ClockMembers = strictObject({
  frozen_at: timestamp.transform(toTime),
  offset_ms: wholeNumber(-LATEST, LATEST),
})
  .partial()
  .register(KEYWORDS, { oneOf: [{ required: ['frozen_at'] }, { required: ['offset_ms'] }] });
const ONE_CLOCK = 'expected either frozen_at, a time like 2027-01-01T00:00:00Z, or offset_ms';
/** A time at which the clock is frozen, or what tells it from real time. */
const ClockSeed = z
  .union([z.string(), z.looseObject({})], { error: ({ input }) => `${ONE_CLOCK}, found ${toFound(input)}` })
  .transform((given) => (typeof given === 'string' ? { frozen_at: given } : given))
  .pipe(
    ClockMembers.refine(
      ({ frozen_at, offset_ms }) => (frozen_at === undefined) !== (offset_ms === undefined),
      ONE_CLOCK,
    ),
  )
  .transform(
    ({ frozen_at, offset_ms = 0 }): ClockSetting =>
      frozen_at === undefined ? { frozen_at: null, offset_ms } : freezeAt(frozen_at),
  )
  .register(KEYWORDS, { writtenAs: () => z.union([timestamp, ClockMembers]) });

const refuse = (context: z.RefinementCtx, path: PropertyKey[], message: string) =>
  context.addIssue({ code: 'custom', path, message });

/** The settings of a sandbox, as a seed has them. */
export const SETTINGS_SHAPE = {
  clock: ClockSeed.optional(),
  limits: oneOf(LIMITS_MODES).optional(),
  tiers: strictObject({ free: TierSeed, pro: TierSeed, team: TierSeed, enterprise: TierSeed }).partial().optional(),
  api_version: apiVersion.optional(),
  unknown_fields: oneOf(UNKNOWN_FIELDS).optional(),
  faults: list(FaultSeed)
    .superRefine((rules, context) => {
      if (rules.length > MAX_FAULTS) refuse(context, [], `expected ${MAX_FAULTS} rules at most`);
      for (const [index, { id }] of rules.entries()) {
        const first = rules.findIndex((rule) => rule.id === id);
        if (id !== undefined && first < index)
          refuse(context, [index, 'id'], `duplicate id, first used at faults[${first}]`);
      }
    })
    .register(KEYWORDS, { maxItems: MAX_FAULTS })
    .optional(),
};
export type SettingsContent = z.output<z.ZodObject<typeof SETTINGS_SHAPE>>;

/** Checks the organizations of a seed while they are read, up to as many problems as somebody reads. */
export function buildItemCheck(): (list: string, item: unknown) => unknown {
  let problems = 0;
  return (list, item) => {
    if (list !== 'organizations' || problems >= MAX_ISSUES) return item;
    const checked = check(OrganizationSeed, item);
    problems += checked.issues?.length ?? 0;
    return new CheckedItem(checked);
  };
}

/** The format of a seed file, version 1. */
export const SeedFile = strictObject({
  $schema: z.unknown().optional(),
  version: z.literal(1, { error: 'expected 1, the version of this format' }),
  ...SETTINGS_SHAPE,
  organizations: list(OrganizationSeed, 'expected at least one organization'),
});
export type SeedContent = z.output<typeof SeedFile>;
export type ApiKeyContent = z.output<typeof ApiKeySeed>;

/**
 * Checks the content of a seed file.
 * @throws {SeedContentError} with the first problems
 */
export function readSeedContent(input: unknown): SeedContent {
  if (input === null)
    throw new SeedContentError([{ path: [], message: 'is empty: expected version and organizations' }]);
  const { data, issues = [] } = check(SeedFile, input);
  if (data === undefined) throw new SeedContentError(issues);
  return data;
}
