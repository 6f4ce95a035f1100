import type { BodyError } from '../domain/errors.ts';
import { MAX_RATE_LIMIT } from '../domain/rate-limits.ts';

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

function describe({ type, loc, msg, ctx }: BodyError): string {
  const [, member, category] = loc;
  if (type === 'json_invalid') return `the body: not JSON at offset ${member}: ${ctx?.error}`;
  if (member === undefined) return `the body: ${ADVICE[type] ?? msg}`;
  if (category === undefined || type === 'extra_forbidden') return `${loc.slice(1).join('.')}: ${ADVICE[type] ?? msg}`;
  return `${member}.${category}: must be an integer from 1 to ${MAX_RATE_LIMIT}`;
}
