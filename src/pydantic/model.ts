import * as z from 'zod';
import { type BodyError, badRequest, invalidBody } from '../domain/errors.ts';
import { MAX_RATE_LIMIT } from '../domain/rate-limits.ts';
import { copyText, isStorable } from '../domain/text.ts';
import type { ReceivedBody } from './body.ts';
import { validateEmail } from './email.ts';
import { hasNonFinite, JsonNumber, JsonObject, type JsonValue } from './json.ts';
import { MAX_DEPTH } from './json-scanner.ts';
import { INTEGER_PROBLEMS, readLaxInteger } from './lax-integer.ts';
import { listUnknownMembers } from './unknown-members.ts';

const NOT_A_MODEL = 'Input should be a valid dictionary or object to extract fields from';

type Context = z.core.$RefinementCtx<unknown>;

/** Records an error in pydantic's words; returns what a failed transform must return. */
function refuse(context: Context, type: string, msg: string, ctx?: Record<string, unknown>): never {
  context.addIssue({ code: 'custom', message: msg, params: { type, ctx } });
  return z.NEVER;
}

const readString = (value: unknown, context: Context): string =>
  typeof value === 'string' ? value : refuse(context, 'string_type', 'Input should be a valid string');

const UNSTORABLE = 'Value error, null characters and unpaired surrogates are not allowed';
const refuseUnstorable = (context: Context) => refuse(context, 'value_error', UNSTORABLE);

/** Refuses NUL and unpaired surrogates: the real service answers 500, or would return another text than was sent. */
function readStorable(value: unknown, context: Context): string {
  const text = readString(value, context);
  if (typeof text !== 'string') return z.NEVER;
  return isStorable(text) ? copyText(text) : refuseUnstorable(context);
}

function readEmail(value: unknown, context: Context): string {
  const address = readString(value, context);
  if (typeof address !== 'string') return z.NEVER;
  if (/\p{Surrogate}/u.test(address)) return refuseUnstorable(context);
  const verdict = validateEmail(address);
  if ('address' in verdict) return copyText(verdict.address);
  const { reason } = verdict;
  return refuse(context, 'value_error', `value is not a valid email address: ${reason}`, { reason });
}

function readObject(value: unknown, context: Context): string {
  if (!(value instanceof JsonObject)) return refuse(context, 'dict_type', 'Input should be a valid dictionary');
  const compact = value.toText();
  if (hasNonFinite(compact)) return refuse(context, 'finite_number', 'Input should be a finite number');
  return copyText(compact);
}

function readStringMap(value: unknown, context: Context): string {
  if (!(value instanceof JsonObject)) return refuse(context, 'dict_type', 'Input should be a valid dictionary');
  let isRight = true;
  const refuseMember = (name: string, type: string, message: string) => {
    context.addIssue({ code: 'custom', path: [name], message, params: { type } });
    isRight = false;
  };
  for (const [name, member] of value.members()) {
    if (typeof member !== 'string') refuseMember(name, 'string_type', 'Input should be a valid string');
    else if (!isStorable(name) || !isStorable(member)) refuseMember(name, 'value_error', UNSTORABLE);
  }
  return isRight ? copyText(value.toText()) : z.NEVER;
}

function readPositiveInteger(value: unknown, context: Context): number {
  const read = readLaxInteger(value);
  if (typeof read !== 'bigint') return refuse(context, read, INTEGER_PROBLEMS[read]);
  if (read < 1n) return refuse(context, 'greater_than_equal', 'Input should be greater than or equal to 1', { ge: 1 });
  if (read <= BigInt(MAX_RATE_LIMIT)) return Number(read);
  const msg = `Input should be less than or equal to ${MAX_RATE_LIMIT}`;
  return refuse(context, 'less_than_equal', msg, { le: MAX_RATE_LIMIT });
}

/** As `bool` in pydantic's lax mode (observed with 2.13): from booleans, numbers 0 and 1, and words in any letter case. */
function readBoolean(value: unknown, context: Context): boolean {
  if (typeof value === 'boolean') return value;
  const isText = typeof value === 'string';
  if (isText && /\p{Surrogate}/u.test(value)) return refuse(context, 'string_unicode', INTEGER_PROBLEMS.string_unicode);
  const read = isText ? BOOLEAN_WORDS[value.toLowerCase()] : readFlag(value);
  if (read === true || read === false) return read;
  return isText || read === 'out of range'
    ? refuse(context, 'bool_parsing', 'Input should be a valid boolean, unable to interpret input')
    : refuse(context, 'bool_type', 'Input should be a valid boolean');
}

/** As many characters as an integer of 64 bits may have. */
const MAX_DIGITS = 20;

/** Of numbers, those without a fraction that 64 bits hold are looked at; undefined for anything else. */
function readFlag(value: unknown): boolean | 'out of range' | undefined {
  if (!(value instanceof JsonNumber)) return undefined;
  const number = Number(value.text);
  if (number === 0 || number === 1) return number === 1;
  const isWhole = /^-?\d+$/.test(value.text)
    ? value.text.length <= MAX_DIGITS && BigInt.asIntN(64, BigInt(value.text)) === BigInt(value.text)
    : Number.isInteger(number) && Math.abs(number) < 2 ** 63;
  return isWhole ? 'out of range' : undefined;
}

const BOOLEAN_WORDS: Record<string, boolean> = Object.assign(
  Object.create(null),
  Object.fromEntries(['0', 'off', 'f', 'false', 'n', 'no'].map((word) => [word, false])),
  Object.fromEntries(['1', 'on', 't', 'true', 'y', 'yes'].map((word) => [word, true])),
);

/** How a member is read, and how the OpenAPI document describes it. */
const member = <T>(read: (value: unknown, context: Context) => T, description: z.GlobalMeta) =>
  z.unknown().transform(read).meta(description);

/** pydantic's `str`, if it can be stored. */
export const text = () => member(readStorable, { type: 'string' });

/** pydantic's `EmailStr`; the outcome is the normalized address. It refuses NUL characters in its own words. */
export const email = () => member(readEmail, { type: 'string', format: 'email' });

/** pydantic's `dict[str, Any]`; the outcome is JSON text without whitespace. */
export const jsonObject = () => member(readObject, { type: 'object', additionalProperties: true });

/** pydantic's lax `bool`. */
export const boolean = () => member(readBoolean, { type: 'boolean' });

/** pydantic's `dict[str, str]`; the outcome is JSON text without whitespace. */
export const stringMap = () => member(readStringMap, { type: 'object', additionalProperties: { type: 'string' } });

/** pydantic's lax `int` with `ge=1`, and our own upper bound. */
export const positiveInteger = () =>
  member(readPositiveInteger, { type: 'integer', minimum: 1, maximum: MAX_RATE_LIMIT });

/**
 * A model: its members are checked in its order. Unknown members are recorded in the {@link JsonObject}.
 * @param isStrict whether a document says that it has no others
 */
export const model = <Shape extends z.ZodRawShape>(shape: Shape, isStrict = false) => {
  const names = Object.keys(shape);
  return z.preprocess(
    (value, context) =>
      value instanceof JsonObject ? pickMembers(value, names) : refuse(context, 'model_attributes_type', NOT_A_MODEL),
    isStrict ? z.strictObject(shape) : z.object(shape),
  );
};

function pickMembers(object: JsonObject, names: readonly string[]): Record<string, JsonValue> {
  const members = object.members();
  const { foreign } = object;
  const picked: Record<string, JsonValue> = {};
  let count = 0;
  for (const name of names) {
    const value = members.get(name);
    if (value === undefined || foreign?.includes(name)) continue;
    picked[name] = value;
    count++;
  }
  if (count < members.size) {
    const known = names.filter((name) => !foreign?.includes(name));
    object.unknown = { names: [...members.keys()].filter((name) => !Object.hasOwn(picked, name)), known };
  }
  return picked;
}

/** A member that may be left out or be null, as pydantic's `T | None = None`. */
export const optional = <T extends z.ZodType>(type: T) => type.nullable().optional();

/**
 * The received body as `schema` reads it.
 * @throws the refusal `bad_request` for bytes that are not text; `invalid_body` with all errors in pydantic's order, those
 * of unknown members last
 */
export function readBody<T extends z.ZodType>(schema: T, body: ReceivedBody): z.output<T> {
  const value = toValue(body);
  const result = schema.safeParse(value);
  const errors = result.success ? [] : result.error.issues.map(toBodyError);
  if (body.kind === 'json' && body.rejectsUnknown) {
    const msg = 'Extra inputs are not permitted';
    for (const { path } of listUnknownMembers(value)) errors.push({ type: 'extra_forbidden', loc: toLoc(path), msg });
  }
  if (result.success && errors.length === 0) return result.data;
  throw invalidBody(errors);
}

function toBodyError(issue: z.core.$ZodIssue): BodyError {
  if (issue.code !== 'custom') throw new Error(`a schema without a message in pydantic's words: ${issue.code}`);
  const { type, ctx } = issue.params ?? {};
  return { type, loc: toLoc(issue.path), msg: issue.message, ...(ctx && { ctx }) };
}

/** An unpaired surrogate in a name is shown as the three bytes that it would take (observed with 2.13). */
const toLoc = (path: PropertyKey[]) => [
  'body',
  ...path.map((part) => String(part).replaceAll(/\p{Surrogate}/gu, '\ufffd\ufffd\ufffd')),
];

function toValue(body: ReceivedBody): JsonValue {
  const refuseBody = (type: string, msg: string, more: Partial<BodyError> = {}) =>
    invalidBody([{ type, loc: ['body'], msg, ...more }]);
  switch (body.kind) {
    case 'missing':
      throw refuseBody('missing', 'Field required');
    case 'not_json_content':
      throw refuseBody('model_attributes_type', NOT_A_MODEL);
    case 'not_utf8':
      throw badRequest('There was an error parsing the body', 'the body is not UTF-8');
    case 'invalid_json': {
      const { message: error, offset } = body;
      throw refuseBody('json_invalid', 'JSON decode error', { loc: ['body', offset], ctx: { error } });
    }
    case 'too_deep':
      throw refuseBody('value_error', `Value error, nested more than ${MAX_DEPTH} levels deep`);
    case 'json':
      if (body.value === null) throw refuseBody('missing', 'Field required');
      return body.value;
  }
}
