import * as z from 'zod';
import { PERMISSIONS } from '../domain/api-key.ts';
import { toMilliseconds } from '../domain/clock.ts';
import { CONNECTION_FAULTS, type FaultRule, MAX_DELAY_MS } from '../domain/fault.ts';
import type { FaultContent } from './fault-rule.ts';
import { JsonText } from './source.ts';
import { isObject, jsonText, KEYWORDS, oneOf, storable, strictObject, timestamp, wholeNumber } from './values.ts';

const CLOCKS = ['real', 'sandbox'] as const;
const MAX_COUNT = 1_000_000_000;
/** Longer than anybody waits, in milliseconds: a year. */
const MAX_TTL_MS = 366 * 24 * 60 * 60 * 1000;

const number = (min: number, max: number) =>
  z
    .custom<number>((value) => typeof value === 'number' && value >= min && value <= max, {
      error: `expected a number from ${min} to ${max}`,
    })
    .meta({ type: 'number', minimum: min, maximum: max });

const milliseconds = wholeNumber(0, MAX_DELAY_MS);
const DELAY = 'expected milliseconds, {"uniform": [50, 200]} or {"lognormal": {"median": 800, "sigma": 0.5}}';
/** One of several forms; what none of them takes gets one message. */
const either = <T extends [z.ZodType, z.ZodType, ...z.ZodType[]]>(forms: T, error: string) => z.union(forms, { error });
const Delay = either(
  [
    milliseconds,
    strictObject({
      uniform: z
        .tuple([milliseconds, milliseconds])
        .refine(([least, most]) => least <= most, 'expected the smaller number first'),
    }),
    strictObject({ lognormal: strictObject({ median: milliseconds, sigma: number(0, 10) }) }),
  ],
  DELAY,
);

const CONNECTION = `expected ${CONNECTION_FAULTS.join(', ')}, or {"drip_bytes_per_second": 100}`;
const Connection = either(
  [z.enum(CONNECTION_FAULTS), strictObject({ drip_bytes_per_second: wholeNumber(1, MAX_COUNT) })],
  CONNECTION,
);

const path = storable
  .refine((text) => text.startsWith('/'), 'expected a path that begins with /; * and ** stand for anything')
  .register(KEYWORDS, { pattern: '^/[^\\x00]*$' });
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** What says where a body ends, or whether the connection does, is the server's. */
const OWN_HEADERS = ['content-length', 'transfer-encoding', 'connection', 'keep-alive', 'trailer', 'upgrade'];
const Headers = z
  .record(z.string(), z.string('expected text'))
  .superRefine((headers, context) => {
    for (const [name, value] of Object.entries(headers)) {
      const refuse = (message: string) => context.addIssue({ code: 'custom', path: [name], message });
      if (!HEADER_NAME.test(name)) refuse('is not the name of a header');
      else if (OWN_HEADERS.includes(name.toLowerCase())) refuse("is the server's own header: see connection");
      else if (!HEADER_VALUE.test(value)) refuse('a header has characters of Latin-1, and no line breaks');
    }
  })
  .register(KEYWORDS, {
    propertyNames: { pattern: HEADER_NAME.source, not: { pattern: toPattern(OWN_HEADERS) } },
    additionalProperties: { type: 'string', pattern: HEADER_VALUE.source },
  });

/** One of the names, in any letter case. */
function toPattern(names: readonly string[]): string {
  return `^(?:${names.join('|').replace(/[a-z]/g, (letter) => `[${letter.toUpperCase()}${letter}]`)})$`;
}

/** What of a request a rule, or a question to the journal, can demand. */
export const MATCH_SHAPE = {
  method: z
    .string()
    .regex(/^[A-Za-z-]{1,32}$/, 'expected a method like PATCH')
    .optional(),
  path: path.optional(),
  api_key_id: storable.optional(),
  permission: oneOf(PERMISSIONS).optional(),
  organization_id: storable.optional(),
  body: jsonText(isObject, 'an object, of which the body must have everything', { type: 'object' }).optional(),
};

const Body = z
  .union([storable, z.instanceof(JsonText)], { error: 'expected an object, a list or text' })
  .transform((body) => (typeof body === 'string' ? JSON.stringify(body) : body.text))
  .meta({ type: ['object', 'array', 'string'] })
  .register(KEYWORDS, { writtenAs: () => z.union([z.looseObject({}), z.array(z.unknown()), storable]) });

/** What a request may demand for itself, in a header. */
export const EFFECT_SHAPE = {
  after_handler: z.boolean().optional(),
  delay_ms: Delay.optional(),
  delay_clock: oneOf(CLOCKS).optional(),
  status: wholeNumber(200, 599).optional(),
  connection: Connection.optional(),
};

const RULE_SHAPE = {
  name: storable.optional(),
  match: strictObject(MATCH_SHAPE).optional(),
  ...EFFECT_SHAPE,
  headers: Headers.optional(),
  body: Body.optional(),
  times: wholeNumber(1, MAX_COUNT).optional(),
  after: wholeNumber(0, MAX_COUNT).optional(),
  every: wholeNumber(1, MAX_COUNT).optional(),
  probability: number(0, 1).optional(),
  random_seed: wholeNumber(0, 999_999).optional(),
  enabled: z.boolean().optional(),
};

/** What a preset consists of. */
type Preset = Omit<FaultRule, 'id' | 'expires_at'> & { ttl_ms?: number };

/** Well-known ways to fail, by their names. */
export const FAULT_PRESETS = {
  flaky: { every: 3, status: 503 },
  slow: { delay_ms: { lognormal: { median: 800, sigma: 0.5 } } },
  'lost-answer': { after_handler: true, status: 502 },
  maintenance: { status: 503, headers: { 'Retry-After': '60' }, ttl_ms: 60_000 },
  'auth-outage': { status: 401 },
} satisfies Record<string, Preset>;
export type PresetName = keyof typeof FAULT_PRESETS;
const PRESET_NAMES = Object.keys(FAULT_PRESETS) as PresetName[];
export const preset = oneOf(PRESET_NAMES);

const NOTHING = `expected something to do: delay_ms, status or connection, or a preset: ${PRESET_NAMES.join(', ')}`;

/** With these nothing is answered. */
const SEVERED: readonly unknown[] = ['reset', 'close', 'hang'];
const ANSWER_MEMBERS = ['status', 'headers', 'body'] as const;
const BODILESS = [204, 205, 304];

const has = (member: string, schema?: object) => ({
  required: [member],
  ...(schema && { properties: { [member]: schema } }),
});
const without = (...members: string[]) => ({ properties: Object.fromEntries(members.map((name) => [name, false])) });
const hasPreset = (member: string) =>
  has('preset', { enum: PRESET_NAMES.filter((name) => member in FAULT_PRESETS[name]) });
const when = (condition: object, then: object) => ({ if: condition, then });

/** What {@link findContradictions} finds, in JSON Schema. */
const RULE_KEYWORDS = {
  anyOf: ['delay_ms', 'status', 'connection', 'preset'].map((member) => ({ required: [member] })),
  allOf: [
    when(has('delay_clock'), { anyOf: [has('delay_ms'), hasPreset('delay_ms')] }),
    when(has('connection', { enum: SEVERED }), without(...ANSWER_MEMBERS)),
    when({ anyOf: [has('headers'), has('body')] }, { anyOf: [has('status'), hasPreset('status')] }),
    when(has('status', { enum: BODILESS }), without('body')),
    when(has('ttl_ms'), without('expires_at')),
    when(has('random_seed'), {
      anyOf: [
        has('probability'),
        has('delay_ms', { type: 'object' }),
        { allOf: [hasPreset('delay_ms'), without('delay_ms')] },
      ],
    }),
  ],
};

/** The schema of a fault rule, whoever gives it. */
export const FaultSeed = strictObject({
  id: z
    .string()
    .regex(/^flt_[A-Za-z0-9_]{1,64}$/, 'expected flt_, then letters, digits or _')
    .optional(),
  preset: preset.optional(),
  ...RULE_SHAPE,
  ttl_ms: wholeNumber(1, MAX_TTL_MS).optional(),
  expires_at: timestamp.transform((text) => toMilliseconds(text)).optional(),
})
  .transform((given): FaultContent => {
    const { preset: name, ...members } = given;
    const { ttl_ms, ...preset }: Preset = name === undefined ? {} : FAULT_PRESETS[name];
    if (isSevered(members.connection)) for (const name of ANSWER_MEMBERS) delete preset[name];
    const isLimited = ttl_ms !== undefined && members.expires_at === undefined;
    return {
      ...(name !== undefined && { name }),
      ...preset,
      ...(isLimited && { ttl_ms }),
      ...withoutUndefined(members),
    };
  })
  .superRefine((rule, context) => {
    for (const { path, message } of findContradictions(rule)) context.addIssue({ code: 'custom', path, message });
  })
  .register(KEYWORDS, RULE_KEYWORDS);

/** What is wrong with the members of a rule together. */
export function findContradictions(rule: FaultContent): { path: string[]; message: string }[] {
  const { delay_ms, delay_clock, status, headers, body, connection, ttl_ms, expires_at } = rule;
  const problems: { path: string[]; message: string }[] = [];
  const add = (name: string, message: string) => problems.push({ path: [name], message });
  if (delay_ms === undefined && status === undefined && connection === undefined)
    problems.push({ path: [], message: NOTHING });
  if (delay_clock !== undefined && delay_ms === undefined) add('delay_clock', 'goes with delay_ms only');
  if (isSevered(connection) && status !== undefined)
    add('status', `with connection ${connection} nothing is answered: leave it out`);
  if (status === undefined && headers !== undefined) add('headers', 'goes with status only: say which answer has them');
  if (status === undefined && body !== undefined) add('body', 'goes with status only: say which answer has it');
  if (body !== undefined && hasNoBody(status)) add('body', `an answer with status ${status} has none`);
  if (ttl_ms !== undefined && expires_at !== undefined) add('ttl_ms', 'expected either ttl_ms or expires_at');
  if (rule.random_seed !== undefined && rule.probability === undefined && isConstant(delay_ms)) {
    add('random_seed', 'nothing is drawn: it goes with probability, or with a delay that is drawn');
  }
  return problems;
}

const isSevered = (connection: FaultRule['connection']) => SEVERED.includes(connection);

/** What HTTP gives no body. */
export const hasNoBody = (status: number | undefined) => status !== undefined && BODILESS.includes(status);
const isConstant = (delay: FaultRule['delay_ms']) => delay === undefined || typeof delay === 'number';

const withoutUndefined = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;

/** Rules of a sandbox there may be. */
export const MAX_FAULTS = 100;
