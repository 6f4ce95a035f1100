import type { BodyError } from '../domain/errors.ts';
import { MAX_RATE_LIMIT } from '../domain/rate-limits.ts';
import { INTEGER_PROBLEMS } from '../pydantic/lax-integer.ts';

/** What would be right, by the type of the error; for any other, the error's own message says it. */
const ADVICE: Record<string, string> = {
  missing: 'send a JSON object, {} at least',
  model_attributes_type: 'must be a JSON object, sent as application/json',
  dict_type: 'must be a JSON object',
  string_type: 'must be a string',
  finite_number: 'must not hold NaN or Infinity',
  extra_forbidden: 'is not a member of the model; --unknown-fields ignore accepts it',
};

/** One line about the first error: which member, and what would be right. */
export function toValidationHint([first]: readonly BodyError[]): string {
  return first === undefined ? '' : describe(first);
}

/** What may be wrong with a limit. */
const LIMIT_PROBLEMS = [...Object.keys(INTEGER_PROBLEMS), 'greater_than_equal', 'less_than_equal'];

function describe({ type, loc, msg, ctx }: BodyError): string {
  const [, member, inner] = loc;
  if (type === 'json_invalid') return `the body: not JSON at offset ${member}: ${ctx?.error}`;
  const place = member === undefined ? 'the body' : loc.slice(1).join('.');
  const isLimit = inner !== undefined && LIMIT_PROBLEMS.includes(type);
  return `${place}: ${isLimit ? `must be an integer from 1 to ${MAX_RATE_LIMIT}` : (ADVICE[type] ?? msg)}`;
}
