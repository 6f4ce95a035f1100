type Node = Record<string, unknown>;

/** What only tells people something, and where the same schema may be written in two ways. */
const ANNOTATIONS = ['description', 'summary', 'title', 'examples', 'example'];

/**
 * Where one OpenAPI document differs from another in structure: a line for each place, as `path: only published`,
 * `path: only here`, or `path: published X, here Y`. What is nullable may be written by `anyOf` or by a list of types.
 */
export function findDifferences(published: unknown, here: unknown, path = ''): string[] {
  if (Array.isArray(published) && Array.isArray(here)) return compareLists(published, here, path);
  if (!isNode(published) || !isNode(here)) {
    if (JSON.stringify(published) === JSON.stringify(here)) return [];
    return [`${path}: published ${JSON.stringify(published)}, here ${JSON.stringify(here)}`];
  }
  const [left, right] = [normalize(published), normalize(here)];
  const names = [...new Set([...Object.keys(left), ...Object.keys(right)])].filter((name) => !isAnnotation(name, path));
  return names.flatMap((name) => {
    const place = path === '' ? name : `${path}.${name}`;
    if (!(name in right)) return [`${place}: only published`];
    if (!(name in left)) return [`${place}: only here`];
    return findDifferences(left[name], right[name], place);
  });
}

/** Lists of names and of alternatives have no order that means anything. */
function compareLists(published: unknown[], here: unknown[], path: string): string[] {
  const toKeys = (list: unknown[]) =>
    list.map((item) => JSON.stringify(isNode(item) ? withoutAnnotations(item) : item));
  const [left, right] = [toKeys(published), toKeys(here)];
  return [
    ...left.filter((key) => !right.includes(key)).map((key) => `${path} ${key}: only published`),
    ...right.filter((key) => !left.includes(key)).map((key) => `${path} ${key}: only here`),
  ];
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);

/** In `properties` and `schemas` every name is a name, `description` too. */
const isAnnotation = (name: string, path: string) =>
  ANNOTATIONS.includes(name) && !/\b(properties|schemas)$/.test(path);

function normalize(node: Node): Node {
  if (!Array.isArray(node.type)) return node;
  const { type, ...rest } = node;
  const anyOf = (type as string[]).map((name) => (name === 'null' ? { type: name } : { type: name, ...rest }));
  return { anyOf };
}

function withoutAnnotations(node: Node): Node {
  const entries = Object.entries(normalize(node)).filter(([name]) => !ANNOTATIONS.includes(name));
  return Object.fromEntries(
    entries
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => [name, isNode(value) ? withoutAnnotations(value) : value]),
  );
}
