import { isUtf8 } from 'node:buffer';
import type { FastifySchemaCompiler } from 'fastify';
import * as z from 'zod';
import { type BodyError, badRequest, invalidBody } from '../domain/errors.ts';
import { LocatedSeedError, SeedContentError } from '../seed/issues.ts';
import { readJsonSeed } from '../seed/json.ts';
import { SeedSyntaxError } from '../seed/source.ts';
import { check } from '../seed/values.ts';

const HINT = '/_mock/openapi.json and the docs page have examples of bodies';
const FILTERS_HINT = '/_mock/openapi.json and the docs page describe the filters';

/** A body as it was sent. */
export interface SentBody {
  bytes: Buffer;
  isYaml: boolean;
}

/** The body of a route that reads it by itself. */
export const AnyBody = z
  .custom<SentBody>((value) => Buffer.isBuffer(Object(value).bytes))
  .meta({ type: 'object', description: 'The content of a seed file' });

/**
 * A body, or a part of one, with members of a seed: digits and order of metadata are kept, and problems are said in the
 * words of a seed.
 */
export const seedBody = <S extends z.ZodType>(schema: S) =>
  z
    .unknown()
    .transform((value, context): z.output<S> => {
      const { data, issues = [] } = check(schema, value);
      for (const { path, message } of issues) context.addIssue({ code: 'custom', path: [...path], message });
      return data ?? z.NEVER;
    })
    .meta(withoutSchema(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' })));

function withoutSchema({ $schema: _, ...schema }: z.core.JSONSchema.BaseSchema): z.GlobalMeta {
  return schema;
}

/** Checks what is sent to the control plane with the schema of the route, strictly, so that a typo shows. */
export const compileCheck: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  if (httpPart === 'body') return (sent: SentBody | null) => ({ value: readBody(schema, sent) });
  if (httpPart === 'querystring') return (query: object) => ({ value: readFilters(schema, query) });
  return (params: unknown) => ({ value: readParams(schema, params) });
};

/** No body at all is an empty object. */
function readBody(schema: z.ZodType, sent: SentBody | null): unknown {
  if (schema === AnyBody) return sent ?? { bytes: Buffer.alloc(0), isYaml: false };
  const result = schema.safeParse(sent === null || sent.bytes.length === 0 ? {} : readJson(sent.bytes));
  if (result.success) return result.data;
  throw invalidBody(result.error.issues.flatMap(toBodyErrors));
}

function readJson(bytes: Buffer): unknown {
  const content = readSyntax(toText(bytes));
  if (typeof content === 'object' && content !== null && !Array.isArray(content)) return content;
  throw badRequest('The body is not a JSON object', HINT);
}

function readSyntax(text: string): unknown {
  try {
    return readJsonSeed(text).content;
  } catch (error) {
    if (!(error instanceof SeedSyntaxError)) throw error;
    throw badRequest('The body is not a JSON object', `at offset ${error.offset}: ${error.message}; ${HINT}`);
  }
}

/** @throws the refusal `bad_request` */
export function toText(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw badRequest('The body is not in UTF-8', HINT);
  return bytes.toString('utf8').replace(/^\ufeff/, '');
}

/**
 * What reading a seed gives; its problems as those of a body.
 * @param at where the seed is in the body
 */
export async function readSeed<T>(at: string[], read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const toError = (path: readonly PropertyKey[], msg: string): BodyError => ({
      type: 'value_error',
      loc: ['body', ...at, ...path.map(toPart)],
      msg,
    });
    if (error instanceof SeedContentError) {
      throw invalidBody(error.issues.map(({ path, message }) => toError(path, message)));
    }
    if (!(error instanceof LocatedSeedError)) throw error;
    const located = error.issues.map(({ line, column, path = [], message }) =>
      toError(path, `line ${line}, column ${column}: ${message}`),
    );
    throw invalidBody(error.hasMore ? [...located, toError([], 'and more problems')] : located);
  }
}

const toPart = (part: PropertyKey) => (typeof part === 'number' ? part : String(part));

function toBodyErrors({ path, message, ...issue }: z.core.$ZodIssue): BodyError[] {
  const loc = ['body', ...path.map(toPart)];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      type: 'extra_forbidden',
      loc: [...loc, key],
      msg: 'Extra inputs are not permitted',
    }));
  }
  return [{ type: 'value_error', loc, msg: message }];
}

function readParams(schema: z.ZodType, params: unknown): unknown {
  const result = schema.safeParse(params);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw badRequest(`The path is wrong: ${issue?.path.join('.')}: ${issue?.message}`, 'GET /_mock lists what there is');
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
