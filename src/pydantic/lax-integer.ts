import { stripWhitespace } from './code-points.ts';
import { JsonNumber } from './json.ts';

/** Why a value is not an integer: pydantic's types of errors, with their messages. */
export const INTEGER_PROBLEMS = {
  int_type: 'Input should be a valid integer',
  finite_number: 'Input should be a finite number',
  int_from_float: 'Input should be a valid integer, got a number with a fractional part',
  int_parsing: 'Input should be a valid integer, unable to parse string as an integer',
  int_parsing_size: 'Unable to parse input string as an integer, exceeded maximum size',
  string_unicode: 'Input should be a valid string, unable to parse raw data as a unicode string',
};
type IntegerProblem = keyof typeof INTEGER_PROBLEMS;

/** The most characters that pydantic reads. A longer number is too large for it, or unparsable if it needed cleaning. */
const MAX_LENGTH = 4300;
/** More digits than any limit has: of a longer number only the sign matters. */
const ENOUGH_DIGITS = 20;

/**
 * The integer that pydantic's lax mode (observed with 2.13) reads: from numbers without a fraction, booleans, and strings
 * of such numbers with whitespace around.
 */
export function readLaxInteger(value: unknown): bigint | IntegerProblem {
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (typeof value === 'string') return readString(value);
  if (value instanceof JsonNumber) return /^-?\d+$/.test(value.text) ? toBigInt(value.text) : readFloat(value.text);
  return 'int_type';
}

function readFloat(text: string): bigint | IntegerProblem {
  const number = Number(text);
  if (!Number.isFinite(number)) return 'finite_number';
  if (!Number.isInteger(number)) return 'int_from_float';
  return Math.abs(number) >= 2 ** 63 ? 'int_parsing_size' : BigInt(number);
}

/** As pydantic-core's `str_as_int` (`input/shared.rs`): the text as it is, else the cleaned text. */
function readString(text: string): bigint | IntegerProblem {
  if (/\p{Surrogate}/u.test(text)) return 'string_unicode';
  if (countLeadingDigits(text) > MAX_LENGTH) return 'int_parsing_size';
  const cleaned = INTEGER.test(text) ? text : cleanText(text);
  if (cleaned === undefined || !INTEGER.test(cleaned) || cleaned.length > MAX_LENGTH) return 'int_parsing';
  return toBigInt(cleaned);
}

const INTEGER = /^-?(?:0|[1-9]\d*)$/;

const countLeadingDigits = (text: string) => /^-?[1-9]\d*/.exec(text)?.[0].length ?? 0;

/** Removes whitespace around, leading zeros, a fraction of zeros and single underscores; undefined without digits. */
function cleanText(text: string): string | undefined {
  const trimmed = stripWhitespace(text, WHITE_SPACE);
  const [, sign = '', unsigned = ''] = /^([+-]?)(.*)$/s.exec(trimmed) ?? [];
  // A second sign may not follow at once, but it may follow zeros.
  const number = /^[+-]/.test(unsigned) ? undefined : stripLeadingZeros(unsigned);
  if (number === undefined) return undefined;
  const whole = number.replace(/^([^.]*)\.0+$/, '$1');
  const isGrouped = !/^_|__|_$/.test(whole);
  return `${sign === '-' ? '-' : ''}${isGrouped ? whole.replaceAll('_', '') : whole}`;
}

/** Removes zeros, and underscores behind the first zero, up to a digit, a minus sign or a fraction. */
function stripLeadingZeros(text: string): string | undefined {
  if (/^[1-9]/.test(text)) return text;
  const zeros = /^0[0_]*/.exec(text)?.[0].length ?? 0;
  if (zeros === 0) return undefined;
  const next = text.charAt(zeros);
  if (next === '' || next === '.') return text.slice(zeros - 1);
  return /[1-9-]/.test(next) ? text.slice(zeros) : undefined;
}

/** Not what `trim()` or Python's `strip()` remove: U+0085 is part of it, U+001C and U+FEFF are not. */
const WHITE_SPACE = /\p{White_Space}/u;

function toBigInt(digits: string): bigint {
  if (digits.length <= ENOUGH_DIGITS) return BigInt(digits);
  return BigInt(digits.slice(0, ENOUGH_DIGITS));
}
