import {
  isNode,
  keywordsOf,
  membersOf,
  type Node,
  type OpenApiDocument,
  type Resolved,
  toSortedJson,
} from './document.ts';

/** What a schema means, in the one form of what can be written in several. */
export interface Schema {
  /** Said of the place where the schema is, not of what it describes. */
  outer: Map<string, unknown>;
  isNullable: boolean;
  /** One, or several alternatives. */
  variants: Variant[];
}

/** A schema of one type. */
export interface Variant {
  /** Undefined for any. */
  type: string | undefined;
  component: string | undefined;
  values: unknown[] | undefined;
  /** Schemas, as they are in the document. */
  properties: Map<string, unknown>;
  required: Set<string>;
  /** Undefined for anything. */
  items: unknown;
  /** What other members are: undefined for anything, false where they are refused. */
  others: unknown;
  /** What else is said: bounds, format. */
  keywords: Map<string, unknown>;
}

const OUTER = new Set(['default', 'deprecated', 'readOnly', 'writeOnly']);

/** A schema that allows everything. */
const ANY = {};
/** What `false` means. */
const NOTHING = { type: 'nothing' };

/** @throws {DocumentError} */
export function readSchema(document: OpenApiDocument, value: unknown = ANY, followed: readonly string[] = []): Schema {
  if (typeof value === 'boolean') return readSchema(document, value ? ANY : NOTHING, followed);
  const { node, component, ...way } = joinParts(document, document.resolve(value, followed));
  const { anyOf, oneOf, type, nullable, ...rest } = node;
  const types = Array.isArray(type) ? type.map((one) => ({ type: one })) : undefined;
  const alternatives = [anyOf, oneOf, types].find(Array.isArray);
  const outer = Object.entries(rest).filter(
    ([name, said]) => OUTER.has(name) && (name === 'default' || said !== false),
  );
  const inner = Object.fromEntries(Object.entries(rest).filter(([name]) => !OUTER.has(name)));
  if (alternatives === undefined) {
    const { variant, isNullable } = toVariant(document, { ...inner, type }, component);
    return toSchema(outer, isNullable || nullable === true, [variant]);
  }
  // Only one of these says what is possible; the others narrow it down, and are said of every alternative.
  const beside: Node = { ...inner, ...(types !== alternatives && type !== undefined && { type }) };
  if (anyOf !== undefined && oneOf !== undefined) beside.oneOf = oneOf;
  const read = alternatives.map((one) => readSchema(document, isNode(one) ? { ...beside, ...one } : one, way.followed));
  const variants = read.flatMap((one) => one.variants).filter((one) => one.type !== 'null');
  const isNullable = nullable === true || read.some((one) => one.isNullable || one.variants.some(isNull));
  if (variants.length === 0) return toSchema(outer, false, read[0]?.variants ?? []);
  const [only] = variants.length === 1 ? read.filter((one) => !one.variants.every(isNull)) : [];
  const own = variants.length === 1 ? component : undefined;
  return toSchema(
    [...(only?.outer ?? []), ...outer],
    isNullable,
    variants.map((one) => ({ ...one, component: one.component ?? own })),
  );
}

/** What may be anything may be null anyway. */
const toSchema = (outer: [string, unknown][], isNullable: boolean, variants: Variant[]): Schema => ({
  outer: new Map(outer),
  isNullable: isNullable && !variants.some(({ type }) => type === undefined),
  variants,
});

const isNull = ({ type }: Variant) => type === 'null';

/** `allOf` as one schema; it is kept beside that, as it is, where its parts contradict each other. */
function joinParts(document: OpenApiDocument, resolved: Resolved): Resolved {
  const { allOf, ...own } = resolved.node;
  if (!Array.isArray(allOf)) return resolved;
  const parts = allOf.map((part) => joinParts(document, document.resolve(part, resolved.followed)));
  const all = [...parts.map(({ node }) => node), own];
  for (const { properties } of all) document.spend(membersOf(properties).length);
  const component = resolved.component ?? (parts.length === 1 ? parts[0]?.component : undefined);
  const followed = [...new Set([resolved, ...parts].flatMap((part) => part.followed))];
  const joined = { node: all.reduce(joinNodes), component, followed };
  const isContradiction = all.some((part) =>
    Object.entries(part).some(([name, value]) => !LISTS.has(name) && !isSameJson(joined.node[name], value)),
  );
  // With one part, what is beside it takes precedence, as beside a reference.
  return isContradiction && parts.length > 1 ? { ...joined, node: { ...joined.node, allOf } } : joined;
}
const LISTS = new Set(['properties', 'required']);

/** Parts that refer to one component have its very values: writing a large one again and again would take its time. */
const isSameJson = (one: unknown, other: unknown) => one === other || toSortedJson(one) === toSortedJson(other);

function joinNodes(first: Node, second: Node): Node {
  const properties = [...membersOf(first.properties), ...membersOf(second.properties)];
  const required = [first.required, second.required].flatMap((names) => (Array.isArray(names) ? names : []));
  return { ...first, ...second, properties: Object.fromEntries(properties), required };
}

function toVariant(document: OpenApiDocument, node: Node, component: string | undefined) {
  const { type, enum: list, const: only, properties, required, items, additionalProperties, ...rest } = node;
  const values = only !== undefined ? [only] : Array.isArray(list) ? list : undefined;
  const others = values?.filter((value) => value !== null);
  const names = Array.isArray(required) ? required.filter((name) => typeof name === 'string') : [];
  document.spend(names.length);
  const variant: Variant = {
    type: typeof type === 'string' ? type : findType(node, values),
    component,
    values: others,
    properties: new Map([...names.map((name): [string, unknown] => [name, ANY]), ...membersOf(properties)]),
    required: new Set(names),
    items,
    others: additionalProperties,
    keywords: new Map(Object.entries(toKeywords(rest))),
  };
  return { variant, isNullable: others?.length !== values?.length && type === undefined };
}

/** The type that a schema has without a word about it. */
function findType(
  { properties, items, additionalProperties }: Node,
  values: unknown[] | undefined,
): string | undefined {
  if (properties !== undefined && membersOf(properties).length > 0) return 'object';
  if (isNode(additionalProperties)) return 'object';
  if (items !== undefined) return 'array';
  const types = new Set(values?.map((value) => (value === null ? 'null' : typeof value)));
  if (types.size > 1) types.delete('null');
  const [type] = types;
  return types.size === 1 ? type : undefined;
}

/** In OpenAPI 3.0 an exclusive bound is a bound and a word that it is exclusive. */
function toKeywords(rest: Node): Node {
  const entries = Object.entries(keywordsOf(rest)).flatMap(([name, value]): [string, unknown][] => {
    if (name === 'exclusiveMinimum' || name === 'exclusiveMaximum') {
      const bound = rest[toBound(name)];
      return value === true && bound !== undefined ? [[name, bound]] : value === false ? [] : [[name, value]];
    }
    const exclusive = name === 'minimum' ? 'exclusiveMinimum' : name === 'maximum' ? 'exclusiveMaximum' : '';
    return rest[exclusive] === true ? [] : [[name, value]];
  });
  return Object.fromEntries(entries);
}
const toBound = (name: string) => name.slice('exclusive'.length).toLowerCase();
