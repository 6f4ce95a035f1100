import * as z from 'zod';
import { KEY_STATUSES, PERMISSIONS } from '../domain/api-key.ts';
import { API_VERSIONS } from '../domain/api-version.ts';
import { type ClockSetting, freezeAt, LATEST, normalizeTimestamp, toMilliseconds } from '../domain/clock.ts';
import { LIMITS_MODES } from '../domain/rate-limiter.ts';
import { ACCOUNT_TYPES, MAX_RATE_LIMIT } from '../domain/rate-limits.ts';
import { isApiKey, isKeyPrefix, KEY_FORM } from '../domain/redact.ts';
import { UNKNOWN_FIELDS } from '../domain/state.ts';
import { isStorable } from '../domain/text.ts';
import { validateEmail } from '../pydantic/email.ts';
import { SeedContentError, type SeedIssue } from './issues.ts';
import { JsonText } from './source.ts';
import { didYouMean, toFound, toMessage } from './words.ts';

/** After this many problems checking stops: nobody reads more, and a large file may have millions. */
const MAX_ISSUES = 50;

/** An object without unknown members. */
const strictObject = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? Object.keys(shape).join() : undefined),
  });

/** A list whose items are checked one by one, so that checking can stop. */
const list = <Item extends z.ZodType>(item: Item, ifEmpty?: string) =>
  z.array(z.unknown()).transform((given, context): z.output<Item>[] => {
    if (given.length === 0 && ifEmpty !== undefined) context.addIssue({ code: 'custom', message: ifEmpty });
    const items: z.output<Item>[] = [];
    let count = 0;
    for (const [index, value] of given.entries()) {
      const { data, issues = [] } = check(item, value);
      if (data !== undefined) items.push(data);
      for (const { path, message } of issues) context.addIssue({ code: 'custom', path: [index, ...path], message });
      count += issues.length;
      if (count >= MAX_ISSUES) break;
    }
    return items;
  });

const oneOf = <const Values extends readonly string[]>(values: Values) =>
  z.enum(values, { error: ({ input }) => didYouMean(typeof input === 'string' ? input : '', values) });

/** Without quotes it is a number in YAML. */
const apiVersion = z.enum(API_VERSIONS, {
  error: `expected ${API_VERSIONS.map((version) => `"${version}"`).join(' or ')}, in quotes`,
});

const storable = z.string().refine(isStorable, 'null characters and unpaired surrogates are not allowed');

const wholeNumber = (min: number, max: number) =>
  z.custom<number>((value) => Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max, {
    error: ({ input }) =>
      `expected a whole number from ${min} to ${max}${typeof input === 'number' ? '' : `, found ${toFound(input)}`}`,
  });
const count = wholeNumber(0, Number.MAX_SAFE_INTEGER);
const limit = wholeNumber(1, MAX_RATE_LIMIT);

const timestamp = z.string().transform((text, context) => {
  const normalized = normalizeTimestamp(text);
  if (normalized !== undefined) return normalized;
  context.addIssue({ code: 'custom', message: 'expected a time like 2027-01-01T00:00:00Z' });
  return z.NEVER;
});

const email = storable.transform((text, context) => {
  const verdict = validateEmail(text);
  if ('address' in verdict) return verdict.address;
  context.addIssue({ code: 'custom', message: `is not an e-mail address: ${verdict.reason}` });
  return z.NEVER;
});

const jsonText = (isValid: (text: string) => boolean, what: string) =>
  z
    .custom<JsonText>((value) => value instanceof JsonText && isValid(value.text), { error: `expected ${what}` })
    .transform(({ text }) => text);
const isObject = (text: string) => text.startsWith('{');
const Objects = z.array(z.looseObject({}));
const isArrayOfObjects = (text: string) => Objects.safeParse(JSON.parse(text)).success;

const isObjectOfStrings = (text: string) =>
  isObject(text) && Object.values<unknown>(JSON.parse(text)).every((value) => typeof value === 'string');

const limits = { metadata: limit, data: limit, search: limit, upload: limit, compute: limit };
const TierSeed = strictObject({ monthly_credits: count, ...limits }).partial();

const ApiKeySeed = strictObject({
  key: z.string().refine(isApiKey, `expected ${KEY_FORM}`),
  key_hash: z.string().regex(/^[0-9a-f]{64}$/, 'expected the SHA-256 of a key in hex, 64 digits in lower case'),
  key_prefix: z.string().refine(isKeyPrefix, 'expected the first characters of a key, 10 at most'),
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
  );

const OrganizationSeed = strictObject({
  organization_id: z.string().regex(/^org_[A-Za-z0-9_-]{1,124}$/, 'expected org_, then letters, digits, _ or -'),
  organization_name: storable.optional(),
  logo_url: storable.nullish(),
  account_type: oneOf(ACCOUNT_TYPES).optional(),
  credit_count: count.optional(),
  metadata: jsonText(isObject, 'an object; {} for an empty one').optional(),
  billing_email: email.nullish(),
  rate_limits_override: strictObject(limits).partial().optional(),
  auto_billing_enabled: z.boolean().optional(),
  billing_cycle_start: wholeNumber(1, 31).optional(),
  current_month_usage: count.optional(),
  created_at: timestamp.optional(),
  updated_at: timestamp.optional(),
  users: jsonText(isArrayOfObjects, 'an array of objects').nullish(),
  notifications_email: email.nullish(),
  default_llm_credentials: jsonText(isObjectOfStrings, 'an object of strings').optional(),
  nsfw_check_enabled: z.boolean().optional(),
  nsfw_fail_closed: z.boolean().optional(),
  auth_provider_org_id: storable.nullish(),
  api_url: storable.nullish(),
  api_keys: list(ApiKeySeed).optional(),
});

const toTime = (text: string) => toMilliseconds(text);
/** A time at which the clock is frozen, or what tells it from real time. */
const ClockSeed = z
  .union([z.string(), z.looseObject({})])
  .transform((given) => (typeof given === 'string' ? { frozen_at: given } : given))
  .pipe(
    strictObject({
      frozen_at: timestamp.transform(toTime),
      offset_ms: wholeNumber(-LATEST, LATEST),
    })
      .partial()
      .refine(
        ({ frozen_at, offset_ms }) => (frozen_at === undefined) !== (offset_ms === undefined),
        'expected either frozen_at, a time like 2027-01-01T00:00:00Z, or offset_ms',
      ),
  )
  .transform(
    ({ frozen_at, offset_ms = 0 }): ClockSetting =>
      frozen_at === undefined ? { frozen_at: null, offset_ms } : freezeAt(frozen_at),
  );

/** The settings of a sandbox, as a seed has them. */
export const SETTINGS_SHAPE = {
  clock: ClockSeed.optional(),
  limits: oneOf(LIMITS_MODES).optional(),
  tiers: strictObject({ free: TierSeed, pro: TierSeed, team: TierSeed, enterprise: TierSeed }).partial().optional(),
  api_version: apiVersion.optional(),
  unknown_fields: oneOf(UNKNOWN_FIELDS).optional(),
};
export type SettingsContent = z.output<z.ZodObject<typeof SETTINGS_SHAPE>>;

/** The format of a seed file, version 1. */
const SeedFile = strictObject({
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

function check<T extends z.ZodType>(schema: T, input: unknown): { data?: z.output<T>; issues?: SeedIssue[] } {
  const parsed = schema.safeParse(input, { error: toMessage });
  return parsed.success ? { data: parsed.data } : { issues: parsed.error.issues.flatMap(toSeedIssues) };
}

function toSeedIssues({ path, message, ...issue }: z.core.$ZodIssue): SeedIssue[] {
  if (issue.code !== 'unrecognized_keys') return [{ path, message }];
  // `strictObject` put the names that it knows into the message.
  const known = message.split(',');
  return issue.keys.slice(0, MAX_ISSUES).map((key) => ({
    path: [...path, key],
    message: `unknown member: ${didYouMean(key, known)}`,
  }));
}
