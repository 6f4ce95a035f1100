import type { BodyError } from '../domain/errors.ts';

/** What would be right, by the type of the error. */
const ADVICE: Record<string, string> = {
  missing: 'send a JSON object, {} at least',
  json_invalid: 'is not JSON at this offset',
  model_attributes_type: 'must be a JSON object, sent as application/json',
  dict_type: 'must be a JSON object',
  string_type: 'must be a string',
  int_type: 'must be an integer of at least 1',
  int_parsing: 'must be an integer of at least 1',
  int_parsing_size: 'must be an integer of at least 1',
  int_from_float: 'must be an integer of at least 1',
  string_unicode: 'must be an integer of at least 1',
  finite_number: 'must not hold NaN or Infinity',
  greater_than_equal: 'must be at least 1',
  less_than_equal: 'must be at most 9007199254740991',
  extra_forbidden: 'is no member of the model: see --unknown-fields',
};

/** One line about the first error: which member, and what would be right. Printable ASCII, for a header. */
export function toValidationHint(errors: readonly BodyError[]): string {
  const [first] = errors;
  if (first === undefined) return '';
  const member = first.loc.length === 1 ? 'the body' : first.loc.slice(1).join('.');
  const advice = ADVICE[first.type] ?? first.msg;
  return `${member}: ${advice}`.replace(/[^\x20-\x7e]/g, '?').slice(0, 200);
}
