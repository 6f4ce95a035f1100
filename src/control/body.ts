import * as z from 'zod';
import { type BodyError, badRequest, invalidBody } from '../domain/errors.ts';
import type { ReceivedBody } from '../wire/body.ts';
import { JsonObject } from '../wire/json.ts';

const HINT = 'examples of bodies stand in /_mock/openapi.json and on the docs page';

/** The body of what needs none: an empty object, or no body at all. */
export const NoMembers = z.strictObject({});

/**
 * The body of a control request: strict, so that a slip of the pen shows. No body at all is an empty object.
 * @throws the refusals `bad_request` and `invalid_body`
 */
export function readControlBody<T extends z.ZodType>(schema: T, received: ReceivedBody | null): z.output<T> {
  if (received !== null && received.kind !== 'missing' && received.kind !== 'json') {
    throw badRequest('The body is no JSON object', HINT);
  }
  const value = received?.kind === 'json' ? received.value : undefined;
  if (value !== undefined && !(value instanceof JsonObject)) throw badRequest('The body is no JSON object', HINT);
  const result = schema.safeParse(value === undefined ? {} : parseStrictly(value.toText()));
  if (result.success) return result.data;
  throw invalidBody(result.error.issues.flatMap(toBodyErrors));
}

/** What Python reads beyond the standard, `NaN` and the infinities, has no place here. */
function parseStrictly(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest('The body is no JSON object: NaN and Infinity are no JSON', HINT);
  }
}

function toBodyErrors({ path, message, ...issue }: z.core.$ZodIssue): BodyError[] {
  const loc = ['body', ...path.map((part) => (typeof part === 'number' ? part : String(part)))];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      type: 'extra_forbidden',
      loc: [...loc, key],
      msg: 'Extra inputs are not permitted',
    }));
  }
  return [{ type: 'value_error', loc, msg: message }];
}
