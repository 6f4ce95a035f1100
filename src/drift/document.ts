/** An object of a document: members by their names. */
export type Node = Record<string, unknown>;

/** The path that this mock serves, and its methods. */
export const ORGANIZATIONS = '/v1/organizations';
export const SERVED = ['get', 'patch'];

/** A document cannot be compared. The message goes on after its name: `is not an OpenAPI document: …`. */
export class DocumentError extends Error {
  override name = 'DocumentError';
}

/** The most references that lead from one to the next, and the most steps that reading may take. */
const MAX_REFERENCES = 50;
const MAX_STEPS = 50_000;

/** What tells only people and tools something, and what is reached by references alone. */
const ANNOTATIONS = new Set([
  ...['description', 'summary', 'title', 'examples', 'example', 'externalDocs', 'tags', 'xml', 'discriminator'],
  ...['$comment', '$schema', '$id', '$anchor', '$defs', 'definitions'],
]);

export const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The own members of an object; none of anything else. A document may have a member `__proto__` or `constructor`. */
export const membersOf = (node: unknown): [name: string, value: unknown][] =>
  isNode(node) ? Object.entries(node) : [];
export const memberOf = (node: unknown, name: string): unknown =>
  isNode(node) && Object.hasOwn(node, name) ? node[name] : undefined;

/** The members that mean something to a program. */
export const keywordsOf = (node: Node): Node =>
  Object.fromEntries(
    Object.entries(node).filter(([name, value]) => !ANNOTATIONS.has(name) && !/^x-/i.test(name) && value !== undefined),
  );

/** A node without its references, and the name of the component that it is, if it is one. */
export interface Resolved {
  node: Node;
  component: string | undefined;
  /** The references that led to it. */
  followed: readonly string[];
}

/** A parsed document, whose references can be followed. */
export class OpenApiDocument {
  readonly root: Node;
  private steps = 0;

  constructor(root: Node) {
    this.root = root;
  }

  /** @throws {DocumentError} where reading goes on and on: a few components may repeat each other billions of times */
  spend(steps = 1): void {
    this.steps += steps;
    if (this.steps > MAX_STEPS)
      throw new DocumentError('expands to too much: its components repeat each other too often');
  }

  /**
   * What a node is when its reference is followed; what is written beside a reference takes precedence.
   * @throws {DocumentError} where it leads nowhere, out of the document, or in a circle
   */
  resolve(value: unknown, followed: readonly string[] = []): Resolved {
    this.spend();
    const { $ref, ...own } = keywordsOf(isNode(value) ? value : {});
    if (typeof $ref !== 'string') return { node: own, component: undefined, followed };
    if (followed.includes($ref)) throw new DocumentError(`has a component that consists of itself: ${$ref}`);
    if (followed.length >= MAX_REFERENCES) {
      throw new DocumentError(`has more than ${MAX_REFERENCES} references in a row, the last of them ${$ref}`);
    }
    const { node, component, ...rest } = this.resolve(this.follow($ref), [...followed, $ref]);
    return { node: { ...node, ...own }, component: component ?? toPath($ref).at(-1), ...rest };
  }

  /** @throws {DocumentError} */
  follow(ref: string): unknown {
    if (!ref.startsWith('#')) {
      const advice = 'bundle it into one document first, for example with `npx @redocly/cli bundle`';
      throw new DocumentError(`refers to another document, ${ref}: ${advice}`);
    }
    const target = toPath(ref).reduce<unknown>((found, name) => {
      if (Array.isArray(found)) return /^\d+$/.test(name) ? found[Number(name)] : undefined;
      return memberOf(found, name);
    }, this.root);
    if (target === undefined) throw new DocumentError(`has a reference that leads nowhere, ${ref}: is the file whole?`);
    return target;
  }
}

/** The names on the way of a reference. */
function toPath(ref: string): string[] {
  const [first, ...names] = ref.slice(1).split('/');
  // An anchor such as `#name` is no path.
  return [...(first ? [ref] : []), ...names].map((name) => decode(name).replaceAll('~1', '/').replaceAll('~0', '~'));
}

function decode(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** A text that two values share only if they are the same but for the order of members. */
export const toSortedJson = (value: unknown): string =>
  JSON.stringify(value, (_name, inner) =>
    isNode(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  ) ?? '';
