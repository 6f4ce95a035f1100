/**
 * JSON as it was sent. `JSON.parse` loses digits of 1234567890123456789, turns `1.10` into 1.1, moves the member "10" behind "2",
 * and obeys `__proto__`; what the page shows, compares and copies must not.
 */
export type JsonNode =
  | { kind: 'object'; members: JsonMember[] }
  | { kind: 'array'; items: JsonNode[] }
  | { kind: 'string' | 'number' | 'literal'; text: string };

export interface JsonMember {
  /** What its name means. */
  name: string;
  /** Its name as it was sent, with its quotes. */
  key: string;
  value: JsonNode;
}

export type JsonTokenKind = 'key' | 'string' | 'number' | 'literal' | 'punctuation';

/** A line of pretty-printed JSON. */
export interface JsonLine {
  /** Levels of indentation. */
  depth: number;
  /** Of the value on this line, as {@link toMemberPath} and {@link toItemPath} write it; empty for the outermost. */
  path: string;
  tokens: { kind: JsonTokenKind; text: string }[];
}

export interface JsonDifference {
  path: string;
  /** Compact JSON text; null where there was none. */
  before: string | null;
  after: string | null;
}

/** The most levels of what is parsed. What is written, compared and coloured calls itself once a level. */
const MAX_DEPTH = 2000;

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const LITERALS = ['null', 'true', 'false'];
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const [QUOTE, BACKSLASH, SPACE] = [0x22, 0x5c, 0x20];
const WHITESPACE = [0x20, 0x0a, 0x0d, 0x09];
/** Names that would make a path ambiguous. */
const UNPLAIN = /^$|[.[\]"]/;

/** Undefined where the text is not JSON, or nested deeper than 2,000 levels. */
export const parseJson = (text: string): JsonNode | undefined => new Parser(text).parse();

type Container = Extract<JsonNode, { kind: 'object' | 'array' }>;

/** It keeps what is open on a stack of its own: a body of 100,000 brackets must not overflow that of the program. */
class Parser {
  private readonly text: string;
  private at = 0;
  private readonly open: Container[] = [];
  /** The names whose values are awaited: one for each object that is open. */
  private readonly names: { name: string; key: string }[] = [];

  constructor(text: string) {
    this.text = text;
  }

  parse(): JsonNode | undefined {
    for (;;) {
      this.skipWhitespace();
      let value = this.readStart();
      if (value === 'opened') continue;
      // What has ended may end what is around it.
      while (value !== undefined) {
        this.skipWhitespace();
        const parent = this.open.at(-1);
        if (parent === undefined) return this.at === this.text.length ? value : undefined;
        this.add(parent, value);
        if (this.take(',')) {
          if (parent.kind === 'object' && !this.readName()) return undefined;
          break;
        }
        value = this.take(parent.kind === 'object' ? '}' : ']') ? this.open.pop() : undefined;
      }
      if (value === undefined) return undefined;
    }
  }

  /** Reads a whole value, or the beginning of an object or array that is not empty; undefined where there is neither. */
  private readStart(): JsonNode | 'opened' | undefined {
    const isObject = this.take('{');
    if (!isObject && !this.take('[')) return this.readScalar();
    if (this.open.length === MAX_DEPTH) return undefined;
    const container: Container = isObject ? { kind: 'object', members: [] } : { kind: 'array', items: [] };
    this.skipWhitespace();
    if (this.take(isObject ? '}' : ']')) return container;
    if (isObject && !this.readName()) return undefined;
    this.open.push(container);
    return 'opened';
  }

  private add(parent: Container, value: JsonNode): void {
    if (parent.kind === 'array') parent.items.push(value);
    else parent.members.push({ ...(this.names.pop() ?? { name: '', key: '""' }), value });
  }

  private readName(): boolean {
    this.skipWhitespace();
    const key = this.readString();
    if (key === undefined) return false;
    this.names.push({ name: decodeString(key), key });
    this.skipWhitespace();
    return this.take(':');
  }

  private readScalar(): JsonNode | undefined {
    const string = this.readString();
    if (string !== undefined) return { kind: 'string', text: string };
    const literal = LITERALS.find((word) => this.text.startsWith(word, this.at));
    const text = literal ?? this.match(NUMBER);
    if (text === undefined) return undefined;
    this.at += text.length;
    return { kind: literal === undefined ? 'number' : 'literal', text };
  }

  /** With its quotes. A loop, because an expression that repeats alternatives overflows on a string of megabytes. */
  private readString(): string | undefined {
    const { text, at: start } = this;
    if (!this.take('"')) return undefined;
    for (;;) {
      const code = text.charCodeAt(this.at);
      // Also false for NaN, behind the end.
      if (!(code >= SPACE)) return undefined;
      const length = code === BACKSLASH ? this.match(ESCAPE)?.length : 1;
      if (length === undefined) return undefined;
      this.at += length;
      if (code === QUOTE) return text.slice(start, this.at);
    }
  }

  private match(expression: RegExp): string | undefined {
    expression.lastIndex = this.at;
    return expression.exec(this.text)?.[0];
  }

  private take(char: string): boolean {
    const isThere = this.text[this.at] === char;
    if (isThere) this.at++;
    return isThere;
  }

  private skipWhitespace(): void {
    while (WHITESPACE.includes(this.text.charCodeAt(this.at))) this.at++;
  }
}

/** What a JSON string with its quotes means. */
export const decodeString = (text: string): string => (text.includes('\\') ? JSON.parse(text) : text.slice(1, -1));

/** `metadata.plan`; a name with a dot, a bracket or a quote, or an empty one, is written `metadata["a.b"]`. */
export function toMemberPath(parent: string, name: string): string {
  if (UNPLAIN.test(name)) return `${parent}[${JSON.stringify(name)}]`;
  return parent === '' ? name : `${parent}.${name}`;
}

/** `users[0]` */
export const toItemPath = (parent: string, index: number): string => `${parent}[${index}]`;

/** The text without whitespace. */
export function toText(node: JsonNode): string {
  const parts: string[] = [];
  writeText(node, parts);
  return parts.join('');
}

function writeText(node: JsonNode, parts: string[]): void {
  if (node.kind === 'object') {
    parts.push('{');
    for (const [index, { key, value }] of node.members.entries()) {
      parts.push(index === 0 ? `${key}:` : `,${key}:`);
      writeText(value, parts);
    }
    parts.push('}');
  } else if (node.kind === 'array') {
    parts.push('[');
    for (const [index, item] of node.items.entries()) {
      if (index > 0) parts.push(',');
      writeText(item, parts);
    }
    parts.push(']');
  } else {
    parts.push(node.text);
  }
}

/** Its lines, as `JSON.stringify` with two spaces breaks them. */
export function toLines(node: JsonNode): JsonLine[] {
  const lines: JsonLine[] = [{ depth: 0, path: '', tokens: [] }];
  writeLines(node, 0, '', lines);
  return lines;
}

function writeLines(node: JsonNode, depth: number, path: string, lines: JsonLine[]): void {
  const add = (kind: JsonTokenKind, text: string) => lines.at(-1)?.tokens.push({ kind, text });
  if (node.kind !== 'object' && node.kind !== 'array') {
    add(node.kind, node.text);
    return;
  }
  const brackets = node.kind === 'object' ? '{}' : '[]';
  const parts = node.kind === 'object' ? node.members : node.items;
  add('punctuation', parts.length === 0 ? brackets : brackets.slice(0, 1));
  for (const [index, part] of parts.entries()) {
    const isMember = 'key' in part;
    const partPath = isMember ? toMemberPath(path, part.name) : toItemPath(path, index);
    lines.push({ depth: depth + 1, path: partPath, tokens: [] });
    if (isMember) {
      add('key', part.key);
      add('punctuation', ': ');
    }
    writeLines(isMember ? part.value : part, depth + 1, partPath, lines);
    if (index < parts.length - 1) add('punctuation', ',');
  }
  if (parts.length > 0) lines.push({ depth, path, tokens: [{ kind: 'punctuation', text: brackets.slice(1) }] });
}

/**
 * What differs, each at the deepest member; arrays are compared as a whole. Where a name is there twice the last one counts, as
 * everywhere. Undefined is a value that is not there.
 */
export function diffJson(before: JsonNode | undefined, after: JsonNode | undefined): JsonDifference[] {
  const found: JsonDifference[] = [];
  compare(before, after, '', found);
  return found;
}

function compare(
  before: JsonNode | undefined,
  after: JsonNode | undefined,
  path: string,
  found: JsonDifference[],
): void {
  if (before?.kind === 'object' && after?.kind === 'object') {
    const [old, current] = [toMap(before), toMap(after)];
    for (const name of new Set([...old.keys(), ...current.keys()])) {
      compare(old.get(name), current.get(name), toMemberPath(path, name), found);
    }
    return;
  }
  const [from, to] = [before && toText(before), after && toText(after)];
  if (from !== to) found.push({ path, before: from ?? null, after: to ?? null });
}

const toMap = ({ members }: { members: JsonMember[] }): Map<string, JsonNode> =>
  new Map(members.map(({ name, value }) => [name, value]));
