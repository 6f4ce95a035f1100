import * as z from 'zod';
import { KEY_STATUSES, PERMISSIONS } from './domain/api-key.ts';
import { normalizeTimestamp } from './domain/clock.ts';
import { validateEmail } from './domain/email.ts';
import { findNearestName } from './domain/nearest-name.ts';
import { ACCOUNT_TYPES, MAX_RATE_LIMIT } from './domain/rate-limits.ts';
import { isApiKey, isKeyPrefix, KEY_FORM } from './domain/redact.ts';
import { isStorable } from './domain/text.ts';
import { SeedContentError, type SeedIssue } from './seed.ts';

/** JSON text that a seed file held as a value, so that it keeps its digits and its order. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

function didYouMean(given: string, known: readonly string[]): string {
  const nearest = findNearestName(given, known);
  return nearest === undefined ? `expected one of ${known.join(', ')}` : `did you mean ${nearest}?`;
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
  z.enum(values, { error: ({ input }) => didYouMean(typeof input === 'string' ? input : '', values) });

const storable = z.string().refine(isStorable, 'null characters and unpaired surrogates are not allowed');
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

const jsonText = (isRight: (value: unknown) => boolean, what: string) =>
  z
    .instanceof(JsonText, { message: `expected ${what}` })
    .refine(({ text }) => isRight(JSON.parse(text)), `expected ${what}`)
    .transform(({ text }) => text);
const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);
const isArrayOfObjects = (value: unknown) => Array.isArray(value) && value.every(isObject);

const limits = { metadata: limit, data: limit, search: limit, upload: limit, compute: limit };
const TierSeed = strictObject({ monthly_credits: count, ...limits }).partial();

const ApiKeySeed = strictObject({
  key: z.string().refine(isApiKey, `expected ${KEY_FORM}`),
  key_hash: z.string().regex(/^[0-9a-f]{64}$/, 'expected the SHA-256 of a key in hex, 64 digits in lower case'),
  key_prefix: z.string().refine(isKeyPrefix, 'expected the first characters of a key, 10 at most'),
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
  metadata: jsonText(isObject, 'an object').optional(),
  billing_email: email.nullish(),
  rate_limits_override: strictObject(limits).partial().optional(),
  auto_billing_enabled: z.boolean().optional(),
  billing_cycle_start: z.number().int().min(1).max(31).optional(),
  current_month_usage: count.optional(),
  created_at: timestamp.optional(),
  updated_at: timestamp.optional(),
  users: jsonText(isArrayOfObjects, 'an array of objects').nullish(),
  api_keys: z.array(ApiKeySeed).optional(),
});

/** The format of a seed file, version 1. */
const SeedFile = strictObject({
  version: z.literal(1, { message: 'expected 1, the version of this format' }),
  tiers: strictObject({ free: TierSeed, pro: TierSeed, team: TierSeed, enterprise: TierSeed }).partial().optional(),
  organizations: z.array(OrganizationSeed).min(1, 'expected at least one organization'),
});
export type SeedContent = z.output<typeof SeedFile>;
export type ApiKeyContent = z.output<typeof ApiKeySeed>;

/**
 * Checks what a seed file holds.
 * @throws {SeedContentError} with every problem found
 */
export function readSeedContent(input: unknown): SeedContent {
  const parsed = SeedFile.safeParse(input);
  if (!parsed.success) throw new SeedContentError(parsed.error.issues.flatMap(toSeedIssues));
  return parsed.data;
}

function toSeedIssues(issue: z.core.$ZodIssue): SeedIssue[] {
  if (issue.code !== 'unrecognized_keys') return [{ path: issue.path, message: issue.message }];
  const messages = issue.message.split('\n');
  return issue.keys.map((key, index) => ({ path: [...issue.path, key], message: messages[index] ?? 'unknown member' }));
}
