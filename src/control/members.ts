import type { FastifySchemaCompiler } from 'fastify';
import * as z from 'zod';
import { type BodyError, badRequest, invalidBody } from '../domain/errors.ts';
import type { ReceivedBody } from '../pydantic/body.ts';
import { JsonObject } from '../pydantic/json.ts';

const HINT = '/_mock/openapi.json and the docs page have examples of bodies';
const FILTERS_HINT = '/_mock/openapi.json and the docs page describe the filters';

/** Checks what is sent to the control plane with the schema of the route, strictly, so that a typo shows. */
export const compileCheck: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  if (httpPart === 'body') return (received: ReceivedBody | null) => ({ value: readBody(schema, received) });
  if (httpPart === 'querystring') return (query: object) => ({ value: readFilters(schema, query) });
  return (params: unknown) => ({ value: schema.parse(params) });
};

/** No body at all is an empty object. */
function readBody(schema: z.ZodType, received: ReceivedBody | null): unknown {
  if (received !== null && received.kind !== 'missing' && received.kind !== 'json') {
    throw badRequest('The body is not a JSON object', HINT);
  }
  const value = received?.kind === 'json' ? received.value : undefined;
  if (value !== undefined && !(value instanceof JsonObject)) throw badRequest('The body is not a JSON object', HINT);
  const result = schema.safeParse(value === undefined ? {} : parseStrictly(value.toText()));
  if (result.success) return result.data;
  throw invalidBody(result.error.issues.flatMap(toBodyErrors));
}

/** What Python reads beyond the standard, `NaN` and the infinities, has no place here. */
function parseStrictly(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest('The body is not a JSON object: NaN and Infinity are not JSON', HINT);
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

function readFilters(schema: z.ZodType, query: object): unknown {
  const result = schema.safeParse({ ...query });
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  if (issue?.code === 'unrecognized_keys') {
    const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
    throw badRequest(`A filter is not known; there are ${known.join(', ')}`, FILTERS_HINT);
  }
  throw badRequest(`The filter ${issue?.path.join('.')} is wrong: ${issue?.message}`, FILTERS_HINT);
}
