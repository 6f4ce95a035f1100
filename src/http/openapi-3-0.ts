import type { OpenApiNode } from './openapi.ts';

/** Maps in which every name is a name, whatever it means elsewhere. */
const NAME_MAPS = ['properties', 'schemas', 'headers', 'responses', 'paths', 'examples'];

/**
 * The document as OpenAPI 3.0.3, for tools that do not read 3.1: `nullable` for null, `enum` for `const`, references without
 * siblings, bounds that exclude as flags. What means nothing to a tool of 3.0 is left out.
 */
export function toOpenApi30(document: OpenApiNode): OpenApiNode {
  const { openapi: _, info, paths, ...rest } = document;
  const { summary: __, license, ...about } = toNode(info);
  const { identifier: ___, ...named } = toNode(license);
  const converted = toNode(convert({ paths: addRefusals(toNode(paths)), ...rest }, '', document));
  return { openapi: '3.0.3', info: { ...about, license: named }, ...converted };
}

/** Refusals of a path by another method, or by what stands before every operation. */
const OF_ANY_METHOD: Record<number, string> = {
  405: 'The path does not have the method',
  413: 'The body is longer than 1 MiB',
  501: 'The real service may have the path, this server does not',
};

/** Validators that read 3.0 look a status up in the operation of the request, and know no `default`. */
function addRefusals(paths: OpenApiNode): OpenApiNode {
  const content = { 'application/json': { schema: { $ref: '#/components/schemas/ErrorResponse' } } };
  const refusals = Object.entries(OF_ANY_METHOD).map(([status, description]) => [status, { description, content }]);
  const withRefusals = (operation: OpenApiNode) => ({
    ...operation,
    responses: { ...Object.fromEntries(refusals), ...toNode(operation.responses) },
  });
  return Object.fromEntries(
    Object.entries(paths).map(([path, operations]) => [
      path,
      Object.fromEntries(
        Object.entries(toNode(operations)).map(([method, operation]) => [method, withRefusals(toNode(operation))]),
      ),
    ]),
  );
}

/** @param parent the name under which the node stands; empty inside of a map of names */
function convert(node: unknown, parent: string, document: OpenApiNode): unknown {
  if (Array.isArray(node)) return node.map((item) => convert(item, '', document));
  if (typeof node !== 'object' || node === null || parent === 'value') return node;
  const isMap = NAME_MAPS.includes(parent);
  const entries = Object.entries(isMap ? node : convertSchema(toNode(node), document));
  return Object.fromEntries(entries.map(([name, child]) => [name, convert(child, isMap ? '' : name, document)]));
}

function convertSchema(node: OpenApiNode, document: OpenApiNode): OpenApiNode {
  const { const: only, examples, exclusiveMinimum, exclusiveMaximum, ...rest } = node;
  const schema: OpenApiNode = toNullable(rest, document);
  if (only !== undefined) schema.enum = [only];
  // A schema has a list of examples, a media type has a map of them.
  if (Array.isArray(examples)) schema.example = examples[0];
  else if (examples !== undefined) schema.examples = examples;
  if (typeof exclusiveMinimum === 'number')
    Object.assign(schema, { minimum: exclusiveMinimum, exclusiveMinimum: true });
  if (typeof exclusiveMaximum === 'number')
    Object.assign(schema, { maximum: exclusiveMaximum, exclusiveMaximum: true });
  const { $ref, ...beside } = schema;
  return $ref === undefined || Object.keys(beside).length === 0 ? schema : { allOf: [{ $ref }], ...beside };
}

/** What may be null, written by a list of types or by alternatives. */
function toNullable({ type, anyOf, oneOf, ...rest }: OpenApiNode, document: OpenApiNode): OpenApiNode {
  if (type === 'null') return { ...rest, type: 'object', nullable: true, enum: [null] };
  if (Array.isArray(type)) {
    const [first, ...more] = type.filter((name) => name !== 'null');
    const isNullable = type.includes('null') && { nullable: true };
    if (more.length === 0) return { ...rest, type: first, ...isNullable };
    return { ...rest, anyOf: [first, ...more].map((name) => ({ type: name, ...isNullable })) };
  }
  const known = { ...rest, ...(type !== undefined && { type }) };
  const alternatives = [anyOf ?? oneOf ?? []].flat().map(toNode);
  const others = alternatives.filter((one) => one.type !== 'null');
  if (others.length === alternatives.length)
    return { ...known, ...(anyOf !== undefined && { anyOf }), ...(oneOf !== undefined && { oneOf }) };
  const [only, ...more] = others;
  if (only === undefined || more.length > 0) {
    return { ...known, anyOf: others.map((one) => ({ ...inline(one, document), nullable: true })) };
  }
  // `nullable` holds beside a `type` only, and nothing that a reference refuses is allowed beside it: so it is written out.
  return { ...inline(only, document), ...known, nullable: true };
}

function inline(node: OpenApiNode, document: OpenApiNode): OpenApiNode {
  const { $ref: ref } = node;
  if (typeof ref !== 'string') return node;
  const { [ref.split('/').at(-1) ?? '']: found } = toNode(toNode(document.components).schemas);
  return found === undefined ? node : toNode(found);
}

const isNode = (value: unknown): value is OpenApiNode => typeof value === 'object' && value !== null;
const toNode = (value: unknown): OpenApiNode => (isNode(value) ? value : {});
