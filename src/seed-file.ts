import { isUtf8 } from 'node:buffer';
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import { buildSeed, type Seed, SeedContentError, toMember } from './seed.ts';
import { JsonText, readSeedContent } from './seed-schema.ts';
import { readBytes, SeedFileError } from './unread-seed.ts';

/** Members that are kept as JSON text, digits and order included. */
const JSON_MEMBERS = ['metadata', 'users'];
const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** What a JSON member may be written out to, in characters: as much as the API itself takes. Aliases repeat a node. */
const MAX_JSON_LENGTH = 1024 * 1024;

/**
 * Reads a seed from a YAML or JSON file (JSON is YAML).
 * @param now timestamp for organizations that name no `created_at`
 * @param bytes the content of the file, where it is known
 * @throws {SeedFileError} with a line for every problem
 */
export function readSeedFile(file: string, now: string, bytes: Buffer = readBytes(file)): Seed {
  const lines = new LineCounter();
  const fail = (offset: number, message: string) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}: ${message}`;
  };
  const doc = parseDocument(toText(file, bytes), { lineCounter: lines, intAsBigInt: true, prettyErrors: false });
  const [problem] = doc.errors;
  if (problem !== undefined) throw new SeedFileError(fail(problem.pos[0], problem.message));
  try {
    return buildSeed(readSeedContent(new SeedReader(doc).read()), file, now);
  } catch (error) {
    if (error instanceof UnreadableNode) throw new SeedFileError(fail(error.offset, error.message));
    if (!(error instanceof SeedContentError)) throw error;
    const located = error.issues.map(({ path, message }) =>
      fail(findOffset(doc, path), `${toMember(path)}: ${message}`),
    );
    throw new SeedFileError(located.join('\n'));
  }
}

function toText(file: string, bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new SeedFileError(`${file}: is not in UTF-8: save it in that encoding`);
  return bytes.toString('utf8');
}

class UnreadableNode extends Error {
  readonly offset: number;

  constructor(node: Node, message: string) {
    super(message);
    this.offset = node.range?.[0] ?? 0;
  }
}

/** Turns a parsed document into plain values, but for the members that are kept as text. */
class SeedReader {
  private readonly doc: Document;
  private readonly targets = new Map<Alias, Node>();
  private length = 0;

  constructor(doc: Document) {
    this.doc = doc;
  }

  read(): unknown {
    return this.toValue(this.doc.contents, 0);
  }

  private toValue(node: unknown, depth: number): unknown {
    const resolved = this.resolve(node, depth);
    if (isMap(resolved)) {
      const value: Record<string, unknown> = {};
      for (const { key, value: member } of uniqueItems(resolved)) {
        const name = nameOf(key);
        const isText = JSON_MEMBERS.includes(name) && this.isCollection(member, depth);
        const read = isText ? this.toText(member, depth + 1) : this.toValue(member, depth + 1);
        Object.defineProperty(value, name, { value: read, enumerable: true });
      }
      return value;
    }
    if (isSeq(resolved)) return resolved.items.map((item) => this.toValue(item, depth + 1));
    if (!isScalar(resolved)) return null;
    const value = plainValue(resolved);
    return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  private isCollection(node: unknown, depth: number): boolean {
    const resolved = this.resolve(node, depth);
    return isMap(resolved) || isSeq(resolved);
  }

  private toText(node: unknown, depth: number): JsonText {
    this.length = 0;
    return new JsonText(this.toJson(node, depth));
  }

  private toJson(node: unknown, depth: number): string {
    const resolved = this.resolve(node, depth);
    if (isMap(resolved)) {
      const members = uniqueItems(resolved).map(({ key, value }) => {
        const name = JSON.stringify(nameOf(key));
        return `${this.count(name, resolved)}:${this.toJson(value, depth + 1)}`;
      });
      return `{${members.join(',')}}`;
    }
    if (isSeq(resolved)) return `[${resolved.items.map((item) => this.toJson(item, depth + 1)).join(',')}]`;
    return isScalar(resolved) ? this.count(scalarToJson(resolved), resolved) : 'null';
  }

  private count(text: string, node: Node): string {
    this.length += text.length;
    if (this.length > MAX_JSON_LENGTH) throw new UnreadableNode(node, 'is too large');
    return text;
  }

  /** Each alias is looked for once: that takes a walk through the whole document. */
  private resolveAlias(alias: Alias): Node {
    const target = this.targets.get(alias) ?? alias.resolve(this.doc);
    if (target === undefined) {
      throw new UnreadableNode(
        alias,
        `there is no anchor &${alias.source}; put quotes around a text that starts with *`,
      );
    }
    this.targets.set(alias, target);
    return target;
  }

  private resolve(node: unknown, depth: number): Node | null {
    const resolved = isAlias(node) ? this.resolveAlias(node) : node;
    if (resolved && depth > 100) throw new UnreadableNode(resolved as Node, 'is nested more than 100 levels deep');
    return (resolved as Node | undefined) ?? null;
  }
}

/** The members of a map. YAML takes 1 and "1" for two names, JSON does not. */
function uniqueItems(map: YAMLMap): YAMLMap['items'] {
  const names = new Set<string>();
  for (const { key } of map.items) {
    const name = nameOf(key);
    if (names.has(name)) throw new UnreadableNode(key as Node, `${name} stands here twice`);
    names.add(name);
  }
  return map.items;
}

const nameOf = (key: unknown) => String(isScalar(key) ? (key.source ?? key.value) : key);

function plainValue(node: Scalar): unknown {
  const { value } = node;
  if (typeof value === 'object' && value !== null)
    throw new UnreadableNode(node, `JSON has no ${node.tag ?? 'such type'}`);
  return value ?? null;
}

function scalarToJson(node: Scalar): string {
  const { source } = node;
  const value = plainValue(node);
  if (typeof value !== 'number' && typeof value !== 'bigint') return JSON.stringify(value);
  if (source !== undefined && JSON_NUMBER.test(source)) return source;
  if (typeof value === 'number' && !Number.isFinite(value)) throw new UnreadableNode(node, `JSON has no ${source}`);
  return String(value);
}

/** Where the member stands, or else the nearest one around it. */
function findOffset(doc: Document, path: PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const parent = doc.getIn(path.slice(0, length - 1), true);
    const last = path[length - 1];
    if (isMap(parent)) {
      const pair = parent.items.find(({ key }) => nameOf(key) === last);
      const key = pair?.key as Node | undefined;
      if (key?.range) return key.range[0];
    }
    const node = doc.getIn(path.slice(0, length), true) as Node | undefined;
    if (node?.range) return node.range[0];
  }
  return doc.contents?.range?.[0] ?? 0;
}
