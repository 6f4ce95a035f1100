import { decodeString, JsonDepthError, JsonScanner, JsonSyntaxError } from '../pydantic/json-scanner.ts';
import {
  checkJsonLength,
  JSON_MEMBERS,
  JsonText,
  MAX_JSON_DEPTH,
  type SeedSource,
  SeedSyntaxError,
  TOO_DEEP,
} from './source.ts';

/**
 * Reads JSON (RFC 8259). A duplicate name is an error at any depth.
 * @param readItem what becomes of an item of one of the outermost lists
 * @throws {SeedSyntaxError}
 */
export function readJsonSeed(text: string, readItem: ReadItem = (_list, item) => item): SeedSource {
  const reader = new JsonReader(text, readItem);
  try {
    const content = reader.read();
    return { content, locate: (path) => reader.locate(path) };
  } catch (error) {
    if (error instanceof JsonDepthError) throw new SeedSyntaxError(reader.at, TOO_DEEP);
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw new SeedSyntaxError(error.offset, `not JSON: ${toAdvice(text, error)}`);
  }
}

type ReadItem = (list: string, item: unknown) => unknown;

class JsonReader extends JsonScanner {
  private readonly readItem: ReadItem;
  protected override readonly literals = ['null', 'true', 'false'];
  /** More than a seed needs that is a part of a body. */
  protected override readonly maxDepth = MAX_JSON_DEPTH + 10;
  /** Offsets of the items of the outermost lists, so that `locate` need not search for them. */
  private readonly items = new Map<string, number[]>();

  constructor(text: string, readItem: ReadItem) {
    super(text);
    this.readItem = readItem;
  }

  read(): unknown {
    this.skipWhitespace();
    const value = this.readValue('', 0);
    this.skipWhitespace();
    if (this.at !== this.text.length) throw new JsonSyntaxError('Extra data', this.at);
    return value;
  }

  private readValue(name: string, level: number): unknown {
    const { text, at: start } = this;
    const char = text[start];
    if (char === '{' || char === '[') {
      if (JSON_MEMBERS.has(name)) return this.readText();
      return char === '{' ? this.readObject(level) : this.readArray(name, level);
    }
    this.scanValue();
    // JSON.parse returns a copy: a slice would keep the whole text in memory.
    return JSON.parse(text.slice(start, this.at));
  }

  private readObject(level: number): Record<string, unknown> {
    const value: Record<string, unknown> = {};
    this.scanObject((nameAt, nameEnd) => {
      const name = this.readName(nameAt, nameEnd);
      if (Object.hasOwn(value, name)) this.onDuplicate(nameAt, JSON.stringify(name));
      const read = this.readValue(name, level + 1);
      if (name === '__proto__') Object.defineProperty(value, name, { value: read, enumerable: true });
      else value[name] = read;
    });
    return value;
  }

  private readArray(name: string, level: number): unknown[] {
    const values: unknown[] = [];
    const starts: number[] = [];
    this.scanArray(() => {
      starts.push(this.at);
      const value = this.readValue('', level + 1);
      values.push(level === 1 ? this.readItem(name, value) : value);
    });
    if (level === 1) this.items.set(name, starts);
    return values;
  }

  private readText(): JsonText {
    const { at: start, depth } = this;
    // However deep the seed itself is.
    this.depth = this.maxDepth - MAX_JSON_DEPTH;
    const compact = this.compactValue();
    this.depth = depth;
    checkJsonLength(compact.length, start);
    return new JsonText(compact);
  }

  private readName(start: number, end: number): string {
    return decodeString(this.text.slice(start, end));
  }

  protected override onDuplicate(nameAt: number, name: string): never {
    throw new SeedSyntaxError(nameAt, `${JSON.parse(name)} appears twice`);
  }

  /** The offset of the member, or else of the nearest one around it. The text must have been read before. */
  locate(path: readonly PropertyKey[]): number {
    const [list, index, ...rest] = path;
    const start = typeof index === 'number' ? this.items.get(String(list))?.[index] : undefined;
    this.at = start ?? 0;
    this.skipWhitespace();
    return this.locateFrom(start === undefined ? path : rest);
  }

  private locateFrom([part, ...rest]: readonly PropertyKey[]): number {
    const start = this.at;
    let found: { shown: number; value: number } | undefined;
    const find = (member: PropertyKey, shown: number) => {
      if (member === part) found = { shown, value: this.at };
      this.scanValue();
    };
    if (typeof part === 'string' && this.text[start] === '{') {
      this.scanObject((nameAt, nameEnd) => find(this.readName(nameAt, nameEnd), nameAt));
    } else if (typeof part === 'number' && this.text[start] === '[') {
      let index = 0;
      this.scanArray(() => find(index++, this.at));
    }
    if (found === undefined) return start;
    if (rest.length === 0) return found.shown;
    this.at = found.value;
    const inner = this.locateFrom(rest);
    return inner === found.value ? found.shown : inner;
  }
}

/** What to do about a syntax error, by the characters at its place. */
function toAdvice(text: string, { offset, message }: JsonSyntaxError): string {
  const char = text.charAt(offset);
  const before = text.slice(0, offset).trimEnd().at(-1);
  if (/^(?:\/[/*]|#)/.test(text.slice(offset, offset + 2))) {
    return 'JSON has no comments: remove it, or write the seed in YAML';
  }
  if (before === ',' && (char === '}' || char === ']')) return `a comma before ${char} is not allowed: remove it`;
  const word = /^-?(?:NaN|Infinity)/.exec(text.slice(offset, offset + 9));
  if (word !== null) return `JSON has no ${word[0]}`;
  if (char === "'") return 'JSON needs double quotes';
  if (char === '') return 'the text ends too early';
  return ADVICE[message] ?? message;
}

/** By the message of the scanner, which is Python's. */
const ADVICE: Record<string, string> = {
  "Expecting ',' delimiter": 'a comma or a closing bracket is missing before this',
  "Expecting ':' delimiter": 'a colon is missing before this',
  'Expecting property name enclosed in double quotes': 'expected the name of a member in double quotes',
  'Expecting value': 'expected a value: text needs double quotes, a number begins with a digit or a minus',
  'Extra data': 'the JSON ends before this',
  'Unterminated string starting at': 'the closing quote of this text is missing',
  'Invalid control character at': 'text cannot contain a line break or control character: write \\n or \\u',
  'Invalid \\escape': 'unknown escape: write \\\\ for a backslash',
  'Invalid \\uXXXX escape': '\\u needs four hex digits',
};
