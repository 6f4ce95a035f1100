import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import {
  checkJsonLength,
  JSON_MEMBERS,
  JsonText,
  MAX_JSON_DEPTH,
  type SeedSource,
  SeedSyntaxError,
  TOO_DEEP,
} from './source.ts';
import { composeYaml, resolveAliases } from './yaml-composer.ts';
import { checkTag, offsetOf, readName, readScalar, scalarToJson, stringToJson } from './yaml-scalar.ts';

/** The most levels of a file: more than metadata and the objects around it need. */
const MAX_DEPTH = MAX_JSON_DEPTH + 10;
/** The most characters that all aliases may expand to, and the extra characters that each value counts for. */
const MAX_REPEATED = 32 * 1024 * 1024;
const NODE_LENGTH = 64;

/**
 * Reads YAML 1.2. What YAML 1.1 reads differently, or JSON cannot express, is an error that says what to write.
 * @throws {SeedSyntaxError}
 */
export function readYamlSeed(text: string): SeedSource {
  const nul = text.indexOf('\0');
  if (nul !== -1) throw new SeedSyntaxError(nul, 'a NUL character is not allowed: save the file as text in UTF-8');
  const doc = parseYaml(text);
  return { content: new YamlReader(doc, text).read(), locate: (path) => findOffset(doc, path) };
}

function parseYaml(text: string): Document {
  const [doc, second] = composeYaml(text, { maxDepth: MAX_DEPTH, intAsBigInt: true }, (offset) => {
    throw new SeedSyntaxError(offset, TOO_DEEP);
  });
  if (doc === undefined) throw new Error('a composer that is forced makes a document');
  const [error] = doc.errors;
  if (error !== undefined) throw new SeedSyntaxError(error.pos[0], `not YAML: ${error.message}`);
  if (second !== undefined) {
    throw new SeedSyntaxError(second.range[0], 'a second document begins here, a seed has one: remove the line ---');
  }
  const { explicit, version } = doc.directives?.yaml ?? {};
  if (explicit && version !== '1.2') {
    throw new SeedSyntaxError(text.indexOf('%YAML'), `a seed is read as YAML 1.2: remove the line %YAML ${version}`);
  }
  const [warning] = doc.warnings;
  if (warning === undefined) return doc;
  const isDirective = warning.code === 'BAD_DIRECTIVE';
  const advice = isDirective ? 'remove the line' : 'remove the tag, or put quotes around a text that starts with !';
  throw new SeedSyntaxError(warning.pos[0], `${warning.message}: ${advice}`);
}

/** Converts a parsed document to plain values, except for {@link JSON_MEMBERS}. */
class YamlReader {
  private readonly doc: Document;
  private readonly text: string;
  private targets: Map<Alias, Node | undefined> | undefined;
  /** The outermost alias that is being expanded, and the characters that all of them took so far. */
  private alias: Alias | undefined;
  private repeated = 0;

  constructor(doc: Document, text: string) {
    this.doc = doc;
    this.text = text;
  }

  read(): unknown {
    return this.toValue(this.doc.contents);
  }

  private toValue(node: unknown): unknown {
    if (isAlias(node)) return this.follow(node, (target) => this.toValue(target));
    if (isMap(node)) {
      const value: Record<string, unknown> = {};
      for (const [name, member] of this.readMembers(node)) {
        const read = JSON_MEMBERS.has(name) ? this.toTextOrValue(member) : this.toValue(member);
        Object.defineProperty(value, name, { value: read, enumerable: true });
      }
      return value;
    }
    this.count(node);
    if (isSeq(node)) return node.items.map((item) => this.toValue(item));
    return isScalar(node) ? readScalar(node, this.text) : null;
  }

  private toTextOrValue(node: unknown): unknown {
    if (isAlias(node)) return this.follow(node, (target) => this.toTextOrValue(target));
    if (!isMap(node) && !isSeq(node)) return this.toValue(node);
    const parts: string[] = [];
    let length = 0;
    this.writeJson(node, 1, (part) => {
      length += part.length;
      checkJsonLength(length, offsetOf(node));
      parts.push(part);
    });
    return new JsonText(parts.join(''));
  }

  private writeJson(node: unknown, depth: number, write: (part: string) => void): void {
    if (isAlias(node)) {
      this.follow(node, (target) => this.writeJson(target, depth, write));
    } else if (isMap(node) || isSeq(node)) {
      this.writeCollection(node, depth, write);
    } else {
      const json = isScalar(node) ? scalarToJson(node, this.text) : 'null';
      this.count(node, json.length);
      write(json);
    }
  }

  private writeCollection(node: YAMLMap | YAMLSeq, depth: number, write: (part: string) => void): void {
    if (depth > MAX_JSON_DEPTH) throw new SeedSyntaxError(offsetOf(node), TOO_DEEP);
    const [open, close] = isMap(node) ? '{}' : '[]';
    write(String(open));
    for (const [index, [name, item, key]] of (isMap(node) ? this.readMembers(node) : this.readItems(node)).entries()) {
      write(`${index === 0 ? '' : ','}${name === undefined ? '' : `${stringToJson(key, name, this.text)}:`}`);
      this.writeJson(item, depth + 1, write);
    }
    write(String(close));
  }

  private readItems(list: YAMLSeq): [name: undefined, item: unknown, key?: undefined][] {
    this.count(list);
    return list.items.map((item) => [undefined, item]);
  }

  /** The members of a map, and the node of each name. 1 and "1" are two names in YAML, but one in JSON. */
  private readMembers(map: YAMLMap): [name: string, value: unknown, key: unknown][] {
    this.count(map);
    const names = new Set<string>();
    return map.items.map(({ key, value }) => {
      const name = readName(key);
      if (names.has(name)) throw new SeedSyntaxError(offsetOf(key), `${name} appears twice`);
      names.add(name);
      if (value === null) {
        const advice = 'write a colon and a space between name and value';
        throw new SeedSyntaxError(offsetOf(key), `${name} is a name without a value: ${advice}`);
      }
      this.count(key, name.length);
      return [name, value, key];
    });
  }

  private follow<T>(alias: Alias, read: (target: Node) => T): T {
    this.targets ??= resolveAliases(this.doc);
    const target = this.targets.get(alias);
    const offset = offsetOf(alias);
    if (target === undefined) {
      const advice = 'put quotes around a text that starts with *';
      throw new SeedSyntaxError(offset, `there is no anchor &${alias.source}; ${advice}`);
    }
    if (offset > offsetOf(target) && offset < (target.range?.[1] ?? 0)) {
      throw new SeedSyntaxError(offset, `*${alias.source} is inside of what it repeats`);
    }
    const outer = this.alias;
    this.alias ??= alias;
    const value = read(target);
    this.alias = outer;
    return value;
  }

  private count(node: unknown, length = 0): void {
    if (node !== null) checkTag(node);
    if (this.alias === undefined) return;
    this.repeated += NODE_LENGTH + length;
    if (this.repeated <= MAX_REPEATED) return;
    const advice = 'repeat less, or write it in JSON';
    throw new SeedSyntaxError(offsetOf(this.alias), `the aliases up to here expand to too much: ${advice}`);
  }
}

function findOffset(doc: Document, path: readonly PropertyKey[]): number {
  let node: unknown = doc.contents;
  let offset = offsetOf(node);
  for (const part of path) {
    const key = isMap(node)
      ? node.items.find(({ key }) => isScalar(key) && String(key.source ?? key.value) === part)
      : undefined;
    if (key === undefined && !isSeq(node)) break;
    const next: unknown = isSeq(node) ? node.items[Number(part)] : key?.value;
    offset = offsetOf(isSeq(node) ? next : key?.key) || offset;
    node = next;
  }
  return offset;
}
