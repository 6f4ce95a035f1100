import { JsonNumber, type JsonValue } from './json.ts';

/** Why a value is no integer, in pydantic's words. */
export interface NotAnInteger {
  type: string;
  msg: string;
}

const INT_TYPE: NotAnInteger = { type: 'int_type', msg: 'Input should be a valid integer' };
const NOT_FINITE: NotAnInteger = { type: 'finite_number', msg: 'Input should be a finite number' };
const FRACTION: NotAnInteger = {
  type: 'int_from_float',
  msg: 'Input should be a valid integer, got a number with a fractional part',
};
const UNPARSABLE: NotAnInteger = {
  type: 'int_parsing',
  msg: 'Input should be a valid integer, unable to parse string as an integer',
};
const TOO_LARGE: NotAnInteger = {
  type: 'int_parsing_size',
  msg: 'Unable to parse input string as an integer, exceeded maximum size',
};
const NOT_UNICODE: NotAnInteger = {
  type: 'string_unicode',
  msg: 'Input should be a valid string, unable to parse raw data as a unicode string',
};

const SIGNED = /^([+-]?)(\d.*)$/s;
/** Zeros, and underscores behind the first one, are passed over up to where the number begins: even at a minus sign. */
const LEADING_ZEROS = /^0[0_]*(?=[-1-9]|[0_]\.|[0_]$)/;
/** Single underscores may stand between the digits, and behind such a late sign; a fraction of zeros is dropped. */
const DIGITS = /^(-_?)?(0|[1-9]\d*(?:_\d+)*|0(?:_\d+)+)(?:\.0+)?$/;
/** Characters of a number that pydantic reads; a longer one it calls too large as it stands, unparsable with trimmings. */
const MAX_LENGTH = 4300;
/** More digits than any limit has: the value itself no longer matters, only its sign. */
const ENOUGH_DIGITS = 20;

/**
 * The integer that pydantic's lax mode (observed with 2.13) takes the value for: numbers without a fraction, booleans,
 * and strings of such numbers with blanks around.
 */
export function readLaxInteger(value: JsonValue): bigint | NotAnInteger {
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (typeof value === 'string') return readString(value);
  if (value instanceof JsonNumber) return /^-?\d+$/.test(value.text) ? toBigInt(value.text) : readFloat(value.text);
  return INT_TYPE;
}

function readFloat(text: string): bigint | NotAnInteger {
  const number = Number(text);
  if (!Number.isFinite(number)) return NOT_FINITE;
  if (!Number.isInteger(number)) return FRACTION;
  return Math.abs(number) >= 2 ** 63 ? TOO_LARGE : BigInt(number);
}

function readString(text: string): bigint | NotAnInteger {
  if (/\p{Surrogate}/u.test(text)) return NOT_UNICODE;
  if ((/^-?[1-9]\d*/.exec(text)?.[0].length ?? 0) > MAX_LENGTH) return TOO_LARGE;
  const [, sign = '', unsigned = ''] = SIGNED.exec(trimWhiteSpace(text)) ?? [];
  const match = DIGITS.exec(unsigned.replace(LEADING_ZEROS, ''));
  if (match === null || (sign === '-' && match[1] !== undefined)) return UNPARSABLE;
  const number = `${sign === '-' ? '-' : ''}${match[1] ?? ''}${match[2]}`.replaceAll('_', '');
  return number.length > MAX_LENGTH ? UNPARSABLE : toBigInt(number);
}

/** Unicode's White_Space, which neither `trim()` nor Python's `strip()` cuts: U+0085 counts, U+001C and U+FEFF do not. */
function trimWhiteSpace(text: string): string {
  let start = 0;
  let end = text.length;
  const isBlank = (at: number) => /\p{White_Space}/u.test(text.charAt(at));
  while (start < end && isBlank(start)) start++;
  while (end > start && isBlank(end - 1)) end--;
  return text.slice(start, end);
}

function toBigInt(digits: string): bigint {
  if (digits.length <= ENOUGH_DIGITS) return BigInt(digits);
  return BigInt(digits.slice(0, ENOUGH_DIGITS));
}
