import { findNearestName } from '../domain/nearest-name.ts';
import {
  DocumentError,
  isNode,
  keywordsOf,
  memberOf,
  membersOf,
  type Node,
  OpenApiDocument,
  ORGANIZATIONS,
  SERVED,
} from './document.ts';
import { shorten } from './words.ts';

/** The most levels between two references: readers of schemas go down by recursion. */
const MAX_DEPTH = 200;

/** Members in which every name is a name, `description` and `$ref` too. */
const NAME_MAPS = new Set(['properties', 'patternProperties', 'dependentSchemas', 'responses', 'headers', 'content']);
/** Members that are values, not schemas. */
const VALUES = new Set(['default', 'enum', 'const']);
/** What nobody compares. */
const UNREAD = new Set(['callbacks', 'links', 'encoding', 'security', 'servers']);

/**
 * Checks that a parsed text is an OpenAPI document that has our path, and that all that our operations refer to is in it.
 * @throws {DocumentError} with what is wrong
 */
export function toOpenApiDocument(value: unknown): Node {
  if (!isNode(value)) throw new DocumentError('is not an OpenAPI document: expected an object with openapi and paths');
  const version = memberOf(value, 'openapi');
  if (memberOf(value, 'swagger') !== undefined) {
    throw new DocumentError('is a Swagger 2.0 document: convert it to OpenAPI 3 first');
  }
  // YAML has 3.1 as a number.
  if (!/^3\b/.test(String(version))) {
    throw new DocumentError('is not an OpenAPI 3 document: its member openapi does not begin with 3');
  }
  const document = new OpenApiDocument(value);
  const path = memberOf(document.root.paths, ORGANIZATIONS);
  if (!isNode(path)) throw new DocumentError(`has no path ${ORGANIZATIONS}${toAdvice(value)}`);
  const { node } = document.resolve(path);
  const operations = [node.parameters, ...SERVED.map((method) => memberOf(node, method))];
  checkReachable(document, operations);
  return value;
}

/** A path that has another name may be ours: but whether it is, a person has to see. */
function toAdvice({ paths }: Node): string {
  const names = membersOf(paths).map(([name]) => name);
  const nearest = findNearestName(ORGANIZATIONS, names);
  if (nearest !== undefined) return `, but ${nearest}: was it renamed? This mock serves the former path`;
  return `: is it the document of Mixpeek's API? ${names.length === 0 ? 'It has no paths' : `It has ${shorten(names.join(', '))}`}`;
}

type Kind = 'schema' | 'names' | 'value';

/** Follows every reference from the operations on, each once. */
function checkReachable(document: OpenApiDocument, operations: readonly unknown[]): void {
  const seen = new Set<unknown>();
  let level = operations.map((value): [unknown, Kind, number] => [value, 'schema', 0]);
  while (level.length > 0) {
    const next: typeof level = [];
    for (const [value, kind, depth] of level) {
      if (typeof value !== 'object' || value === null || seen.has(value)) continue;
      seen.add(value);
      if (depth > MAX_DEPTH) throw new DocumentError(`is nested deeper than ${MAX_DEPTH} levels`);
      for (const child of toChildren(value, kind)) next.push([...child, depth + 1]);
      const ref = kind === 'schema' ? memberOf(value, '$ref') : undefined;
      if (typeof ref === 'string') next.push([document.follow(ref), 'schema', 0]);
    }
    level = next;
  }
}

function toChildren(value: object, kind: Kind): [unknown, Kind][] {
  if (Array.isArray(value)) return value.map((item) => [item, kind]);
  if (kind === 'names') return Object.values(value).map((item) => [item, 'schema']);
  if (kind === 'value') return Object.values(value).map((item) => [item, 'value']);
  return Object.entries(keywordsOf(value as Node)).flatMap(([name, item]): [unknown, Kind][] => {
    if (UNREAD.has(name)) return [];
    return [[item, VALUES.has(name) ? 'value' : NAME_MAPS.has(name) ? 'names' : 'schema']];
  });
}
