type Node = Record<string, unknown>;

/** What only tells people something. */
const ANNOTATIONS = ['description', 'summary', 'title', 'examples', 'example'];
/** Maps in which every name is a name, `description` too. */
const NAME_MAPS = ['properties', 'schemas', 'parameters', 'responses', '$defs'];
/** Written beside the alternatives, not inside one of them. */
const OUTER = [...ANNOTATIONS, 'default'];

/** A node of a document, and the document, which its references mean. */
interface Place {
  node: unknown;
  root: unknown;
}

/**
 * Where one OpenAPI document differs from another in structure: a line for each place, as `path: only published`,
 * `path: only here`, or `path: published X, here Y`. What means the same is no difference: another order, texts, what is
 * nullable by `anyOf`, by `oneOf` or by a list of types, and a component that is inlined or has another name.
 */
export function findDifferences(published: unknown, here: unknown): string[] {
  return compare({ node: published, root: published }, { node: here, root: here }, '', []);
}

/** @param followed pairs of references on the way here: a component may contain itself */
function compare(published: Place, here: Place, path: string, followed: string[]): string[] {
  const [left, right] = [published.node, here.node];
  if (Array.isArray(left) && Array.isArray(right)) {
    return compareLists(toKeys(left, published.root), toKeys(right, here.root), path);
  }
  if (isNode(left) && isNode(right)) return compareNodes(published, here, path, followed);
  if (JSON.stringify(left) === JSON.stringify(right)) return [];
  return [`${path}: published ${JSON.stringify(left)}, here ${JSON.stringify(right)}`];
}

function compareNodes(published: Place, here: Place, path: string, followed: string[]): string[] {
  const [there, ours] = [normalize(published.node as Node, path), normalize(here.node as Node, path)];
  const pair = `${there.$ref} ${ours.$ref}`;
  if (followed.includes(pair)) return [];
  // What has one name on both sides is compared once, where it is defined.
  const isShared = there.$ref === ours.$ref;
  const [left, right] = isShared ? [there, ours] : [resolve(there, published.root), resolve(ours, here.root)];
  const next = isShared ? followed : [...followed, pair];
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].flatMap((name) => {
    const place = path === '' ? name : `${path}.${name}`;
    // A component that only one side has by this name is compared wherever it is used.
    if (path === 'components.schemas' && !(name in left && name in right)) return [];
    if (!(name in right)) return [`${place}: only published`];
    if (!(name in left)) return [`${place}: only here`];
    return compare({ ...published, node: left[name] }, { ...here, node: right[name] }, place, next);
  });
}

/** Lists of names and of alternatives have no order that means anything. */
const compareLists = (left: string[], right: string[], path: string) => [
  ...left.filter((key) => !right.includes(key)).map((key) => `${path} ${key}: only published`),
  ...right.filter((key) => !left.includes(key)).map((key) => `${path} ${key}: only here`),
];

const toKeys = (list: unknown[], root: unknown) => list.map((node) => JSON.stringify(toWholeForm(node, root, '', [])));

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);

/** In a map of names every name is a name; a property may be called `properties` itself. */
const isNameMap = (path: string) =>
  path.split('.').reduce((isMap, segment) => !isMap && NAME_MAPS.includes(segment), false);

/** The one form of what can be written in several: no texts, `nullable` for what may be null, parameters by their names. */
function normalize(node: Node, path: string): Node {
  if (isNameMap(path)) return node;
  const entries = Object.entries(joinAlternatives(node))
    .filter(([name, value]) => !ANNOTATIONS.includes(name) && !(name === 'required' && value === false))
    .map(([name, value]) => [name, name === 'parameters' && Array.isArray(value) ? byName(value) : value]);
  return Object.fromEntries(entries);
}

/** A normalized node with what its reference means. */
function resolve({ $ref: ref, ...beside }: Node, root: unknown): Node {
  if (typeof ref !== 'string') return ref === undefined ? beside : { $ref: ref, ...beside };
  const target = ref
    .slice(2)
    .split('/')
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((found, name) => (isNode(found) ? found[name] : undefined), root);
  if (!isNode(target)) return { $ref: ref, ...beside };
  return { ...resolve(normalize(target, ''), root), ...beside };
}

/** `anyOf`, `oneOf` or a list of types with null and one thing more: that thing, and that it is nullable. */
function joinAlternatives(node: Node): Node {
  const { allOf, ...beside } = node;
  if (Array.isArray(allOf) && allOf.length === 1) return joinAlternatives({ ...beside, ...allOf[0] });
  const { type, anyOf, oneOf, ...rest } = node;
  const alternatives = (Array.isArray(type) ? type.map((name) => ({ type: name })) : (anyOf ?? oneOf ?? [])) as Node[];
  const others = alternatives.filter((one) => one.type !== 'null');
  const isNullable = others.length < alternatives.length;
  if (others.length === 1) return { ...rest, ...others[0], ...(isNullable && { nullable: true }) };
  if (Array.isArray(type)) return { ...spreadTypes(others, rest), ...(isNullable && { nullable: true }) };
  return isNullable ? { ...rest, anyOf: others, nullable: true } : node;
}

/** Several types as alternatives, each with what is said of them all. */
function spreadTypes(types: Node[], rest: Node): Node {
  const isOuter = ([name]: [string, unknown]) => OUTER.includes(name);
  const inner = Object.fromEntries(Object.entries(rest).filter((entry) => !isOuter(entry)));
  return {
    ...Object.fromEntries(Object.entries(rest).filter(isOuter)),
    anyOf: types.map((type) => ({ ...type, ...inner })),
  };
}

/** Parameters by where they stand and what they are called: their order means nothing. */
const byName = (parameters: unknown[]) =>
  Object.fromEntries(
    parameters.map((parameter) => {
      const { in: place, name, ...rest } = parameter as Node;
      return [place === undefined ? JSON.stringify(rest) : `${place} ${name}`, rest];
    }),
  );

/** The node with all that its references mean, in one order. */
function toWholeForm(node: unknown, root: unknown, path: string, followed: unknown[]): unknown {
  if (Array.isArray(node)) return node.map((item) => toWholeForm(item, root, '', followed));
  if (!isNode(node)) return node;
  const form = normalize(node, path);
  if (form.$ref !== undefined && followed.includes(form.$ref)) return form;
  const next = form.$ref === undefined ? followed : [...followed, form.$ref];
  return Object.fromEntries(
    Object.entries(resolve(form, root))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => [name, toWholeForm(value, root, `${path}.${name}`, next)]),
  );
}
