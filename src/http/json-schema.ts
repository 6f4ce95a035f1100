import * as z from 'zod';
/** A JSON object of an OpenAPI document. */
export type OpenApiNode = Record<string, unknown>;

/** Writes the JSON Schema of what is sent and answered; what it refers to is put into `components`. */
export function buildToJsonSchema(is30: boolean, components: Record<string, OpenApiNode>): ToJsonSchema {
  const options = is30 ? { target: 'openapi-3.0' as const } : { override: writeNullable };
  return (schema) => {
    const generated = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', ...options });
    // Zod refers to definitions beside the schema.
    const text = JSON.stringify(generated).replace(
      /(?<="\$ref":"#\/)(?:\$defs|definitions)(?=\/)/g,
      'components/schemas',
    );
    const { definitions: known } = JSON.parse(text);
    const write = (node: JsonNode) => (is30 ? toReferring(node, known) : node);
    const read = JSON.parse(text, (name, node) => (name === '' ? node : write(node)));
    const { $schema, $defs = {}, definitions = $defs, ...own } = read;
    for (const [name, { id, ...component }] of Object.entries<OpenApiNode>(definitions)) components[name] ??= component;
    return write(own);
  };
}

/**
 * A schema that refers to another, as 3.0 writes it: `nullable` holds beside a `type` only, and nothing that a reference
 * refuses is allowed beside it, so what may be null is written out, alternative by alternative.
 */
function toReferring(node: JsonNode, definitions: Record<string, OpenApiNode>): JsonNode {
  const { allOf, $ref = allOf?.[0]?.$ref, anyOf, nullable, ...beside } = node ?? {};
  if (nullable && anyOf)
    return { ...beside, anyOf: anyOf.map((one: object) => toReferring({ ...one, nullable }, definitions)) };
  if ($ref === undefined) return node;
  if (nullable) return { ...definitions[$ref.split('/').at(-1)], id: undefined, ...beside, nullable };
  return Object.keys(beside).length === 0 ? { $ref } : { allOf: [{ $ref }], ...beside };
}
type JsonNode = ReturnType<typeof JSON.parse>;
/** Writes a schema as JSON Schema. */
export type ToJsonSchema = (schema: z.ZodType) => OpenApiNode;

/**
 * Writes what may be null as tools read it. Specmatic takes no null for an object where `anyOf` allows it: there a list of
 * types does, and beside a reference `oneOf`.
 */
function writeNullable({ jsonSchema: schema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  const { anyOf } = schema;
  const [one, none] = anyOf ?? [];
  if (anyOf === undefined || none?.type !== 'null') return;
  const isInline = one?.type === 'object' || one?.type === 'array';
  if (!isInline && one?.$ref === undefined) return;
  delete schema.anyOf;
  Object.assign(schema, isInline ? { ...one, type: [one.type, 'null'] } : { oneOf: anyOf });
}
